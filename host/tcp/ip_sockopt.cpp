// SPDX-License-Identifier: Apache-2.0
// Level SOL_IP (ip(7)).
#include <netinet/in.h>

#include <cerrno>
#include <cstdint>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_sockopt.hpp"

namespace fourtuple::tcp {
namespace {

constexpr int ecn_mask = 3;  // RFC 3168 section 5: TCP's, not the application's.
constexpr int default_ttl = 64;

/// These may be given as an int or as a single byte (Linux: ip_setsockopt).
std::optional<int> read_number(std::span<const std::byte> value) noexcept {
  if (value.empty()) return 0;
  if (value.size() < sizeof(int)) return std::to_integer<int>(value.front());
  return read_option<int>(value);
}

int in_range(std::uint8_t& to, int value, int least, int most) noexcept {
  if (value < least || value > most) return -EINVAL;
  to = static_cast<std::uint8_t>(value);
  return 0;
}

}  // namespace

int ip_setsockopt(tcp_sock& tp, int name, std::span<const std::byte> value) {
  const auto number = read_number(value);
  if (!number) return -EINVAL;
  tp.sk_dst.flow = 0;  // The headers that it sends from now on may be others.
  switch (name) {
    case IP_TOS:
      tp.tos = static_cast<std::uint8_t>((*number & 0xff & ~ecn_mask) | (tp.tos & ecn_mask));
      return 0;
    case IP_TTL:
      if (value.empty()) return -EINVAL;
      return in_range(tp.uc_ttl, *number == -1 ? default_ttl : *number, 1, 255);
    case IP_MTU_DISCOVER:
      if (*number < IP_PMTUDISC_DONT || *number > IP_PMTUDISC_OMIT) return -EINVAL;
      tp.pmtudisc = static_cast<std::uint8_t>(*number & 7);
      return 0;
    case IP_RECVERR:
      tp.recverr = *number != 0;
      return 0;
    case IP_MINTTL:
      if (value.empty()) return -EINVAL;
      return in_range(tp.min_ttl, *number, 0, 255);
    default:
      return -ENOPROTOOPT;
  }
}

int ip_getsockopt(tcp_sock& tp, int name, std::span<std::byte> value) {
  int number = 0;
  switch (name) {
    case IP_TOS:
      number = tp.tos;
      break;
    case IP_TTL:
      number = tp.uc_ttl;
      break;
    case IP_MTU_DISCOVER:
      number = tp.pmtudisc;
      break;
    case IP_RECVERR:
      number = tp.recverr ? 1 : 0;
      break;
    case IP_MINTTL:
      number = tp.min_ttl;
      break;
    case IP_MTU:
      if (tp.sk_dst.device == nullptr || tp.skc_state == tcp_state::close) return -ENOTCONN;
      number = static_cast<int>(tcp_route_mtu(tp));
      break;
    default:
      return -ENOPROTOOPT;
  }
  // Less room than an int: a single byte, if the number is one (Linux: do_ip_getsockopt).
  if (value.size() < sizeof number && !value.empty() && number >= 0 && number <= 255) {
    return write_option(value.first(1), static_cast<std::uint8_t>(number));
  }
  return write_option(value, number);
}

}  // namespace fourtuple::tcp
