// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "host/base/byte_order.hpp"
#include "host/packet/addresses.hpp"

namespace fourtuple::packet {

/// EtherTypes as numbers (Linux: ETH_P_IP ...).
inline constexpr std::uint16_t eth_p_ip = 0x0800;
inline constexpr std::uint16_t eth_p_arp = 0x0806;
inline constexpr std::uint16_t eth_p_8021q = 0x8100;

/// An 802.1Q tag behind its EtherType.
struct vlan_tag {
  std::uint16_t vid = 0;  ///< 12 bits.
  std::uint8_t pcp = 0;   ///< Priority, 3 bits.
  bool dei = false;       ///< Drop eligible.
  friend constexpr bool operator==(const vlan_tag&, const vlan_tag&) = default;
};

/// The Ethernet header, with at most one 802.1Q tag.
struct ethernet_header {
  static constexpr std::size_t untagged_bytes = 14;
  static constexpr std::size_t tagged_bytes = 18;

  mac_address destination;
  mac_address source;
  std::optional<vlan_tag> vlan;
  std::uint16_t ether_type = 0;  ///< Of the payload: behind the tag, if there is one.

  [[nodiscard]] constexpr std::size_t bytes() const noexcept { return vlan ? tagged_bytes : untagged_bytes; }
  friend constexpr bool operator==(const ethernet_header&, const ethernet_header&) = default;
};

/// A parsed frame; payload is a view of what was parsed, padding included.
struct ethernet_frame {
  ethernet_header header;
  std::span<const std::byte> payload;
};

/// nullopt if the header is not complete.
[[nodiscard]] std::optional<ethernet_frame> parse_ethernet(std::span<const std::byte> frame) noexcept;

/// Writes the first header.bytes() of `out`.
void write_ethernet(std::span<std::byte> out, const ethernet_header& header) noexcept;

/// A MAC address at bytes[offset]; the six bytes must be there.
[[nodiscard]] inline mac_address load_mac(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  mac_address address;
  assert(offset + address.bytes.size() <= bytes.size());
  std::memcpy(address.bytes.data(), bytes.data() + offset, address.bytes.size());
  return address;
}
/// The six bytes at bytes[offset] are this address.
[[nodiscard]] inline bool is_mac(std::span<const std::byte> bytes, std::size_t offset,
                                 const mac_address& address) noexcept {
  static_assert(sizeof address.bytes == 6);
  assert(offset + sizeof address.bytes <= bytes.size());
  // As two words, in whatever order: each frame is asked.
  const auto words = [](const void* six) {
    std::pair<std::uint32_t, std::uint16_t> result;
    std::memcpy(&result.first, six, sizeof result.first);
    std::memcpy(&result.second, static_cast<const std::byte*>(six) + sizeof result.first, sizeof result.second);
    return result;
  };
  return words(bytes.data() + offset) == words(address.bytes.data());
}
inline void store_mac(std::span<std::byte> bytes, std::size_t offset, const mac_address& address) noexcept {
  assert(offset + address.bytes.size() <= bytes.size());
  std::memcpy(bytes.data() + offset, address.bytes.data(), address.bytes.size());
}

}  // namespace fourtuple::packet
