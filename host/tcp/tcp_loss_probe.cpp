// SPDX-License-Identifier: Apache-2.0
// Tail loss probe (RFC 8985 section 7): when the end of a flight may be lost there are no ACKs to tell, so a segment is
// sent to provoke one before the retransmission timer takes everything back.
#include <algorithm>

#include "host/tcp/tcp_loss_probe.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

/// The last segment in flight, cut off its unit (RFC 8985 7.3).
bool resend_last(tcp_sock& tp, std::uint32_t mss) {
  tcp_skb* last = tp.sk_write_queue.rtx_tail();
  if (last == nullptr) return false;
  const std::uint32_t in_front = (last->gso_segs - 1U) * mss;
  if (last->gso_segs > 1 && last->len > in_front) {
    if (!tcp_fragment(tp, *last, in_front, mss)) return false;
    last = last->next;
  }
  return tcp_resend_skb(tp, *last, 1);
}

/// RFC 8985 7.3: new data if there is some and the peer has room, whatever cwnd says; else the last segment again.
bool send_probe(tcp_sock& tp) {
  tp.rack.tlp_retrans = false;
  const tcp_skb* fresh = tp.sk_write_queue.send_head();
  const std::uint32_t mss = tcp_current_mss(tp);
  if (fresh != nullptr && tcp_snd_wnd_test(tp, *fresh, mss)) {
    const std::uint32_t before_probe = tp.packets_out;
    tcp_write_xmit(tp, mss, tcp_nagle_off, push_one::loss_probe);
    return tp.packets_out > before_probe;
  }
  if (!resend_last(tp, mss)) return false;
  tp.rack.tlp_retrans = true;
  return true;
}

}  // namespace

bool tcp_schedule_loss_probe(tcp_sock& tp, bool advancing_rto) {
  return tcp_schedule_loss_probe(tp, advancing_rto ? tp.icsk_rto_us : tcp_rto_delta_us(tp), tp.net->mstamp());
}

void tcp_send_loss_probe(tcp_sock& tp) {
  // RFC 8985 7.3: one at a time.
  if (!tp.tlp_out && send_probe(tp)) {
    tp.tlp_out = true;
    tp.tlp_high_seq = tp.snd_nxt;
    tp.net->count(mib::loss_probes);
    trace(tp, tracepoint::tcp_send_loss_probe);
    // The RTO begins anew; otherwise what is left of it goes on.
    tp.icsk_pending = icsk_time::none;
  }
  tcp_rearm_rto(tp);
}

void tcp_process_tlp_ack(tcp_sock& tp, std::uint32_t ack, const ack_news& news) {
  if (!tp.tlp_out || before(ack, tp.tlp_high_seq)) return;
  if (!tp.rack.tlp_retrans || news.dsack_tlp) {
    // New data was acknowledged, or the peer says that it had the segment before: nothing was lost.
    tp.tlp_out = false;
  } else if (after(ack, tp.tlp_high_seq)) {
    // RFC 8985 7.4.2: the probe filled a hole, which is a loss like any other.
    tcp_init_cwnd_reduction(tp);
    tcp_set_ca_state(tp, tcp_ca::cwr);
    tcp_end_cwnd_reduction(tp);
    tcp_try_keep_open(tp);
    tp.net->count(mib::loss_probe_recovery);
  } else if (!news.una_advanced && !news.is_not_dup() && !news.data_sacked) {
    // A duplicate ACK without DSACK: original and probe both arrived.
    tp.tlp_out = false;
  }
}

}  // namespace fourtuple::tcp
