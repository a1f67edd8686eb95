// SPDX-License-Identifier: Apache-2.0
// Acknowledgements and window updates from the peer (RFC 9293 3.10.7.4 fifth; Linux: tcp_ack).
#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

bool tcp_may_update_window(const tcp_sock& tp, std::uint32_t ack, std::uint32_t seq, std::uint32_t window) noexcept {
  return after(ack, tp.snd_una) || after(seq, tp.snd_wl1) ||
         (seq == tp.snd_wl1 && (window > tp.snd_wnd || window == 0));
}

void tcp_ack_update_window(tcp_sock& tp, const rx_segment& segment, ack_news& news) noexcept {
  const std::uint32_t window = segment.flags.syn ? segment.window : std::uint32_t{segment.window} << tp.snd_wscale;
  if (!tcp_may_update_window(tp, segment.ack_seq, segment.seq, window)) return;
  news.window_update = window != tp.snd_wnd;
  tp.snd_wl1 = segment.seq;
  if (!news.window_update) return;
  tp.snd_wnd = window;
  tcp_fast_path_check(tp);
  if (window > tp.max_window) {
    tp.max_window = window;
    tcp_sync_mss(tp, tcp_route_mtu(tp));
  }
}

void forget_marks(tcp_sock& tp, const tcp_skb& skb) noexcept {
  if (skb.sacked) --tp.sacked_out;
  if (skb.lost) --tp.lost_out;
  if (skb.retransmitted) --tp.retrans_out;
}

/// Takes what is acknowledged off the queue. The time the first of it was sent, unless that is ambiguous (RFC 6298 3).
std::optional<std::uint64_t> tcp_clean_rtx_queue(tcp_sock& tp, ack_news& news) noexcept {
  std::optional<std::uint64_t> sent_at;
  bool retransmitted = false;
  std::uint32_t newly_delivered = 0;
  while (tcp_skb* skb = tp.sk_write_queue.rtx_head()) {
    if (after(skb->end_seq, tp.snd_una)) {
      // Part of a segment was acknowledged: the rest keeps its marks.
      if (after(tp.snd_una, skb->seq) && skb->len != 0) {
        tp.sk_write_queue.trim_head(std::min(tp.snd_una - skb->seq, skb->len));
        news.data_acked = true;
      }
      break;
    }
    if (!skb->sacked) {
      ++newly_delivered;
      if (tp.sack_ok) tcp_rack_advance(tp, *skb);
    }
    ++news.acked;
    (skb->syn ? news.syn_acked : news.data_acked) = true;
    if (skb->ever_retransmitted) {
      retransmitted = true;
    } else if (!sent_at) {
      sent_at = skb->sent_at_ns;
    }
    if (tp.sack_ok) {
      forget_marks(tp, *skb);
    } else {
      if (skb->lost) --tp.lost_out;
      if (skb->retransmitted) --tp.retrans_out;
    }
    --tp.packets_out;
    tp.sk_write_queue.pop_front();
  }
  if (!tp.sack_ok && news.acked != 0) {
    // Duplicate ACKs have announced all but one of them.
    newly_delivered = std::max(news.acked - std::min(news.acked, tp.sacked_out), 1U);
    tcp_remove_reno_sacks(tp, news.acked);
  }
  tp.delivered += newly_delivered;
  news.delivered += newly_delivered;
  tp.sacked_out = std::min(tp.sacked_out, tp.packets_out - std::min(tp.packets_out, tp.lost_out));
  return retransmitted ? std::nullopt : sent_at;
}

/// RFC 6298 2 and 3; RFC 7323 4.1: with timestamps an ACK of a retransmission is a sample as well.
void tcp_ack_update_rtt(tcp_sock& tp, std::optional<std::uint64_t> sent_at, const ack_news& news) noexcept {
  if (news.acked == 0) return;
  std::uint32_t rtt_us = 0;
  if (sent_at) {
    rtt_us = static_cast<std::uint32_t>((tp.net->now_ns() - *sent_at) / base::ns_per_us);
    tp.icsk_ca_ops->pkts_acked(tp, rtt_us);
  } else if (tp.saw_tstamp && tp.rcv_tsecr != 0) {
    const std::uint32_t delta_ms = tcp_time_stamp(tp) - tp.rcv_tsecr;
    if (delta_ms > tp.net->config.tcp_rto_max_ms) return;
    rtt_us = std::max<std::uint32_t>(delta_ms, 1) * 1000;
  } else {
    return;
  }
  tp.rtt_min_us = std::min(tp.rtt_min_us, rtt_us);
  tcp_rtt_estimator(tp, rtt_us);
  tcp_set_rto(tp);
  tp.icsk_backoff = 0;
}

/// The peer answered while its window was closed (Linux: tcp_ack_probe).
void tcp_ack_probe(tcp_sock& tp) {
  const tcp_skb* head = tp.sk_write_queue.send_head();
  if (head == nullptr) {
    if (tp.icsk_pending == icsk_time::probe0) inet_csk_clear_xmit_timer(tp);
    return;
  }
  if (!after(head->end_seq, tcp_wnd_end(tp))) {
    tp.icsk_backoff = 0;
    if (tp.icsk_pending == icsk_time::probe0) inet_csk_clear_xmit_timer(tp);
  } else {
    const std::uint64_t when = std::uint64_t{tcp_probe0_base_us(tp)} << tp.icsk_backoff;
    const std::uint64_t most = std::uint64_t{tp.net->config.tcp_rto_max_ms} * 1000;
    inet_csk_reset_xmit_timer(tp, icsk_time::probe0, static_cast<std::uint32_t>(std::min(when, most)));
  }
}

void tcp_cong_control(tcp_sock& tp, const ack_news& news) noexcept {
  if (tp.icsk_ca_state == tcp_ca::recovery || tp.icsk_ca_state == tcp_ca::cwr) {
    tcp_cwnd_reduction(tp, news);
  } else if (news.acked != 0 && news.delivered != 0) {
    // What was SACKed before was counted then.
    tp.icsk_ca_ops->cong_avoid(tp, news.delivered);
  }
}

/// An ACK of something that cannot be: RFC 5961 section 5.2, RFC 9293 3.10.7.4.
ack_verdict refuse_ack(tcp_sock& tp, const rx_segment& segment, bool too_old) {
  if (too_old) {
    tcp_send_challenge_ack(tp);
  } else {
    tcp_send_dupack(tp, segment);
  }
  return ack_verdict::invalid;
}

}  // namespace

void tcp_fast_path_check(tcp_sock& tp) noexcept {
  tp.header_prediction = tp.out_of_order_queue.empty() && tp.rcv_wnd != 0 && tp.snd_wnd != 0 &&
                         tp.sk_receive_queue.bytes() < tcp_win_from_space(tp.sk_rcvbuf);
}

ack_verdict tcp_ack(tcp_sock& tp, const rx_segment& segment, bool slow_path) {
  ack_news news;
  const std::uint32_t prior_snd_una = tp.snd_una;
  const std::uint32_t ack = segment.ack_seq;
  const std::uint32_t prior_packets = tp.packets_out;

  if (before(ack, prior_snd_una)) {
    if (before(ack, prior_snd_una - std::max(tp.max_window, 1U))) return refuse_ack(tp, segment, true);
    // Late, but its SACK blocks may be news.
    if (tp.sack_ok && segment.options.sack_block_count != 0 && prior_packets != 0) {
      tcp_sacktag_write_queue(tp, segment, news);
      tcp_fastretrans_alert(tp, news);
      tcp_cong_control(tp, news);
      tcp_xmit_retransmit_queue(tp);
    }
    return ack_verdict::old;
  }
  if (after(ack, tp.snd_nxt)) return refuse_ack(tp, segment, false);

  news.data = !segment.payload.empty() || segment.flags.fin;
  news.una_advanced = after(ack, prior_snd_una);
  if (news.una_advanced) tp.icsk_retransmits = 0;
  if (slow_path || !tp.header_prediction) {
    tcp_ack_update_window(tp, segment, news);
  } else {
    tp.snd_wl1 = segment.seq;
  }
  tp.snd_una = ack;
  tp.sk_err_soft = 0;
  tp.icsk_probes_out = 0;
  tp.rcv_tstamp_ns = tp.net->now_ns();
  if (prior_packets == 0) {
    tcp_ack_probe(tp);
    return ack_verdict::good;
  }

  if (tp.sack_ok && segment.options.sack_block_count != 0) tcp_sacktag_write_queue(tp, segment, news);
  const auto sent_at = tcp_clean_rtx_queue(tp, news);
  tcp_ack_update_rtt(tp, sent_at, news);
  if (tp.packets_out == 0 && tp.sk_write_queue.send_head() != nullptr) tcp_ack_probe(tp);
  tcp_process_tlp_ack(tp, news);
  if (news.is_dupack() || news.data_sacked || tp.icsk_ca_state != tcp_ca::open) tcp_fastretrans_alert(tp, news);
  tcp_cong_control(tp, news);
  if (news.una_advanced && !news.reo_timer_armed && !tcp_schedule_loss_probe(tp, true)) tcp_rearm_rto(tp);
  if (tp.icsk_ca_state == tcp_ca::recovery || tp.icsk_ca_state == tcp_ca::loss) tcp_xmit_retransmit_queue(tp);
  trace(tp, tracepoint::tcp_probe, segment);
  return ack_verdict::good;
}

}  // namespace fourtuple::tcp
