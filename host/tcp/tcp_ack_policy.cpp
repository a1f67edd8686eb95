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

/// Of a FIN before any data: there is no delay to go by, and the ACK goes with the next tick. A FIN of an application
/// that closes at once still carries it. (Linux: tcp_send_delayed_ack, whose timer is for the jiffy at hand then.)
void tcp_send_ack_at_next_tick(tcp_sock& tp) noexcept {
  const std::uint64_t tick = tick_ns(tp.net->config.hz);
  tcp_arm_delack_timer(tp, (tp.net->now_ns() / tick + 1) * tick);
}

}  // namespace

void tcp_incr_quickack(tcp_sock& tp, std::uint8_t max_quickacks) noexcept {
  const std::uint32_t mss = std::max<std::uint32_t>(tp.icsk_ack.rcv_mss, 1);
  std::uint32_t quick = tp.rcv_wnd / (2 * mss);
  quick = quick == 0 ? 2 : std::min<std::uint32_t>(quick, max_quickacks);
  tp.icsk_ack.quick = std::max(tp.icsk_ack.quick, static_cast<std::uint8_t>(quick));
}

void tcp_enter_quickack_mode(tcp_sock& tp, std::uint8_t max_quickacks) noexcept {
  tcp_incr_quickack(tp, max_quickacks);
  tp.icsk_ack.pingpong = false;
  tp.icsk_ack.ato_us = tcp_delack_min_us(tp);
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
    if (tp.icsk_ack.ato_us == 0) {
      tcp_send_ack_at_next_tick(tp);
    } else {
      tcp_send_delayed_ack(tp, tp.net->mstamp());
    }
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

bool tcp_window_has_doubled(tcp_sock& tp, std::uint32_t left) noexcept {
  const std::uint32_t window = tcp_select_window_raw(tp);
  return window != 0 && window >= 2 * std::uint64_t{left};
}

}  // namespace fourtuple::tcp
