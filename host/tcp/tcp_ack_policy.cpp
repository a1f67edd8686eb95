// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_ack_policy.hpp"

#include <algorithm>

#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t tcp_mss_default = 536;
constexpr std::uint32_t tcp_min_mss = 88;

std::uint32_t delack_min_us(const tcp_sock& tp) noexcept { return tp.net->config.tcp_delack_min_ms * 1000; }

bool tcp_in_quickack_mode(const tcp_sock& tp) noexcept { return tp.icsk_ack.quick != 0 && !tp.icsk_ack.pingpong; }

/// Linux: tcp_incr_quickack. Enough ACKs for the peer's slow start, half a window of segments at most.
void tcp_incr_quickack(tcp_sock& tp, std::uint8_t max_quickacks) noexcept {
  const std::uint32_t mss = std::max<std::uint32_t>(tp.icsk_ack.rcv_mss, 1);
  std::uint32_t quick = tp.rcv_wnd / (2 * mss);
  quick = std::clamp<std::uint32_t>(quick, 2, max_quickacks);
  tp.icsk_ack.quick = std::max(tp.icsk_ack.quick, static_cast<std::uint8_t>(quick));
}

void tcp_measure_rcv_mss(tcp_sock& tp, const rx_segment& segment) noexcept {
  const std::uint32_t len = segment.gso_size != 0 ? segment.gso_size : segment.bytes();
  if (len >= tp.icsk_ack.rcv_mss) {
    tp.icsk_ack.rcv_mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(len, tp.advmss));
  } else if (segment.flags.psh && len >= tcp_min_mss && len < tcp_mss_default) {
    tp.icsk_ack.pushed = true;
  } else {
    if (tp.icsk_ack.pushed) tp.icsk_ack.pushed2 = true;
    tp.icsk_ack.pushed = true;
  }
}

}  // namespace

void tcp_initialize_rcv_mss(tcp_sock& tp) noexcept {
  std::uint32_t hint = std::min<std::uint32_t>(tp.advmss, tp.mss_cache);
  hint = std::min(hint, tp.rcv_wnd / 2);
  hint = std::min(hint, tcp_mss_default);
  tp.icsk_ack.rcv_mss = static_cast<std::uint16_t>(std::max(hint, tcp_min_mss));
}

void tcp_enter_quickack_mode(tcp_sock& tp, std::uint8_t max_quickacks) noexcept {
  tcp_incr_quickack(tp, max_quickacks);
  tp.icsk_ack.pingpong = false;
  tp.icsk_ack.ato_us = delack_min_us(tp);
}

void tcp_event_data_recv(tcp_sock& tp, const rx_segment& segment) {
  const std::uint32_t now = tp.net->now_ms();
  icsk_ack_state& ack = tp.icsk_ack;
  ack.sched = true;
  tcp_measure_rcv_mss(tp, segment);
  if (ack.ato_us == 0) {
    // The first data: the peer is in slow start and wants an ACK for each segment.
    tcp_incr_quickack(tp, tcp_max_quickacks);
    ack.ato_us = delack_min_us(tp);
  } else {
    const std::uint64_t gap_us = std::uint64_t{now - ack.lrcvtime_ms} * 1000;
    if (gap_us <= delack_min_us(tp) / 2) {
      ack.ato_us = ack.ato_us / 2 + delack_min_us(tp) / 2;
    } else if (gap_us < ack.ato_us) {
      ack.ato_us = std::min(ack.ato_us / 2 + static_cast<std::uint32_t>(gap_us), tp.icsk_rto_us);
    } else if (gap_us > tp.icsk_rto_us) {
      // A pause: the peer's window starts from small again.
      tcp_incr_quickack(tp, tcp_max_quickacks);
    }
  }
  ack.lrcvtime_ms = now;
  tcp_ecn_check_ce(tp, segment);
}

void tcp_event_ack_sent(tcp_sock& tp) noexcept {
  icsk_ack_state& ack = tp.icsk_ack;
  if (ack.quick != 0 && --ack.quick == 0) ack.ato_us = delack_min_us(tp);
  ack.sched = false;
  ack.pushed = false;
  ack.pushed2 = false;
  ack.now = false;
  tp.net->timers.disarm(tp.icsk_delack_timer);
}

void tcp_ack_snd_check(tcp_sock& tp) {
  if (!tp.icsk_ack.sched) return;
  // A FIN alone makes no second segment.
  const std::uint32_t unacked = tp.rcv_nxt - tp.rcv_wup - (tp.sock_done && tp.rcv_nxt != tp.rcv_wup ? 1 : 0);
  // Who has filled the window waits for more of it, not for an ACK.
  const bool quick = tcp_in_quickack_mode(tp) && tcp_receive_window(tp) != 0;
  const bool more_than_one_segment = unacked > tp.icsk_ack.rcv_mss && (tp.rcv_nxt - tp.copied_seq < tp.rcvlowat ||
                                                                       tcp_select_window_raw(tp) >= tp.rcv_wnd);
  if (more_than_one_segment || quick || tp.icsk_ack.now || !tp.out_of_order_queue.empty()) {
    tcp_send_ack(tp);
  } else {
    tcp_send_delayed_ack(tp);
  }
}

void tcp_send_delayed_ack(tcp_sock& tp) {
  icsk_ack_state& ack = tp.icsk_ack;
  std::uint32_t ato = ack.ato_us;
  if (ato > delack_min_us(tp)) {
    std::uint32_t most = 500'000;
    if (ack.pingpong || ack.pushed) most = tcp_delack_max_us;
    if (tp.srtt_us != 0) most = std::min(most, std::max(tp.srtt_us >> 3, delack_min_us(tp)));
    ato = std::min(ato, most);
  }
  ack.sched = true;
  // An ACK that is already waiting keeps its time.
  const std::uint64_t when = tp.net->now_ns() + std::uint64_t{ato} * base::ns_per_us;
  if (tp.icsk_delack_timer.pending() && tp.icsk_delack_timer.expires_ns() <= when) return;
  tp.net->timers.arm(tp.icsk_delack_timer, when);
}

void tcp_cleanup_rbuf(tcp_sock& tp, std::uint32_t copied) {
  bool time_to_ack = false;
  const icsk_ack_state& ack = tp.icsk_ack;
  if (ack.sched) {
    const bool drained = tp.sk_receive_queue.bytes() == 0;
    time_to_ack = tp.rcv_nxt - tp.rcv_wup > ack.rcv_mss ||
                  (copied > 0 && drained && (ack.pushed2 || (ack.pushed && !ack.pingpong)));
  }
  if (copied > 0 && !time_to_ack && (tp.sk_shutdown & sock::sock::rcv_shutdown) == 0) {
    const std::uint32_t left = tcp_receive_window(tp);
    if (2 * std::uint64_t{left} <= tp.window_clamp) {
      const std::uint32_t window = tcp_select_window_raw(tp);
      time_to_ack = window != 0 && window >= 2 * std::uint64_t{left};
    }
  }
  if (time_to_ack) tcp_send_ack(tp);
}

void tcp_init_buffer_space(tcp_sock& tp) noexcept {
  tp.rcvq_space = std::min({tp.rcv_ssthresh, tp.rcv_wnd, 10U * tp.advmss});
  tp.rcvq_space_seq = tp.copied_seq;
  tp.rcvq_space_time_us = tp.net->now_us();
}

namespace {

/// What memory pressure has taken off the window grows back by twice of what was read, as far as the buffer goes
/// (Linux: tcp_grow_window, with each segment).
void tcp_grow_window(tcp_sock& tp, std::uint32_t copied) noexcept {
  const std::uint32_t most = std::min(tcp_win_from_space(tp.sk_rcvbuf), tp.window_clamp);
  if (tp.rcv_ssthresh < most) tp.rcv_ssthresh += std::min(most - tp.rcv_ssthresh, 2 * copied);
  tp.rcv_ssthresh_clamped = tp.rcv_ssthresh < most;
}

}  // namespace

void tcp_rcv_space_adjust(tcp_sock& tp) noexcept {
  const std::uint32_t now = tp.net->now_us();
  const std::uint32_t rtt_us = tp.srtt_us >> 3;
  if (rtt_us == 0 || now - tp.rcvq_space_time_us < rtt_us) return;
  const std::uint32_t copied = tp.copied_seq - tp.rcvq_space_seq;
  sk_mem_reclaim_surplus(tp);
  const bool pressure = tcp_under_memory_pressure(*tp.net);
  if (tp.rcv_ssthresh_clamped && !pressure) tcp_grow_window(tp, copied);
  if (copied > tp.rcvq_space) {
    if (!pressure && tp.net->config.tcp_moderate_rcvbuf && !tp.sk_rcvbuf_lock) {
      // Twice what was read in the last round trip, and more in proportion if that is growing: slow start must not
      // be held up by the window.
      std::uint64_t window = 2 * std::uint64_t{copied} + 16 * std::uint64_t{tp.advmss};
      window += 2 * window * (copied - tp.rcvq_space) / std::max<std::uint32_t>(tp.rcvq_space, 1);
      const auto rcvbuf = static_cast<std::uint32_t>(std::min<std::uint64_t>(2 * window, tp.net->config.tcp_rmem[2]));
      if (rcvbuf > tp.sk_rcvbuf) {
        tp.sk_rcvbuf = rcvbuf;
        if (!tp.rcv_ssthresh_clamped) tp.rcv_ssthresh = std::min(tcp_win_from_space(rcvbuf), tp.window_clamp);
      }
    }
    tp.rcvq_space = copied;
  }
  tp.rcvq_space_seq = tp.copied_seq;
  tp.rcvq_space_time_us = now;
}

}  // namespace fourtuple::tcp
