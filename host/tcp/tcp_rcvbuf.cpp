// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_rcvbuf.hpp"

#include <cerrno>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t longest_rtt_ms = 1'000'000;  // What is beyond is no echo of this host's.

/// Linux: __tcp_grow_window. Even if segments are mostly bookkeeping the window may grow while it is small beside what
/// the buffer may become.
std::uint32_t grow_slowly(const tcp_sock& tp, std::uint32_t skb_truesize, std::uint32_t len) noexcept {
  std::uint32_t truesize = tcp_win_from_space(tp, skb_truesize) >> 1;
  std::uint32_t window = tcp_win_from_space(tp, tp.net->config.tcp_rmem[2]) >> 1;
  for (; tp.rcv_ssthresh <= window; truesize >>= 1, window >>= 1) {
    if (truesize <= len) return 2U * tp.icsk_ack.rcv_mss;
  }
  return 0;
}

void tcp_rcv_rtt_update(tcp_sock& tp, std::uint32_t sample_us, bool by_window) noexcept {
  const std::uint32_t old = tp.rcv_rtt_us;
  const std::uint32_t sample = std::max(sample_us, 1U) << 3;
  if (old == 0 || sample < old) {
    tp.rcv_rtt_us = sample;
  } else if (!by_window) {
    tp.rcv_rtt_us = old - (old >> 3) + (sample >> 3);
  }
  // A window lasts longer than a round trip whenever the peer has nothing to send: only its least counts.
}

}  // namespace

void tcp_initialize_rcv_mss(tcp_sock& tp) noexcept {
  std::uint32_t hint = std::min<std::uint32_t>(tp.advmss, tp.mss_cache);
  hint = std::min(hint, tp.rcv_wnd / 2);
  hint = std::min(hint, tcp_mss_default);
  tp.icsk_ack.rcv_mss = static_cast<std::uint16_t>(std::max(hint, tcp_min_mss));
}

void tcp_update_scaling_ratio(tcp_sock& tp, std::uint32_t bytes, std::uint32_t truesize) noexcept {
  const std::uint64_t ratio = (std::uint64_t{bytes} << 8) / truesize;
  const auto scaling_ratio = static_cast<std::uint8_t>(std::clamp<std::uint64_t>(ratio, 1, 255));
  if (scaling_ratio == tp.scaling_ratio) return;
  tp.scaling_ratio = scaling_ratio;
  tcp_set_window_clamp(tp, static_cast<int>(tcp_full_space(tp)));
  tp.rcvq_space = std::min(tp.rcvq_space, tp.window_clamp);
}

void tcp_rcv_rtt_measure_ts(tcp_sock& tp, const tcp_mstamp& now) noexcept {
  const std::uint32_t ticks = now.ms() + tp.tsoffset - tp.rcv_tsecr;
  if (tp.rcv_tsecr == 0 || ticks > longest_rtt_ms) return;
  tcp_rcv_rtt_update(tp, ticks * 1000, false);
}

void tcp_rcv_rtt_measure_window(tcp_sock& tp, const tcp_mstamp& now) noexcept {
  const std::uint32_t now_us = now.us();
  if (tp.rcv_rtt_time_us != 0) {
    if (before(tp.rcv_nxt, tp.rcv_rtt_mark)) return;
    tcp_rcv_rtt_update(tp, now_us - tp.rcv_rtt_time_us, true);
  }
  tp.rcv_rtt_mark = tp.rcv_nxt + tp.rcv_wnd;
  tp.rcv_rtt_time_us = now_us | 1U;  // 0 stands for never.
}

void tcp_grow_window_slow(tcp_sock& tp, std::uint32_t len, std::uint32_t truesize) noexcept {
  const std::uint32_t most = std::min(tp.window_clamp, tcp_space(tp));
  if (most <= tp.rcv_ssthresh) return;
  if (tcp_under_memory_pressure(*tp.net)) {
    tcp_adjust_rcv_ssthresh(tp);
    return;
  }
  const std::uint32_t more = tcp_win_from_space(tp, truesize) <= len ? 2U * tp.advmss : grow_slowly(tp, truesize, len);
  if (more == 0) return;
  tp.rcv_ssthresh += std::min(most - tp.rcv_ssthresh, std::max(more, 2 * len));
  // The peer should learn of it.
  tp.icsk_ack.quick |= 1U;
}

int tcp_set_window_clamp(tcp_sock& tp, int bytes) noexcept {
  if (bytes == 0) {
    if (tp.skc_state != tcp_state::close) return -EINVAL;
    tp.window_clamp = 0;
    return 0;
  }
  const std::uint32_t old_clamp = tp.window_clamp;
  tp.window_clamp = static_cast<std::uint32_t>(std::max(bytes, static_cast<int>(sock_min_rcvbuf / 2)));
  if (tp.window_clamp == old_clamp) return 0;
  if (tp.window_clamp < old_clamp) {
    tp.rcv_ssthresh = std::min(tp.rcv_ssthresh, tp.window_clamp);
  } else {
    tp.rcv_ssthresh = std::max(tp.rcv_ssthresh, std::min(tp.rcv_wnd, tp.window_clamp));
  }
  return 0;
}

void tcp_clamp_window(tcp_sock& tp) noexcept {
  tp.icsk_ack.quick = 0;
  const std::uint32_t most = tp.net->config.tcp_rmem[2];
  if (tp.sk_rcvbuf < most && !tp.sk_rcvbuf_lock && !tcp_under_memory_pressure(*tp.net) &&
      tcp_memory_is_plentiful(*tp.net)) {
    tp.sk_rcvbuf = std::max(tp.sk_rcvbuf, std::min(sk_rmem_alloc(tp), most));
  }
  if (sk_rmem_alloc(tp) > tp.sk_rcvbuf) tp.rcv_ssthresh = std::min<std::uint32_t>(tp.window_clamp, 2U * tp.advmss);
}

void tcp_rcvbuf_grow(tcp_sock& tp, std::uint32_t copied) noexcept {
  const std::uint32_t old = std::max(tp.rcvq_space, 1U);
  tp.rcvq_space = copied;
  if (!tp.net->config.tcp_moderate_rcvbuf || tp.sk_rcvbuf_lock || tcp_under_memory_pressure(*tp.net)) return;
  // What is measured is a round trip late, and a peer in slow start doubles its rate in each.
  std::uint64_t window = 2 * std::uint64_t{copied};
  if (copied > old) window += 2 * (window * (copied - old) / old);
  if (!tp.out_of_order_queue.empty()) window += tp.out_of_order_queue.last_end_seq() - tp.rcv_nxt;
  const auto rcvbuf =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(tcp_space_from_win(tp, window), tp.net->config.tcp_rmem[2]));
  if (rcvbuf <= tp.sk_rcvbuf) return;
  tp.sk_rcvbuf = rcvbuf;
  tp.window_clamp = tcp_full_space(tp);
}

void tcp_rcv_space_adjust_slow(tcp_sock& tp) noexcept {
  const std::uint32_t now = tp.net->now_us();
  if (now - tp.rcvq_space_time_us < tp.rcv_rtt_us >> 3) return;
  sk_mem_reclaim_surplus(tp);
  const std::uint32_t unread = tp.rcv_nxt - tp.copied_seq;
  const auto copied = static_cast<std::int32_t>(tp.copied_seq - tp.rcvq_space_seq - unread);
  if (copied > static_cast<std::int32_t>(tp.rcvq_space)) tcp_rcvbuf_grow(tp, static_cast<std::uint32_t>(copied));
  tp.rcvq_space_seq = tp.copied_seq;
  tp.rcvq_space_time_us = now;
}

void tcp_init_buffer_space(tcp_sock& tp) noexcept {
  const std::uint32_t most = tcp_full_space(tp);
  const std::uint32_t mss = tp.advmss;
  tp.window_clamp = std::min(tp.window_clamp, most);
  // A segment's room is kept back (Linux: tcp_app_win).
  if (tp.window_clamp > 2 * mss && tp.window_clamp + mss > most) {
    tp.window_clamp = std::max(2 * mss, most > mss ? most - mss : 0);
  }
  tp.rcv_ssthresh = std::min(tp.rcv_ssthresh, tp.window_clamp);
  tp.rcvq_space = std::min({tp.rcv_ssthresh, tp.rcv_wnd, tp.net->config.tcp_initial_cwnd * mss});
  tp.rcvq_space_seq = tp.copied_seq;
  tp.rcvq_space_time_us = tp.net->now_us();
}

}  // namespace fourtuple::tcp
