// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/packet/addresses.hpp"

namespace fourtuple::model::system {

/// An address and the length of its network's prefix.
struct interface_address {
  packet::ipv4_address address;
  unsigned prefix_length = 0;

  [[nodiscard]] constexpr std::uint32_t mask() const noexcept { return ~std::uint32_t{0} << (32 - prefix_length); }
  [[nodiscard]] constexpr bool contains(packet::ipv4_address other) const noexcept {
    return (other.value & mask()) == (address.value & mask());
  }
};

/// "10.0.0.1"; nothing if it is none.
[[nodiscard]] std::optional<packet::ipv4_address> parse_ipv4(std::string_view text);
/// "10.0.0.1/24", prefix length 1 to 30; nothing if no host can have that address.
[[nodiscard]] std::optional<interface_address> parse_interface(std::string_view text);
/// "198.18.0.0/15": a network, prefix length 1 to 32, of unicast addresses.
[[nodiscard]] std::optional<interface_address> parse_network(std::string_view text);
/// "02:00:00:00:00:01"; nothing if it is none, or that of a group.
[[nodiscard]] std::optional<packet::mac_address> parse_mac(std::string_view text);
/// 1 to 24 small letters, digits, _ and -, a letter first.
[[nodiscard]] bool is_name(std::string_view text);

[[nodiscard]] std::string to_text(packet::ipv4_address address);
[[nodiscard]] std::string to_text(packet::mac_address address);

}  // namespace fourtuple::model::system
