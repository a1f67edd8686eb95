// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/interface_flags.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <stdexcept>

namespace fourtuple::packetdrill {

namespace {

constexpr unsigned smallest_mtu = 68;  // RFC 791 3.2

[[noreturn]] void refuse(std::string_view flag) {
  throw std::invalid_argument("packetdrill flags: \"" + std::string(flag) + "\" is not understood");
}

unsigned read_number(std::string_view text, unsigned most, std::string_view flag) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) refuse(flag);
  return value;
}

packet::ipv4_address read_address(std::string_view text, std::string_view flag) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) refuse(flag);
  return packet::ipv4_address{ntohl(address.s_addr)};
}

void read_network(std::string_view text, packet::ipv4_address& address, unsigned& prefix, std::string_view flag) {
  const std::size_t slash = text.find('/');
  address = read_address(text.substr(0, slash), flag);
  if (slash != std::string_view::npos) prefix = read_number(text.substr(slash + 1), 32, flag);
}

nic_kind read_nic(std::string_view value, std::string_view flag) {
  if (value == "none") return nic_kind::none;
  if (value == "model") return nic_kind::model;
  if (value == "rtl") return nic_kind::rtl;
  refuse(flag);
}

void read_flag(interface_flags& flags, std::string_view flag) {
  const std::size_t equals = flag.find('=');
  if (equals == std::string_view::npos) refuse(flag);
  const std::string_view name = flag.substr(0, equals);
  const std::string_view value = flag.substr(equals + 1);
  if (name == "local") {
    read_network(value, flags.local, flags.local_prefix, flag);
  } else if (name == "gw") {
    flags.gateway = read_address(value, flag);
  } else if (name == "remote") {
    read_network(value, flags.remote, flags.remote_prefix, flag);
  } else if (name == "mtu") {
    flags.mtu = static_cast<std::uint16_t>(read_number(value, 65535, flag));
    if (flags.mtu < smallest_mtu) refuse(flag);
  } else if (name == "gro_mss") {
    flags.gro_mss = static_cast<std::uint16_t>(read_number(value, 65535, flag));
  } else if (name == "nic") {
    flags.nic = read_nic(value, flag);
  } else if (name == "sysctls") {
    flags.sysctls = value;
  } else {
    refuse(flag);
  }
}

}  // namespace

interface_flags parse_interface_flags(std::string_view text) {
  interface_flags flags;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view flag = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (!flag.empty()) read_flag(flags, flag);
  }
  return flags;
}

}  // namespace fourtuple::packetdrill
