// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/addresses.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "host/app/http_message.hpp"

namespace fourtuple::model::system {

namespace {

constexpr bool is_unicast(packet::ipv4_address address) noexcept {
  // RFC 1122 3.2.1.3: neither this network, nor loopback, multicast or what is reserved.
  const std::uint32_t first_octet = address.value >> 24;
  return first_octet != 0 && first_octet != 127 && first_octet < 224;
}

std::optional<interface_address> parse_prefixed(std::string_view text, unsigned most) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  const auto length = app::parse_number(text.substr(slash + 1));
  if (!address || !length || *length < 1 || *length > most || !is_unicast(*address)) return std::nullopt;
  return interface_address{*address, static_cast<unsigned>(*length)};
}

}  // namespace

std::optional<packet::ipv4_address> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return packet::ipv4_address{ntohl(address.s_addr)};
}

std::optional<interface_address> parse_interface(std::string_view text) {
  constexpr unsigned longest = 30;
  const auto parsed = parse_prefixed(text, longest);
  if (!parsed) return std::nullopt;
  // Neither the network itself nor its broadcast address is a host.
  const std::uint32_t host = parsed->address.value & ~parsed->mask();
  return host == 0 || host == ~parsed->mask() ? std::nullopt : parsed;
}

std::optional<interface_address> parse_network(std::string_view text) {
  const auto parsed = parse_prefixed(text, 32);
  return parsed && (parsed->address.value & ~parsed->mask()) == 0 ? parsed : std::nullopt;
}

std::optional<packet::mac_address> parse_mac(std::string_view text) {
  constexpr std::size_t length = 17;
  if (text.size() != length) return std::nullopt;
  packet::mac_address address;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const char* const first = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(first, first + 2, address.bytes[i], 16);
    if (error != std::errc() || end != first + 2 || (i != 5 && *end != ':')) return std::nullopt;
  }
  return address.is_group() ? std::nullopt : std::optional(address);
}

bool is_name(std::string_view text) {
  constexpr std::size_t longest = 24;
  const auto small_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= longest && small_letter(text[0]) && std::ranges::all_of(text, [&](char c) {
    return small_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string to_text(packet::ipv4_address address) {
  const std::uint32_t value = address.value;
  return fmt::format("{}.{}.{}.{}", value >> 24, value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff);
}

std::string to_text(packet::mac_address address) { return fmt::format("{:02x}", fmt::join(address.bytes, ":")); }

}  // namespace fourtuple::model::system
