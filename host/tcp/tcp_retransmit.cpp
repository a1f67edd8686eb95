// SPDX-License-Identifier: Apache-2.0
// Sending again what was lost, and probing a closed window (Linux: tcp_retransmit_skb, tcp_write_wakeup).
#include <algorithm>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {

bool tcp_fragment(tcp_sock& tp, tcp_skb& skb, std::uint32_t bytes) {
  if (!tp.sk_write_queue.fragment(skb, bytes)) return false;
  ++tp.packets_out;
  if (skb.sacked) ++tp.sacked_out;
  if (skb.lost) ++tp.lost_out;
  if (skb.retransmitted) ++tp.retrans_out;
  return true;
}

bool tcp_resend_skb(tcp_sock& tp, tcp_skb& skb) {
  const std::uint32_t mss = tcp_current_mss(tp);
  if (before(skb.seq, tp.snd_una) && !skb.syn && skb.len != 0) {
    tp.sk_write_queue.trim_head(std::min(tp.snd_una - skb.seq, skb.len));
  }
  // The peer took its window back: only the first segment may go, as a probe.
  if (!before(skb.seq, tcp_wnd_end(tp)) && skb.seq != tp.snd_una) return false;
  if (skb.len > mss && !tcp_fragment(tp, skb, mss)) return false;
  const ip::xmit_result result = tcp_transmit_skb(tp, skb);
  if (result == ip::xmit_result::busy) return false;
  tp.net->count(mib::retrans_segs);
  tp.net->trace(
      {.what = tracepoint::tcp_retransmit_skb, .tuple = tp.skc_tuple, .sk = &tp, .seq = skb.seq, .bytes = skb.len});
  ++tp.total_retrans;
  skb.ever_retransmitted = true;
  return true;
}

bool tcp_retransmit_skb(tcp_sock& tp, tcp_skb& skb) {
  if (!tcp_resend_skb(tp, skb)) return false;
  if (skb.retransmitted) {
    tp.net->count(mib::lost_retransmit);
  } else {
    skb.retransmitted = true;
    ++tp.retrans_out;
  }
  if (!tp.retrans_stamp_set) {
    tp.retrans_stamp_set = true;
    tp.retrans_stamp_ns = skb.sent_at_ns;
  }
  return true;
}

void tcp_xmit_retransmit_queue(tcp_sock& tp) {
  if (tp.packets_out == 0) return;
  bool rearm = false;
  for (tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr && skb != tp.sk_write_queue.send_head();
       skb = skb->next) {
    if (tcp_packets_in_flight(tp) >= tp.snd_cwnd) break;
    if (!skb->lost || skb->sacked || skb->retransmitted) continue;
    if (!tcp_retransmit_skb(tp, *skb)) break;
    tp.net->count(tp.icsk_ca_state == tcp_ca::loss ? mib::slow_start_retrans : mib::fast_retrans);
    if (tp.icsk_ca_state == tcp_ca::recovery || tp.icsk_ca_state == tcp_ca::cwr) ++tp.prr_out;
    if (skb == tp.sk_write_queue.rtx_head()) rearm = true;
  }
  if (rearm) inet_csk_reset_xmit_timer(tp, icsk_time::retrans, tp.icsk_rto_us);
}

void tcp_write_wakeup(tcp_sock& tp, mib reason) {
  if (tp.skc_state == tcp_state::close) return;
  tcp_skb* skb = tp.sk_write_queue.send_head();
  if (skb == nullptr || !before(skb->seq, tcp_wnd_end(tp))) {
    // A sequence number that was acknowledged already makes the peer answer (RFC 9293 3.8.4).
    tp.net->count(reason);
    tcp_send_bare(tp, tp.snd_una - 1, {.ack = true});
    return;
  }
  const std::uint32_t mss = tcp_current_mss(tp);
  const std::uint32_t bytes = std::min(tcp_wnd_end(tp) - skb->seq, mss);
  if (skb->len > bytes && !tp.sk_write_queue.fragment(*skb, bytes)) return;
  skb->psh = true;
  if (tcp_transmit_skb(tp, *skb) == ip::xmit_result::busy) return;
  tp.sk_write_queue.advance_send_head();
  tp.snd_nxt = skb->end_seq;
  ++tp.packets_out;
  tcp_rearm_rto(tp);
}

void tcp_send_probe0(tcp_sock& tp) {
  trace(tp, tracepoint::tcp_send_probe0);
  tcp_write_wakeup(tp, mib::win_probe);
  if (tp.packets_out != 0 || tp.sk_write_queue.send_head() == nullptr) {
    tp.icsk_probes_out = 0;
    tp.icsk_backoff = 0;
    return;
  }
  ++tp.icsk_probes_out;
  if (tp.icsk_backoff < tp.net->config.tcp_retries2) ++tp.icsk_backoff;
  const std::uint64_t when = std::uint64_t{tcp_probe0_base_us(tp)} << tp.icsk_backoff;
  const std::uint64_t most = std::uint64_t{tp.net->config.tcp_rto_max_ms} * 1000;
  inet_csk_reset_xmit_timer(tp, icsk_time::probe0, static_cast<std::uint32_t>(std::min(when, most)));
}

}  // namespace fourtuple::tcp
