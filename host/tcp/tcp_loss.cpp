// SPDX-License-Identifier: Apache-2.0
// After a retransmission timeout (RFC 5681 3.1): what counts as lost, and F-RTO (RFC 5682), which finds out whether it
// was.
#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

void tcp_timeout_mark_lost(tcp_sock& tp) noexcept {
  tcp_skb* head = tp.sk_write_queue.rtx_head();
  // A receiver that dropped what it had SACKed shows by not acknowledging it at the head (RFC 2018 section 8).
  const bool reneged = head != nullptr && head->sacked;
  if (reneged) {
    tp.net->count(mib::sack_reneging);
    tp.sacked_out = 0;
    tp.is_sack_reneg = true;
    tp.sk_write_queue.set_highest_sacked(nullptr);
  } else if (!tp.sack_ok) {
    tcp_reset_reno_sack(tp);
  }
  for (tcp_skb* skb = head; skb != nullptr; skb = tp.sk_write_queue.rtx_next(*skb)) {
    if (reneged) {
      skb->sacked = false;
    } else if (skb != head && tcp_rack_skb_timeout_us(tp, *skb, 0) > 0) {
      // Sent so recently that its ACK cannot be there yet.
      continue;
    }
    tcp_mark_skb_lost(tp, *skb);
  }
  tp.sk_write_queue.set_retransmit_hint(nullptr);
}

/// RFC 5682 section 3.1, with SACK 3.2. True if nothing else is to be done for this ACK.
bool frto_step(tcp_sock& tp, std::uint32_t num_dupack, const ack_news& news, bool recovered, rexmit& next) {
  // Step 3.b: what was never sent again arrived, so not all was lost.
  if (news.orig_sack_acked && tcp_try_undo_loss(tp, true)) return true;
  if (after(tp.snd_nxt, tp.high_seq)) {
    // Step 3.a: the loss was real.
    if (news.data_sacked || num_dupack != 0) tp.frto = false;
  } else if (news.una_advanced && !recovered) {
    tp.high_seq = tp.snd_nxt;
    // Step 2.b: new data shows whether the rest was lost.
    if (tp.sk_write_queue.send_head() != nullptr && after(tcp_wnd_end(tp), tp.snd_nxt)) {
      next = rexmit::fresh_data;
      return true;
    }
    tp.frto = false;
  }
  return false;
}

}  // namespace

void tcp_enter_loss(tcp_sock& tp) {
  const bool new_recovery = tp.icsk_ca_state < tcp_ca::recovery;
  tcp_timeout_mark_lost(tp);
  // A repeated timeout of the same flight lowers ssthresh no further (RFC 5681 3.1 equation 4).
  if (tp.icsk_ca_state <= tcp_ca::disorder || !after(tp.high_seq, tp.snd_una) ||
      (tp.icsk_ca_state == tcp_ca::loss && tp.icsk_retransmits == 0)) {
    tp.prior_ssthresh = tcp_current_ssthresh(tp);
    tp.prior_cwnd = tp.snd_cwnd;
    tp.snd_ssthresh = tp.icsk_ca_ops->ssthresh(tp);
    tcp_init_undo(tp);
  }
  tp.snd_cwnd = tcp_packets_in_flight(tp) + 1;
  tp.snd_cwnd_cnt = 0;
  tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  // So many duplicate ACKs and yet no recovery: the degree of reordering was set too high.
  const auto usual = static_cast<std::uint16_t>(std::min(tp.net->config.tcp_reordering, 65'535U));
  if (tp.icsk_ca_state <= tcp_ca::disorder && tp.sacked_out >= usual) tp.reordering = std::min(tp.reordering, usual);
  tcp_set_ca_state(tp, tcp_ca::loss);
  tp.high_seq = tp.snd_nxt;
  tp.tlp_out = false;
  tp.ecn_queue_cwr = tp.ecn_ok;
  // RFC 5682 3.1 step 1. A probe of the path's MTU may be what is missing.
  const bool probing = tp.icsk_mtup != nullptr && tp.icsk_mtup->probe_size != 0;
  tp.frto = tp.net->config.tcp_frto != 0 && (new_recovery || tp.icsk_retransmits != 0) && !probing;
  trace(tp, tracepoint::tcp_enter_loss);
}

void tcp_process_loss(tcp_sock& tp, std::uint32_t num_dupack, const ack_news& news, rexmit& next) {
  const bool recovered = !before(tp.snd_una, tp.high_seq);
  if (news.una_advanced && tcp_try_undo_loss(tp, false)) return;
  if (tp.frto && frto_step(tp, num_dupack, news, recovered, next)) return;
  if (recovered) {
    tcp_try_undo_recovery(tp);
    return;
  }
  if (!tp.sack_ok) {
    // A duplicate ACK says that new data of step 2.b arrived.
    if (after(tp.snd_nxt, tp.high_seq)) {
      tcp_add_reno_sack(tp, num_dupack, news.ece);
    } else if (news.una_advanced) {
      tcp_reset_reno_sack(tp);
    }
  }
  next = rexmit::lost;
}

void tcp_simple_retransmit(tcp_sock& tp) {
  const std::uint32_t mss = tcp_current_mss(tp);
  for (tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr; skb = tp.sk_write_queue.rtx_next(*skb)) {
    if (skb->seglen() > mss) tcp_mark_skb_lost(tp, *skb);
  }
  if (tp.lost_out == 0) return;
  if (!tp.sack_ok) tcp_limit_reno_sacked(tp);
  // It says nothing of congestion, so cwnd stays; the loss state keeps the segments' order.
  if (tp.icsk_ca_state != tcp_ca::loss) {
    tp.high_seq = tp.snd_nxt;
    tp.snd_ssthresh = tcp_current_ssthresh(tp);
    tp.prior_ssthresh = 0;
    tp.undo_marker_set = false;
    tcp_set_ca_state(tp, tcp_ca::loss);
  }
  tcp_xmit_retransmit_queue(tp);
}

}  // namespace fourtuple::tcp
