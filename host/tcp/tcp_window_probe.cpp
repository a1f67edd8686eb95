// SPDX-License-Identifier: Apache-2.0
// Probing a closed window, and a peer that is silent (RFC 9293 3.8.6.1; Linux: tcp_write_wakeup, tcp_send_probe0).
#include <algorithm>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {

bool tcp_write_wakeup(tcp_sock& tp, mib reason) {
  if (tp.skc_state == tcp_state::close) return true;
  tcp_skb* skb = tp.sk_write_queue.send_head();
  if (skb == nullptr || !before(skb->seq, tcp_wnd_end(tp))) {
    // A sequence number that was acknowledged already makes the peer answer (RFC 9293 3.8.4).
    tp.net->count(reason);
    tcp_send_bare(tp, tp.snd_una - 1, {.ack = true});
    return true;
  }
  const std::uint32_t mss = tcp_current_mss(tp);
  const std::uint32_t window = tcp_wnd_end(tp) - skb->seq;
  if (before(tp.pushed_seq, skb->end_seq)) tp.pushed_seq = skb->end_seq;
  skb->set_tso_segs(mss);
  if (window < skb->end_seq - skb->seq || skb->len > mss) {
    // Smaller than anything that would have been sent by itself, lest both sides wait for ever.
    if (!tp.sk_write_queue.fragment(*skb, std::min({window, mss, skb->len}), mss)) return true;
  }
  skb->psh = true;
  if (tcp_transmit_skb(tp, *skb) == ip::xmit_result::busy) return false;
  tcp_event_new_data_sent(tp, *skb);
  return true;
}

void tcp_send_probe0(tcp_sock& tp) {
  trace(tp, tracepoint::tcp_send_probe0);
  const bool sent = tcp_write_wakeup(tp, mib::win_probe);
  if (tp.packets_out != 0 || tp.sk_write_queue.send_head() == nullptr) {
    tp.icsk_probes_out = 0;
    tp.icsk_backoff = 0;
    tp.icsk_probes_tstamp_ms = 0;
    return;
  }
  ++tp.icsk_probes_out;
  std::uint32_t delay_us = tcp_resource_probe_us;
  if (sent) {
    if (tp.icsk_backoff < tp.net->config.tcp_retries2) ++tp.icsk_backoff;
    delay_us = tcp_probe0_when_us(tp);
  }
  inet_csk_reset_xmit_timer(tp, icsk_time::probe0, tcp_clamp_probe0_to_user_timeout(tp, delay_us));
}

}  // namespace fourtuple::tcp
