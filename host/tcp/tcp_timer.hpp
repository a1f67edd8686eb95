// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/timer_wheel.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"

// Timers of a sock (Linux: tcp_timer.c, RFC 6298).
namespace fourtuple::tcp {

/// What is allowed for timers that do not fire at once, on either side (Linux: TCP_TIMEOUT_MIN, two ticks).
inline constexpr std::uint32_t tcp_timeout_min_us = 2000;
/// When to try again what this host could not send (Linux: TCP_RESOURCE_PROBE_INTERVAL).
inline constexpr std::uint32_t tcp_resource_probe_us = 500'000;

/// Starts icsk_retransmit_timer for `what` (Linux: tcp_reset_xmit_timer).
inline void inet_csk_reset_xmit_timer(tcp_sock& tp, icsk_time what, std::uint32_t delay_us, const tcp_mstamp& now) {
  tp.icsk_pending = what;
  // What paces what is sent delays what is sent again as well (Linux: tcp_pacing_delay).
  const std::uint64_t paced_ns = tp.pacing != nullptr && tp.wstamp_ns > now.ns ? tp.wstamp_ns - now.ns : 0;
  tp.net->timers.arm(tp.icsk_retransmit_timer, now.ns + std::uint64_t{delay_us} * base::ns_per_us + paced_ns);
}
inline void inet_csk_reset_xmit_timer(tcp_sock& tp, icsk_time what, std::uint32_t delay_us) {
  inet_csk_reset_xmit_timer(tp, what, delay_us, tp.net->mstamp());
}
inline void inet_csk_clear_xmit_timer(tcp_sock& tp) {
  tp.icsk_pending = icsk_time::none;
  tp.net->timers.disarm(tp.icsk_retransmit_timer);
}
void tcp_clear_xmit_timers(tcp_sock& tp);
/// After an ACK or a transmission: runs the RTO while something is in flight (RFC 6298 5.1 to 5.3).
void tcp_rearm_rto(tcp_sock& tp);
/// How much of the RTO of the first segment in flight is left; not above 0 if it is over.
[[nodiscard]] std::int64_t tcp_rto_delta_us(const tcp_sock& tp) noexcept;
void tcp_arm_delack(tcp_sock& tp, std::uint32_t delay_us);
void inet_csk_reset_keepalive_timer(tcp_sock& tp, std::uint64_t delay_ms);
[[nodiscard]] inline std::uint64_t keepalive_time_ms(const tcp_sock& tp) noexcept {
  return std::uint64_t{tp.keepalive_time_s} * 1000;
}
/// When to probe a closed window first, and with the backoff so far.
[[nodiscard]] std::uint32_t tcp_probe0_base_us(const tcp_sock& tp) noexcept;
[[nodiscard]] std::uint32_t tcp_probe0_when_us(const tcp_sock& tp) noexcept;
/// Not later than TCP_USER_TIMEOUT, counted from the first probe.
[[nodiscard]] std::uint32_t tcp_clamp_probe0_to_user_timeout(const tcp_sock& tp, std::uint32_t when_us) noexcept;

// What the timers call.
void tcp_write_timer(base::timer& t) noexcept;
void tcp_delack_timer(base::timer& t) noexcept;
void tcp_keepalive_timer(base::timer& t) noexcept;

}  // namespace fourtuple::tcp
