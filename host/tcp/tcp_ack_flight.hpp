// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rack.hpp"
#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_rtt.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

// The short way through tcp_ack: all that was in flight, a single unit, has arrived, and nothing was ever amiss. What
// there is to find out about losses, SACK, ECN and probes is known beforehand then.
namespace fourtuple::tcp {

/// Whether `ack` takes all that is in flight, and that was sent once and as one unit, a SYN or none.
[[nodiscard, gnu::always_inline]] inline bool tcp_is_whole_flight(const tcp_sock& tp, const tcp_skb* skb,
                                                                  std::uint32_t ack, bool syn) noexcept {
  // The head of the queue that ends where the flight does is all of it.
  assert(skb == nullptr || skb->end_seq != tp.snd_nxt || skb->gso_segs == tp.packets_out);
  return skb != nullptr && ack == tp.snd_nxt && skb->end_seq == ack && skb->seq == tp.snd_una && skb->syn == syn &&
         !skb->sacked && !skb->lost && !skb->ever_retransmitted;
}

/// Besides the flight itself: with SACK its marks say all that sacked_out, lost_out and retrans_out do.
[[nodiscard, gnu::always_inline]] inline bool tcp_is_undisturbed(const tcp_sock& tp) noexcept {
  return tp.sack_ok && !tp.tlp_out && tp.icsk_ca_state == tcp_ca::open && tp.icsk_mtup == nullptr;
}

/// The unit in flight, if an ACK that is not special takes it and with it all that is; otherwise nullptr.
[[nodiscard, gnu::always_inline]] inline tcp_skb* tcp_flight_acked(const tcp_sock& tp, std::uint32_t ack,
                                                                   bool syn = false) noexcept {
  tcp_skb* skb = tp.sk_write_queue.rtx_head();
  return tcp_is_whole_flight(tp, skb, ack, syn) && tcp_is_undisturbed(tp) ? skb : nullptr;
}

/// What tcp_ack does for an ACK of `skb`, which tcp_flight_acked() gave, with the window that is known.
[[gnu::always_inline]] inline void tcp_ack_flight(tcp_sock& tp, tcp_skb* skb, std::uint32_t seq, const tcp_mstamp& now,
                                                  bool syn = false) {
  assert((tp.sacked_out | tp.lost_out | tp.retrans_out) == 0);
  tcp_net& net = *tp.net;
  const std::uint32_t ack = skb->end_seq;

  tp.icsk_backoff = 0;
  tp.icsk_retransmits = 0;
  tp.icsk_probes_out = 0;
  tp.sk_err_soft = 0;
  tp.snd_wl1 = seq;
  tp.bytes_acked += ack - tp.snd_una;
  tp.snd_una = ack;
  tp.rcv_tstamp_ms = now.ms();
  tcp_tx_acked(tp);

  // Linux: tcp_clean_rtx_queue.
  const std::uint32_t segs = skb->gso_segs;
  const auto rtt_us = static_cast<std::uint32_t>((now.ns - skb->sent_at_ns) / base::ns_per_us);
  rate_sample rate;
  tcp_count_delivered(tp, segs, false);
  tcp_rack_advance(tp, *skb, now);
  tp.packets_out = 0;
  tcp_rate_skb_delivered(tp, *skb, rate);
  tp.sk_write_queue.pop_front();
  tcp_chrono_stop(tp, tcp_chrono::busy, now);
  sk_mem_reclaim_surplus(tp);
  tp.rtt_min_us = std::min(tp.rtt_min_us, std::max<std::uint32_t>(rtt_us, 1));
  tcp_rtt_estimator(tp, rtt_us);
  tcp_set_rto(tp);
  tp.icsk_ca_ops->pkts_acked(tp, {.rtt_us = rtt_us, .pkts_acked = segs, .now = now});

  tcp_rack_update_reo_wnd(tp, rate);
  tp.icsk_ca_ops->in_ack_event(tp, false);
  inet_csk_clear_xmit_timer(tp);
  net.count(mib::delivered, segs);
  tcp_rate_gen(tp, now, segs, tp.is_sack_reneg, rate);
  if (syn) [[unlikely]] {
    // A SYN is no data: cwnd stays (Linux: FLAG_SYN_ACKED, tcp_may_raise_cwnd).
    tp.retrans_stamp_ms = 0;
  } else {
    tcp_cong_avoid(tp, segs);
    tp.snd_cwnd_stamp_ms = now.ms();
  }
  tcp_update_pacing_rate(tp);
}

/// The same for an ACK that came the long way, with whatever window. False, and nothing happened, if it has more to say
/// than that, or does not take all.
[[nodiscard]] bool tcp_ack_flight_slow(tcp_sock& tp, const rx_segment& segment);

/// The SYN, if a SYN-ACK, whose options were taken, acknowledges it and has no more to say; otherwise nullptr, and
/// tcp_ack() knows.
[[nodiscard]] tcp_skb* tcp_syn_acked(const tcp_sock& tp, const rx_segment& segment) noexcept;
/// What tcp_ack does with it then, but for the window, which was taken, too.
void tcp_ack_syn(tcp_sock& tp, tcp_skb& syn, const rx_segment& segment);

}  // namespace fourtuple::tcp
