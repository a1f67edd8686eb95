// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_timer.hpp"

// When a tail loss probe is due (RFC 8985 section 7.2); what it is, is in tcp_loss_probe.cpp.
namespace fourtuple::tcp {

/// Two round trips, and with a single segment out the time for which its ACK may be delayed. Without the least addition
/// a round trip of microseconds would make every delayed ACK look like a loss.
[[nodiscard]] inline std::uint32_t tcp_loss_probe_timeout_us(const tcp_sock& tp) noexcept {
  const tcp_config& config = tp.net->config;
  if (tp.srtt_us == 0) return config.tcp_rto_init_ms * 1000;
  return (tp.srtt_us >> 2) + (tp.packets_out == 1 ? config.tcp_rto_min_ms * 1000 : tcp_timeout_min_us);
}

[[nodiscard]] inline bool tcp_wants_loss_probe(const tcp_sock& tp) noexcept {
  const std::uint32_t early_retrans = tp.net->config.tcp_early_retrans;
  if (early_retrans != 3 && early_retrans != 4) return false;
  return tp.packets_out != 0 && tp.sack_ok && (tp.icsk_ca_state == tcp_ca::open || tp.icsk_ca_state == tcp_ca::cwr);
}

/// Starts the timer of a tail loss probe instead of the RTO, of which `rto_us` are left, and which it never exceeds.
/// False if a probe would be of no use.
[[gnu::always_inline]] inline bool tcp_schedule_loss_probe(tcp_sock& tp, std::int64_t rto_us, const tcp_mstamp& now) {
  if (!tcp_wants_loss_probe(tp)) return false;
  std::uint32_t delay_us = tcp_loss_probe_timeout_us(tp);
  if (rto_us > 0) delay_us = static_cast<std::uint32_t>(std::min<std::int64_t>(delay_us, rto_us));
  inet_csk_reset_xmit_timer(tp, icsk_time::loss_probe, delay_us, now);
  return true;
}

}  // namespace fourtuple::tcp
