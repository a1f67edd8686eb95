// SPDX-License-Identifier: Apache-2.0
// The short way through tcp_ack: all that was in flight, a single unit, has arrived, and nothing was ever amiss. What
// there is to find out about losses, SACK, ECN and probes is known beforehand then.
#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

bool is_whole_flight(const tcp_sock& tp, const tcp_skb* skb, std::uint32_t ack) noexcept {
  return skb != nullptr && ack == tp.snd_nxt && skb->end_seq == ack && skb->seq == tp.snd_una &&
         skb->gso_segs == tp.packets_out && !skb->syn && !skb->ever_retransmitted && !skb->sacked && !skb->lost;
}

bool is_undisturbed(const tcp_sock& tp) noexcept {
  return tp.icsk_ca_state == tcp_ca::open && tp.sack_ok && !tp.tlp_out && tp.icsk_mtup == nullptr &&
         (tp.sacked_out | tp.lost_out | tp.retrans_out) == 0;
}

/// The same as in header prediction, besides data: the window that was known, and nothing that there is to say about
/// losses, congestion or the connection's beginning.
bool is_plain_ack(const tcp_sock& tp, const rx_segment& segment) noexcept {
  return !segment.flags.syn && !segment.flags.ece && !segment.flags.cwr && segment.options.sack_block_count == 0 &&
         std::uint32_t{segment.window} << tp.snd_wscale == tp.snd_wnd;
}

/// What tcp_ack does before it looks at the queue.
void read_plain_ack(tcp_sock& tp, const rx_segment& segment) noexcept {
  if (segment.seq == segment.end_seq) tp.net->count(mib::pure_acks);
  // RFC 7323 4.3.
  if (tp.saw_tstamp && !after(segment.seq, tp.rcv_wup)) tcp_store_ts_recent(tp);
}

}  // namespace

bool tcp_ack_flight(tcp_sock& tp, const rx_segment& segment, bool slow_path) {
  tcp_skb* skb = tp.sk_write_queue.rtx_head();
  const std::uint32_t ack = segment.ack_seq;
  if (!is_whole_flight(tp, skb, ack) || !is_undisturbed(tp) || (slow_path && !is_plain_ack(tp, segment))) return false;
  if (slow_path) read_plain_ack(tp, segment);
  tcp_net& net = *tp.net;
  const std::uint64_t now_ns = net.now_ns();
  const auto now_ms = static_cast<std::uint32_t>(now_ns / base::ns_per_ms);

  tp.icsk_retransmits = 0;
  tp.icsk_backoff = 0;
  tp.icsk_probes_out = 0;
  tp.sk_err_soft = 0;
  tp.snd_wl1 = segment.seq;
  tp.bytes_acked += ack - tp.snd_una;
  tp.snd_una = ack;
  tp.rcv_tstamp_ms = now_ms;
  if (!slow_path) net.count(mib::hp_acks);
  tcp_tx_acked(tp);

  // Linux: tcp_clean_rtx_queue.
  const std::uint32_t segs = skb->gso_segs;
  const auto rtt_us =
      static_cast<std::uint32_t>((now_ns - std::max<std::uint64_t>(skb->sent_at_ns, 1)) / base::ns_per_us);
  rate_sample rate;
  tcp_count_delivered(tp, segs, false);
  tcp_rack_advance(tp, *skb);
  tp.packets_out = 0;
  tcp_rate_skb_delivered(tp, *skb, rate);
  tp.sk_write_queue.pop_front();
  tcp_chrono_stop(tp, tcp_chrono::busy);
  tp.rtt_min_us = std::min(tp.rtt_min_us, std::max<std::uint32_t>(rtt_us, 1));
  tcp_rtt_estimator(tp, rtt_us);
  tcp_set_rto(tp);
  tp.icsk_ca_ops->pkts_acked(tp, rtt_us, segs);

  tcp_rack_update_reo_wnd(tp, rate);
  tp.icsk_ca_ops->in_ack_event(tp, false);
  inet_csk_clear_xmit_timer(tp);
  net.count(mib::delivered, segs);
  tcp_rate_gen(tp, now_ns, segs, tp.is_sack_reneg, rate);
  tp.icsk_ca_ops->cong_avoid(tp, segs);
  tp.snd_cwnd_stamp_ms = now_ms;
  tcp_update_pacing_rate(tp);
  trace(tp, tracepoint::tcp_probe, segment);
  return true;
}

}  // namespace fourtuple::tcp
