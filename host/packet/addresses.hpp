// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace fourtuple::packet {

/// An Ethernet address, first byte on the wire first.
struct mac_address {
  std::array<std::uint8_t, 6> bytes{};

  [[nodiscard]] constexpr bool is_group() const noexcept { return (bytes[0] & 1U) != 0; }
  [[nodiscard]] constexpr bool is_broadcast() const noexcept { return *this == broadcast(); }
  static constexpr mac_address broadcast() noexcept { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  friend constexpr auto operator<=>(const mac_address&, const mac_address&) = default;
};

/// An IPv4 address as a number: 192.168.0.1 is 0xc0a80001. Everything above packet/ uses this type and no bytes.
struct ipv4_address {
  std::uint32_t value = 0;

  [[nodiscard]] constexpr bool is_any() const noexcept { return value == 0; }
  [[nodiscard]] constexpr bool is_broadcast() const noexcept { return value == 0xffffffff; }
  [[nodiscard]] constexpr bool is_multicast() const noexcept { return (value >> 28) == 0xe; }
  [[nodiscard]] constexpr bool is_loopback() const noexcept { return (value >> 24) == 127; }
  static constexpr ipv4_address loopback() noexcept { return {0x7f000001}; }

  /// The four bytes in network order, read as a little-endian number: how the address enters the hash of the
  /// connection tables (Linux on a little-endian machine: a __be32 as it lies in memory).
  [[nodiscard]] constexpr std::uint32_t network_order_little_endian() const noexcept {
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
  }
  friend constexpr auto operator<=>(const ipv4_address&, const ipv4_address&) = default;
};

/// Names one connection, seen from this host. Ports are numbers.
struct connection_tuple {
  ipv4_address local;
  ipv4_address foreign;
  std::uint16_t local_port = 0;
  std::uint16_t foreign_port = 0;
  friend constexpr auto operator<=>(const connection_tuple&, const connection_tuple&) = default;
};

}  // namespace fourtuple::packet
