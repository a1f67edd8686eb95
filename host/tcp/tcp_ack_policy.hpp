// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// When to acknowledge: at once, with data, or after a delay (RFC 1122 4.2.3.2, RFC 5681 4.2).
namespace fourtuple::tcp {

inline constexpr std::uint8_t tcp_max_quickacks = 16;
inline constexpr std::uint8_t tcp_fastretrans_thresh = 3;
inline constexpr std::uint32_t tcp_delack_max_us = 200'000;  ///< Linux: TCP_DELACK_MAX

[[nodiscard]] inline std::uint32_t tcp_delack_min_us(const tcp_sock& tp) noexcept {
  return tp.net->config.tcp_delack_min_ms * 1000;
}
[[nodiscard]] inline bool tcp_in_quickack_mode(const tcp_sock& tp) noexcept {
  return tp.icsk_ack.quick != 0 && !tp.icsk_ack.pingpong;
}
/// Enough ACKs at once for the peer's slow start, half a window of segments at most.
void tcp_incr_quickack(tcp_sock& tp, std::uint8_t max_quickacks) noexcept;
void tcp_enter_quickack_mode(tcp_sock& tp, std::uint8_t max_quickacks) noexcept;

/// Data came in order (Linux: tcp_event_data_recv). `truesize`: all that it is charged for.
[[gnu::always_inline]] inline void tcp_event_data_recv(tcp_sock& tp, const auto& segment, std::uint32_t truesize,
                                                       const tcp_mstamp& now) {
  icsk_ack_state& ack = tp.icsk_ack;
  ack.sched = true;
  tcp_measure_rcv_mss(tp, segment, truesize);
  tcp_rcv_rtt_measure(tp, segment, now);
  if (ack.ato_us == 0) {
    // The first data: the peer is in slow start and wants an ACK for each segment.
    tcp_incr_quickack(tp, tcp_max_quickacks);
    ack.ato_us = tcp_delack_min_us(tp);
  } else {
    const std::uint64_t gap_us = std::uint64_t{now.ms() - ack.lrcvtime_ms} * 1000;
    if (gap_us <= tcp_delack_min_us(tp) / 2) {
      ack.ato_us = ack.ato_us / 2 + tcp_delack_min_us(tp) / 2;
    } else if (gap_us < ack.ato_us) {
      ack.ato_us = std::min(ack.ato_us / 2 + static_cast<std::uint32_t>(gap_us), tp.icsk_rto_us);
    } else if (gap_us > tp.icsk_rto_us) {
      // A pause: the peer's window starts from small again.
      tcp_incr_quickack(tp, tcp_max_quickacks);
    }
  }
  ack.lrcvtime_ms = now.ms();
  tcp_ecn_check_ce(tp, segment.ecn);
  tcp_grow_window(tp, segment, truesize);
}

/// An ACK went out, alone or with data (Linux: tcp_event_ack_sent).
[[gnu::always_inline]] inline void tcp_event_ack_sent(tcp_sock& tp) noexcept {
  icsk_ack_state& ack = tp.icsk_ack;
  if (ack.compressed_ack != 0) [[unlikely]] {
    tp.net->count(mib::ack_compressed, ack.compressed_ack);
    ack.compressed_ack = 0;
  }
  if (ack.quick != 0 && --ack.quick == 0) ack.ato_us = tcp_delack_min_us(tp);
  ack.sched = false;
  ack.pushed = false;
  ack.pushed2 = false;
  ack.now = false;
  ack.nomem = false;
  tp.net->timers.disarm(tp.icsk_delack_timer);
}
/// For data in sequence with nothing out of order: an ACK for it has nothing to say that could not wait. (If this says
/// that it has, it still may, which tcp_ack_snd_check finds out.)
[[nodiscard]] inline bool tcp_ack_may_wait(const tcp_sock& tp) noexcept {
  const icsk_ack_state& ack = tp.icsk_ack;
  return ack.sched && !ack.now && !tcp_in_quickack_mode(tp) && tp.rcv_nxt - tp.rcv_wup <= ack.rcv_mss;
}
/// Sends an ACK if one is due, or sees to it that it comes (Linux: __tcp_ack_snd_check).
void tcp_ack_snd_check(tcp_sock& tp);
/// Sends the ACK that stands for several of segments out of order, if one waits (Linux: tcp_sack_compress_send_ack).
void tcp_sack_compress_send_ack(tcp_sock& tp);
/// An ACK is to go at `when_ns`; one that waits already keeps its time if that is sooner.
[[gnu::always_inline]] inline void tcp_arm_delack_timer(tcp_sock& tp, std::uint64_t when_ns) noexcept {
  if (tp.icsk_delack_timer.expires_ns() > when_ns) tp.net->timers.arm(tp.icsk_delack_timer, when_ns);
}
/// After data, which said how long an ACK may wait.
[[gnu::always_inline]] inline void tcp_send_delayed_ack(tcp_sock& tp, const tcp_mstamp& now) {
  icsk_ack_state& ack = tp.icsk_ack;
  std::uint32_t ato = ack.ato_us;
  if (ato > tcp_delack_min_us(tp)) {
    std::uint32_t most = 500'000;
    if (ack.pingpong || ack.pushed) most = tcp_delack_max_us;
    if (tp.srtt_us != 0) most = std::min(most, std::max(tp.srtt_us >> 3, tcp_delack_min_us(tp)));
    ato = std::min(ato, most);
  }
  ack.sched = true;
  tcp_arm_delack_timer(tp, now.ns + std::uint64_t{ato} * base::ns_per_us);
}
/// The window that would be offered now is twice what is left of the one that was.
[[nodiscard]] bool tcp_window_has_doubled(tcp_sock& tp, std::uint32_t left) noexcept;
/// After reading: acknowledges what was put off, or a window that has grown (Linux: tcp_cleanup_rbuf).
[[gnu::always_inline]] inline void tcp_cleanup_rbuf(tcp_sock& tp, std::uint32_t copied) {
  bool time_to_ack = false;
  const icsk_ack_state& ack = tp.icsk_ack;
  if (ack.sched) {
    time_to_ack = tp.rcv_nxt - tp.rcv_wup > ack.rcv_mss ||
                  (copied > 0 && (ack.pushed2 || (ack.pushed && !ack.pingpong)) && sk_rmem_alloc(tp) == 0);
  }
  if (copied > 0 && !time_to_ack && (tp.sk_shutdown & sock::sock::rcv_shutdown) == 0) {
    const std::uint32_t left = tcp_receive_window(tp);
    time_to_ack = 2 * std::uint64_t{left} <= tp.window_clamp && tcp_window_has_doubled(tp, left);
  }
  if (time_to_ack) tcp_send_ack(tp);
}

}  // namespace fourtuple::tcp
