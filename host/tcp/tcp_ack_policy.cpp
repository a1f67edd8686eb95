// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_ack_policy.hpp"

#include <algorithm>

#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

std::uint32_t delack_min_us(const tcp_sock& tp) noexcept { return tp.net->config.tcp_delack_min_ms * 1000; }

bool tcp_in_quickack_mode(const tcp_sock& tp) noexcept { return tp.icsk_ack.quick != 0 && !tp.icsk_ack.pingpong; }

/// Linux: tcp_incr_quickack. Enough ACKs for the peer's slow start, half a window of segments at most.
void tcp_incr_quickack(tcp_sock& tp, std::uint8_t max_quickacks) noexcept {
  const std::uint32_t mss = std::max<std::uint32_t>(tp.icsk_ack.rcv_mss, 1);
  std::uint32_t quick = tp.rcv_wnd / (2 * mss);
  quick = quick == 0 ? 2 : std::min<std::uint32_t>(quick, max_quickacks);
  tp.icsk_ack.quick = std::max(tp.icsk_ack.quick, static_cast<std::uint8_t>(quick));
}

/// Whether an ACK of a segment out of order goes now. The peer needs three to find the loss (RFC 5681 3.2); of more,
/// one tells as much as all: they wait for one another, a twentieth of the round trip at most.
bool tcp_sack_goes_now(tcp_sock& tp) noexcept {
  icsk_ack_state& ack = tp.icsk_ack;
  if (!tp.sack_ok || ack.compressed_ack >= tp.net->config.tcp_comp_sack_nr) return true;
  if (tp.compressed_ack_rcv_nxt != tp.rcv_nxt) {
    tp.compressed_ack_rcv_nxt = tp.rcv_nxt;
    ack.dup_ack_counter = 0;
  }
  if (ack.dup_ack_counter < tcp_fastretrans_thresh) {
    ++ack.dup_ack_counter;
    return true;
  }
  return false;
}

void tcp_compress_ack(tcp_sock& tp) noexcept {
  const tcp_config& config = tp.net->config;
  if (tp.icsk_ack.compressed_ack++ != 0) return;
  const std::uint32_t rtt_us_times_8 = tp.srtt_us == 0 ? tp.rcv_rtt_us : std::min(tp.srtt_us, tp.rcv_rtt_us);
  const std::uint64_t delay_ns = std::min<std::uint64_t>(config.tcp_comp_sack_delay_ns,
                                                         std::uint64_t{rtt_us_times_8} * (base::ns_per_us / 8) / 20);
  // Nothing is delayed beside it: the ACKs of this hole that went at once have paid for what came in order.
  tp.net->timers.arm(tp.icsk_delack_timer, tp.net->now_ns() + delay_ns + config.tcp_comp_sack_slack_ns);
}

}  // namespace

void tcp_enter_quickack_mode(tcp_sock& tp, std::uint8_t max_quickacks) noexcept {
  tcp_incr_quickack(tp, max_quickacks);
  tp.icsk_ack.pingpong = false;
  tp.icsk_ack.ato_us = delack_min_us(tp);
}

void tcp_event_data_recv(tcp_sock& tp, const rx_segment& segment, std::uint32_t truesize) {
  const std::uint32_t now = tp.net->now_ms();
  icsk_ack_state& ack = tp.icsk_ack;
  ack.sched = true;
  tcp_measure_rcv_mss(tp, segment, truesize);
  tcp_rcv_rtt_measure(tp, segment);
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
  tcp_grow_window(tp, segment, truesize);
}

void tcp_event_ack_sent(tcp_sock& tp) noexcept {
  icsk_ack_state& ack = tp.icsk_ack;
  if (ack.compressed_ack != 0) [[unlikely]] {
    tp.net->count(mib::ack_compressed, ack.compressed_ack);
    ack.compressed_ack = 0;
  }
  if (ack.quick != 0 && --ack.quick == 0) ack.ato_us = delack_min_us(tp);
  ack.sched = false;
  ack.pushed = false;
  ack.pushed2 = false;
  ack.now = false;
  ack.nomem = false;
  tp.net->timers.disarm(tp.icsk_delack_timer);
}

void tcp_ack_snd_check(tcp_sock& tp) {
  if (!tp.icsk_ack.sched) return;
  // A FIN alone makes no second segment.
  const std::uint32_t unacked = tp.rcv_nxt - tp.rcv_wup - (tp.sock_done && tp.rcv_nxt != tp.rcv_wup ? 1 : 0);
  // Looking at the window may end the quick mode: who has filled it waits for more of it, not for an ACK.
  const bool more_than_one_segment = unacked > tp.icsk_ack.rcv_mss && (tp.rcv_nxt - tp.copied_seq < tp.rcvlowat ||
                                                                       tcp_select_window_raw(tp) >= tp.rcv_wnd);
  if (more_than_one_segment || tcp_in_quickack_mode(tp) || tp.icsk_ack.now) {
    tcp_send_ack(tp);
  } else if (tp.out_of_order_queue.empty()) {
    tcp_send_delayed_ack(tp);
  } else if (tcp_sack_goes_now(tp)) {
    tcp_send_ack(tp);
  } else {
    tcp_compress_ack(tp);
  }
}

void tcp_sack_compress_send_ack(tcp_sock& tp) {
  if (tp.icsk_ack.compressed_ack == 0) return;
  // It goes itself: the counter is of those that it stands for.
  --tp.icsk_ack.compressed_ack;
  tcp_send_ack(tp);
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
    const bool drained = sk_rmem_alloc(tp) == 0;
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

}  // namespace fourtuple::tcp
