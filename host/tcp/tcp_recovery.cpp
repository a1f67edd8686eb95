// SPDX-License-Identifier: Apache-2.0
// Loss recovery: fast retransmit with SACK (RFC 6675) or NewReno (RFC 6582), PRR (RFC 6937), and after a timeout.
#include "host/tcp/tcp_recovery.hpp"

#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

/// RFC 6675 IsLost: so many segments above it arrived that it must have been lost rather than overtaken.
void tcp_update_scoreboard(tcp_sock& tp, ack_news& news) noexcept {
  std::uint32_t sacked_above = 0;
  for (tcp_skb* skb = tp.sk_write_queue.rtx_tail(); skb != nullptr; skb = skb->previous) {
    if (skb->sacked) {
      ++sacked_above;
    } else if (sacked_above >= tp.reordering && !skb->retransmitted) {
      tcp_mark_skb_lost(tp, *skb, news);
    }
  }
}

/// What is at the head was sent before recovery began, and the ACK stopped at it (RFC 6582 3.2 step 3).
void tcp_newreno_mark_lost(tcp_sock& tp, ack_news& news) noexcept {
  tcp_skb* head = tp.sk_write_queue.rtx_head();
  if (head != nullptr && !head->retransmitted) tcp_mark_skb_lost(tp, *head, news);
}

void tcp_reset_reno_sack(tcp_sock& tp) noexcept { tp.sacked_out = 0; }

/// Without SACK a duplicate ACK stands for one segment that left the network. One at least is missing.
void tcp_add_reno_sack(tcp_sock& tp, ack_news& news) noexcept {
  const std::uint32_t holes = std::clamp<std::uint32_t>(tp.lost_out, 1, std::max(tp.packets_out, 1U));
  if (tp.sacked_out + holes >= tp.packets_out) return;
  ++tp.sacked_out;
  ++tp.delivered;
  ++news.delivered;
}

bool tcp_time_to_recover(const tcp_sock& tp) noexcept { return tp.lost_out != 0 || tp.sacked_out >= tp.reordering; }

void tcp_init_cwnd_reduction(tcp_sock& tp) noexcept {
  tp.high_seq = tp.snd_nxt;
  tp.tlp_out = false;
  tp.snd_cwnd_cnt = 0;
  tp.prior_cwnd = tp.snd_cwnd;
  tp.prr_delivered = 0;
  tp.prr_out = 0;
  tp.snd_ssthresh = tp.icsk_ca_ops->ssthresh(tp);
}

void tcp_enter_recovery(tcp_sock& tp) noexcept {
  tp.net->count(tp.sack_ok ? mib::sack_recovery : mib::reno_recovery);
  tcp_init_cwnd_reduction(tp);
  tp.icsk_ca_state = tcp_ca::recovery;
  trace(tp, tracepoint::tcp_enter_recovery);
}

/// All that was in flight when recovery began is acknowledged.
void tcp_leave_recovery(tcp_sock& tp) noexcept {
  if (!tp.sack_ok) tcp_reset_reno_sack(tp);
  if (tp.icsk_ca_state == tcp_ca::recovery || tp.icsk_ca_state == tcp_ca::cwr) tp.snd_cwnd = tp.snd_ssthresh;
  tcp_rack_recovery_over(tp);
  tp.icsk_ca_state = tcp_ca::open;
  tp.retrans_stamp_set = false;
  trace(tp, tracepoint::tcp_end_cwnd_reduction);
}

void tcp_process_recovery(tcp_sock& tp, ack_news& news) noexcept {
  if (!tp.sack_ok) {
    if (!news.una_advanced && news.is_dupack()) tcp_add_reno_sack(tp, news);
    if (news.una_advanced) tcp_newreno_mark_lost(tp, news);
    return;
  }
  tcp_update_scoreboard(tp, news);
  tcp_rack_mark_lost(tp, news);
  // Every retransmission was answered and the ACK still stops at the head: it is missing too, though too little was
  // SACKed above it.
  if (news.una_advanced && tp.retrans_out == 0 && tp.lost_out == 0) tcp_newreno_mark_lost(tp, news);
}

void tcp_process_open(tcp_sock& tp, ack_news& news) noexcept {
  if (tp.sack_ok) {
    tcp_update_scoreboard(tp, news);
    tcp_rack_mark_lost(tp, news);
  } else {
    if (news.una_advanced) tcp_reset_reno_sack(tp);
    if (news.is_dupack()) tcp_add_reno_sack(tp, news);
  }
  if (!tcp_time_to_recover(tp)) {
    tp.icsk_ca_state = tcp_left_out(tp) != 0 ? tcp_ca::disorder : tcp_ca::open;
    return;
  }
  tcp_enter_recovery(tp);
  tcp_newreno_mark_lost(tp, news);
}

}  // namespace

void tcp_mark_skb_lost(tcp_sock& tp, tcp_skb& skb, ack_news& news) noexcept {
  if (skb.sacked || (skb.lost && !skb.retransmitted)) return;
  if (skb.retransmitted) {
    skb.retransmitted = false;
    --tp.retrans_out;
    tp.net->count(mib::lost_retransmit);
  }
  if (!skb.lost) {
    skb.lost = true;
    ++tp.lost_out;
  }
  ++news.newly_lost;
}

void tcp_recover_from_timer(tcp_sock& tp, ack_news& news) noexcept {
  if (tp.icsk_ca_state >= tcp_ca::recovery) return;
  tcp_enter_recovery(tp);
  news.delivered = 1;  // Lets the fast retransmission go (Linux: tcp_rack_reo_timeout).
  tcp_cwnd_reduction(tp, news);
}

void tcp_remove_reno_sacks(tcp_sock& tp, std::uint32_t acked) noexcept {
  // One of them was the hole; the others had duplicate ACKs.
  if (acked == 0) return;
  const std::uint32_t gone = acked - 1;
  tp.sacked_out = gone >= tp.sacked_out ? 0 : tp.sacked_out - gone;
}

void tcp_fastretrans_alert(tcp_sock& tp, ack_news& news) {
  if (tp.packets_out == 0) tp.sacked_out = 0;
  if (tp.icsk_ca_state == tcp_ca::recovery || tp.icsk_ca_state == tcp_ca::loss || tp.icsk_ca_state == tcp_ca::cwr) {
    // RFC 6582 section 4.1: without SACK duplicate ACKs right after recovery may be echoes of it.
    const bool over = tp.sack_ok || tp.icsk_ca_state != tcp_ca::recovery ? !before(tp.snd_una, tp.high_seq)
                                                                         : after(tp.snd_una, tp.high_seq);
    if (over || tp.packets_out == 0) {
      tcp_leave_recovery(tp);
    }
  }
  switch (tp.icsk_ca_state) {
    case tcp_ca::recovery:
      tcp_process_recovery(tp, news);
      break;
    case tcp_ca::loss:
      if (tp.sack_ok) {
        tcp_update_scoreboard(tp, news);
        tcp_rack_mark_lost(tp, news);
      } else if (news.is_dupack() && !news.una_advanced) {
        tcp_add_reno_sack(tp, news);
      }
      break;
    default:
      tcp_process_open(tp, news);
      break;
  }
}

void tcp_cwnd_reduction(tcp_sock& tp, const ack_news& news) noexcept {
  if (news.delivered == 0 || tp.prior_cwnd == 0) return;
  const auto in_flight = static_cast<std::int64_t>(tcp_packets_in_flight(tp));
  const std::int64_t room = static_cast<std::int64_t>(tp.snd_ssthresh) - in_flight;
  tp.prr_delivered += news.delivered;
  std::int64_t send = 0;
  if (room < 0) {
    const std::uint64_t share = (std::uint64_t{tp.snd_ssthresh} * tp.prr_delivered + tp.prior_cwnd - 1) / tp.prior_cwnd;
    send = static_cast<std::int64_t>(share) - tp.prr_out;
  } else {
    send = std::max<std::int64_t>(static_cast<std::int64_t>(tp.prr_delivered) - tp.prr_out, news.delivered);
    if (news.una_advanced && news.newly_lost == 0) ++send;
    send = std::min(room, send);
  }
  // The fast retransmission itself always goes.
  send = std::max<std::int64_t>(send, tp.prr_out == 0 ? 1 : 0);
  tp.snd_cwnd = static_cast<std::uint32_t>(in_flight + send);
}

void tcp_reduce_cwnd_at_once(tcp_sock& tp) noexcept {
  tcp_init_cwnd_reduction(tp);
  tp.snd_cwnd = tp.snd_ssthresh;
  tp.icsk_ca_state = tcp_left_out(tp) != 0 ? tcp_ca::disorder : tcp_ca::open;
}

void tcp_enter_loss(tcp_sock& tp) {
  tp.tlp_out = false;
  // A repeated timeout of the same flight lowers ssthresh no further (RFC 5681 3.1 equation 4).
  if (tp.icsk_ca_state <= tcp_ca::disorder || !after(tp.high_seq, tp.snd_una) ||
      (tp.icsk_ca_state == tcp_ca::loss && tp.icsk_retransmits == 0)) {
    tp.prior_cwnd = tp.snd_cwnd;
    tp.snd_ssthresh = tp.icsk_ca_ops->ssthresh(tp);
  }
  // A receiver that dropped what it had SACKed shows by not acknowledging it at the head (RFC 2018 section 8).
  const tcp_skb* head = tp.sk_write_queue.rtx_head();
  const bool reneged = head != nullptr && head->sacked;
  if (!tp.sack_ok || reneged) tp.sacked_out = 0;
  tp.lost_out = 0;
  tp.retrans_out = 0;
  for (tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr && skb != tp.sk_write_queue.send_head();
       skb = skb->next) {
    if (reneged) skb->sacked = false;
    skb->retransmitted = false;
    skb->lost = !skb->sacked;
    if (skb->lost) ++tp.lost_out;
  }
  tp.snd_cwnd = tcp_packets_in_flight(tp) + 1;
  tp.snd_cwnd_cnt = 0;
  tp.icsk_ca_ops->enter_loss(tp);
  tp.high_seq = tp.snd_nxt;
  tp.icsk_ca_state = tcp_ca::loss;
  trace(tp, tracepoint::tcp_enter_loss);
}

void tcp_init_transfer(tcp_sock& tp) {
  // RFC 5681 3.1: who lost a SYN more than once starts carefully.
  tp.snd_cwnd = tp.total_retrans > 1 ? 1 : tp.net->config.tcp_initial_cwnd;
  tp.snd_cwnd_cnt = 0;
  tp.snd_ssthresh = 0x7fffffff;
  tp.icsk_ca_state = tcp_ca::open;
  tp.reordering =
      static_cast<std::uint8_t>(std::clamp<std::uint32_t>(tp.net->config.tcp_reordering, 1, tcp_max_reordering));
  tp.retrans_stamp_set = false;
  tp.high_seq = tp.snd_una;
  tp.tlp_out = false;
  tp.rack = {};
  tp.reord_seen = false;
  tp.icsk_ca_ops->init(tp);
}

}  // namespace fourtuple::tcp
