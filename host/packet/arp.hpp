// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "host/packet/addresses.hpp"

namespace fourtuple::packet {

/// ar$op (RFC 826). Other values may be parsed.
enum class arp_op : std::uint16_t { request = 1, reply = 2 };

/// ARP for IPv4 over Ethernet (RFC 826).
struct arp_packet {
  static constexpr std::size_t bytes = 28;

  arp_op op = arp_op::request;
  mac_address sender_mac;
  ipv4_address sender_ip;
  mac_address target_mac;  ///< Without meaning in a request.
  ipv4_address target_ip;
  friend constexpr bool operator==(const arp_packet&, const arp_packet&) = default;
};

/// `payload` is what is behind the Ethernet header; more bytes than ARP's are padding. nullopt if it is too short, or
/// for other hardware or protocols than Ethernet and IPv4.
[[nodiscard]] std::optional<arp_packet> parse_arp(std::span<const std::byte> payload) noexcept;

/// Writes the first arp_packet::bytes of `out`.
void write_arp(std::span<std::byte> out, const arp_packet& packet) noexcept;

}  // namespace fourtuple::packet
