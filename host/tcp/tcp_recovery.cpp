// SPDX-License-Identifier: Apache-2.0
// The states of loss recovery (Linux: tcp_fastretrans_alert): fast retransmit with SACK by RACK (RFC 8985), or NewReno
// (RFC 6582).
#include "host/tcp/tcp_recovery.hpp"

#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

/// RFC 6582 3.2: the third duplicate ACK, and each partial ACK, say that what is at the head is missing.
void tcp_newreno_mark_lost(tcp_sock& tp, bool una_advanced) {
  const bool enough_duplicates = tp.icsk_ca_state < tcp_ca::recovery && tp.sacked_out >= tp.reordering;
  if (!enough_duplicates && !(tp.icsk_ca_state == tcp_ca::recovery && una_advanced)) return;
  tcp_skb* head = tp.sk_write_queue.rtx_head();
  if (head == nullptr || head->lost) return;
  if (head->gso_segs > 1 && !tcp_fragment(tp, *head, head->gso_size, head->gso_size)) return;
  tcp_mark_skb_lost(tp, *head);
}

void tcp_identify_packet_loss(tcp_sock& tp, ack_news& news) {
  if (tp.sk_write_queue.rtx_head() == nullptr) return;
  if (!tp.sack_ok) {
    tcp_newreno_mark_lost(tp, news.una_advanced);
    return;
  }
  const std::uint32_t prior_retrans = tp.retrans_out;
  if (tcp_rack_mark_lost(tp)) news.set_xmit_timer = false;
  if (prior_retrans > tp.retrans_out) news.lost_retrans = true;
}

bool tcp_time_to_recover(const tcp_sock& tp) noexcept { return tp.lost_out != 0; }

void tcp_try_to_open(tcp_sock& tp, const ack_news& news) {
  if (!tcp_any_retrans_done(tp)) tp.retrans_stamp_ms = 0;
  if (news.ece) tcp_enter_cwr(tp);
  if (tp.icsk_ca_state != tcp_ca::cwr) tcp_try_keep_open(tp);
}

/// RFC 2018 section 8: what was SACKed and is not acknowledged although everything below it is was dropped.
bool tcp_check_sack_reneging(tcp_sock& tp, ack_news& news) {
  if (!news.sack_reneging || !news.una_advanced) return false;
  // Soon, but late enough for another ACK to show that it was not so.
  const std::uint32_t delay_us = std::max<std::uint32_t>(tp.srtt_us >> 4, 10'000);
  inet_csk_reset_xmit_timer(tp, icsk_time::retrans, delay_us);
  news.set_xmit_timer = false;
  return true;
}

/// All that was in flight when the state began is acknowledged. True if the ACK needs no more.
bool leave_if_over(tcp_sock& tp) {
  if (tp.icsk_ca_state == tcp_ca::open) {
    tp.retrans_stamp_ms = 0;
    return false;
  }
  if (before(tp.snd_una, tp.high_seq)) return false;
  if (tp.icsk_ca_state == tcp_ca::cwr) {
    // Something above must be acknowledged for CWR to have arrived.
    if (tp.snd_una != tp.high_seq) {
      tcp_end_cwnd_reduction(tp);
      tcp_set_ca_state(tp, tcp_ca::open);
    }
  } else if (tp.icsk_ca_state == tcp_ca::recovery) {
    if (!tp.sack_ok) tcp_reset_reno_sack(tp);
    // The state that it was in decides about cwnd.
    const bool stays = tcp_try_undo_recovery(tp);
    if (stays) return true;
    tcp_end_cwnd_reduction(tp);
  }
  return false;
}

/// True if there is something to send again.
bool process_recovery(tcp_sock& tp, std::uint32_t prior_snd_una, std::uint32_t num_dupack, ack_news& news) {
  if (!news.una_advanced) {
    if (!tp.sack_ok) tcp_add_reno_sack(tp, num_dupack, news.ece);
  } else if (tcp_try_undo_partial(tp, prior_snd_una)) {
    return false;
  }
  if (tcp_try_undo_dsack(tp)) tcp_try_to_open(tp, news);
  tcp_identify_packet_loss(tp, news);
  if (tp.icsk_ca_state == tcp_ca::recovery) return true;
  if (!tcp_time_to_recover(tp)) return false;
  // One recovery was for nothing, and there is cause for another.
  tcp_enter_recovery(tp, news.ece);
  return true;
}

/// A probe of the path's MTU was lost: that says nothing of congestion.
bool mtu_probe_lost(tcp_sock& tp) {
  const mtu_probe_state* mtup = tp.icsk_mtup.get();
  if (tp.icsk_ca_state >= tcp_ca::cwr || mtup == nullptr || mtup->probe_size == 0 ||
      tp.snd_una != mtup->probe_seq_start) {
    return false;
  }
  tcp_mtup_probe_failed(tp);
  ++tp.snd_cwnd;
  tcp_simple_retransmit(tp);
  return true;
}

/// In Open, Disorder and CWR. True if recovery begins.
bool process_open(tcp_sock& tp, std::uint32_t num_dupack, ack_news& news) {
  if (!tp.sack_ok) {
    if (news.una_advanced) tcp_reset_reno_sack(tp);
    tcp_add_reno_sack(tp, num_dupack, news.ece);
  }
  if (tp.icsk_ca_state <= tcp_ca::disorder) tcp_try_undo_dsack(tp);
  tcp_identify_packet_loss(tp, news);
  if (!tcp_time_to_recover(tp)) {
    tcp_try_to_open(tp, news);
    return false;
  }
  if (mtu_probe_lost(tp)) return false;
  tcp_enter_recovery(tp, news.ece);
  return true;
}

}  // namespace

void tcp_set_ca_state(tcp_sock& tp, tcp_ca state) {
  tp.icsk_ca_ops->set_state(tp, state);
  tp.icsk_ca_state = state;
}

bool tcp_any_retrans_done(const tcp_sock& tp) noexcept {
  if (tp.retrans_out != 0) return true;
  const tcp_skb* head = tp.sk_write_queue.rtx_head();
  return head != nullptr && head->ever_retransmitted;
}

void tcp_try_keep_open(tcp_sock& tp) {
  const tcp_ca state = tcp_left_out(tp) != 0 || tcp_any_retrans_done(tp) ? tcp_ca::disorder : tcp_ca::open;
  if (tp.icsk_ca_state == state) return;
  tcp_set_ca_state(tp, state);
  tp.high_seq = tp.snd_nxt;
}

void tcp_enter_recovery(tcp_sock& tp, bool ece) {
  if (!tcp_any_retrans_done(tp)) tp.retrans_stamp_ms = 0;
  tp.net->count(tp.sack_ok ? mib::sack_recovery : mib::reno_recovery);
  tp.prior_ssthresh = 0;
  tcp_init_undo(tp);
  if (!tcp_in_cwnd_reduction(tp)) {
    // A reduction that ECN asks for as well is not taken back.
    if (!ece) tp.prior_ssthresh = tcp_current_ssthresh(tp);
    tcp_init_cwnd_reduction(tp);
  }
  tcp_set_ca_state(tp, tcp_ca::recovery);
  trace(tp, tracepoint::tcp_enter_recovery);
}

void tcp_mark_skb_lost(tcp_sock& tp, tcp_skb& skb) noexcept {
  if (skb.sacked) return;
  const tcp_skb* hint = tp.sk_write_queue.retransmit_hint();
  if (hint != nullptr && before(skb.seq, hint->seq)) tp.sk_write_queue.set_retransmit_hint(&skb);
  const std::uint32_t segs = skb.gso_segs;
  if (!skb.lost) {
    skb.lost = true;
    tp.lost_out += segs;
    tp.lost += segs;
  } else if (skb.retransmitted) {
    skb.retransmitted = false;
    tp.retrans_out -= segs;
    tp.lost += segs;
    tp.net->count(mib::lost_retransmit, segs);
  }
}

void tcp_fastretrans_alert(tcp_sock& tp, std::uint32_t prior_snd_una, std::uint32_t num_dupack, ack_news& news,
                           rexmit& next) {
  if (tp.packets_out == 0) tp.sacked_out = 0;
  // The reduction that ECN asks for is not taken back.
  if (news.ece) tp.prior_ssthresh = 0;
  if (tcp_check_sack_reneging(tp, news)) return;
  if (leave_if_over(tp)) return;
  if (tp.icsk_ca_state == tcp_ca::recovery) {
    if (process_recovery(tp, prior_snd_una, num_dupack, news)) next = rexmit::lost;
    return;
  }
  if (tp.icsk_ca_state == tcp_ca::loss) {
    tcp_process_loss(tp, num_dupack, news, next);
    tcp_identify_packet_loss(tp, news);
    // On only if the timeout was undone, or retransmissions were lost again.
    if (tp.icsk_ca_state != tcp_ca::open && !news.lost_retrans) return;
  }
  if (process_open(tp, num_dupack, news)) next = rexmit::lost;
}

void tcp_init_transfer(tcp_sock& tp) {
  tcp_mtup_init(tp);
  // RFC 5681 3.1: who lost a SYN more than once starts carefully.
  tp.snd_cwnd = tp.total_retrans > 1 ? 1 : tp.net->config.tcp_initial_cwnd;
  tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  tp.snd_cwnd_cnt = 0;
  tp.snd_ssthresh = tcp_infinite_ssthresh;
  tp.icsk_ca_state = tcp_ca::open;
  tp.retrans_stamp_ms = 0;
  tp.high_seq = tp.snd_una;
  tp.undo_marker_set = false;
  tp.tlp_out = false;
  tp.is_cwnd_limited = false;
  tp.icsk_ca_ops->init(tp);
}

}  // namespace fourtuple::tcp
