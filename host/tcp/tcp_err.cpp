// SPDX-License-Identifier: Apache-2.0
// ICMP errors about segments that were sent (RFC 1122 4.2.3.9, RFC 5927; Linux: tcp_v4_err).
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_minisocks.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint8_t icmp_unreachable = 3;
constexpr std::uint8_t icmp_time_exceeded = 11;
constexpr std::uint8_t icmp_parameter_problem = 12;
constexpr std::uint8_t code_protocol_unreachable = 2;
constexpr std::uint8_t code_port_unreachable = 3;
constexpr std::uint8_t code_fragmentation_needed = 4;
constexpr std::uint16_t min_pmtu = 552;  // Linux: ip_rt_min_pmtu

/// The errno that an error stands for (Linux: icmp_err_convert).
std::int16_t errno_of(const ip::icmp_error& error) noexcept {
  if (error.type == icmp_time_exceeded) return EHOSTUNREACH;
  if (error.type == icmp_parameter_problem) return EPROTO;
  switch (error.code) {
    case 0:
    case 6:
    case 9:
    case 11:
      return ENETUNREACH;
    case code_protocol_unreachable:
      return ENOPROTOOPT;
    case code_port_unreachable:
      return ECONNREFUSED;
    default:
      return EHOSTUNREACH;
  }
}

std::uint16_t get16(std::span<const std::byte> from, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(from[at]) << 8 | std::to_integer<unsigned>(from[at + 1]));
}

/// Path MTU discovery (RFC 1191): smaller segments, and what was too large goes again at once.
void tcp_v4_mtu_reduced(tcp_sock& tp, std::uint16_t mtu) {
  mtu = std::max(mtu, min_pmtu);
  if (mtu >= tcp_route_mtu(tp)) return;
  tp.pmtu = mtu;
  tcp_sync_mss(tp, mtu);
  tcp_simple_retransmit(tp);
}

void err_full_sock(tcp_sock& tp, const ip::icmp_error& error) {
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen) return;
  const std::uint32_t seq = std::uint32_t{get16(error.payload, 4)} << 16 | get16(error.payload, 6);
  // RFC 5927 section 4.1: it must be about something that is in flight.
  if (!between(seq, tp.snd_una, tp.snd_nxt)) {
    tp.net->count(mib::out_of_window_icmps);
    return;
  }
  if (error.type == icmp_unreachable && error.code == code_fragmentation_needed) {
    if (!ip_sk_accept_pmtu(tp)) return;
    if (tp.skc_state != tcp_state::syn_sent) tcp_v4_mtu_reduced(tp, error.next_hop_mtu);
    return;
  }
  if (tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv) {
    tcp_done_with_error(tp, errno_of(error));
    return;
  }
  // RFC 1122 4.2.3.9: an established connection outlives it; it only explains why, if the connection times out. An
  // application that wants to know is told at once.
  if (tp.recverr) {
    tp.sk_err = errno_of(error);
    tp.wake(EPOLLERR);
  } else {
    tp.sk_err_soft = errno_of(error);
  }
}

}  // namespace

void tcp_v4_err(tcp_net& net, const ip::icmp_error& error) {
  const bool known =
      error.type == icmp_unreachable || error.type == icmp_time_exceeded || error.type == icmp_parameter_problem;
  if (!known || error.payload.size() < 8) return;
  const packet::connection_tuple tuple{error.source, error.destination, get16(error.payload, 0),
                                       get16(error.payload, 2)};
  const auto sk = net.hashinfo.inet_lookup_established(tuple);
  if (!sk) return;
  if (sk->kind() == sock::sock_kind::full) err_full_sock(static_cast<tcp_sock&>(*sk), error);
  if (sk->kind() == sock::sock_kind::request && error.code != code_fragmentation_needed) {
    auto& req = static_cast<sock::tcp_request_sock&>(*sk);
    const std::uint32_t seq = std::uint32_t{get16(error.payload, 4)} << 16 | get16(error.payload, 6);
    if (seq == req.snt_isn) {
      inet_csk_reqsk_queue_drop(req);
    } else {
      net.count(mib::out_of_window_icmps);
    }
  }
}

}  // namespace fourtuple::tcp
