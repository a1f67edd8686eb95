// SPDX-License-Identifier: Apache-2.0
// Acknowledgements and window updates from the peer (RFC 9293 3.10.7.4 fifth; Linux: tcp_ack).
#include <algorithm>

#include "host/tcp/tcp_ack_flight.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rack.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

bool tcp_may_update_window(const tcp_sock& tp, std::uint32_t ack, std::uint32_t seq, std::uint32_t window) noexcept {
  return after(ack, tp.snd_una) || after(seq, tp.snd_wl1) ||
         (seq == tp.snd_wl1 && (window > tp.snd_wnd || window == 0));
}

void tcp_snd_una_update(tcp_sock& tp, std::uint32_t ack) noexcept {
  tp.bytes_acked += ack - tp.snd_una;
  tp.snd_una = ack;
  tcp_tx_acked(tp);
}

/// The peer answered while its window was closed.
void tcp_ack_probe(tcp_sock& tp) {
  const tcp_skb* head = tp.sk_write_queue.send_head();
  if (head == nullptr) return;
  if (!after(head->end_seq, tcp_wnd_end(tp))) {
    tp.icsk_backoff = 0;
    tp.icsk_probes_tstamp_ms = 0;
    if (tp.icsk_pending == icsk_time::probe0) inet_csk_clear_xmit_timer(tp);
  } else {
    inet_csk_reset_xmit_timer(tp, icsk_time::probe0, tcp_clamp_probe0_to_user_timeout(tp, tcp_probe0_when_us(tp)));
  }
}

/// Where reordering is usual, what arrives out of order is progress as well.
bool tcp_may_raise_cwnd(const tcp_sock& tp, const ack_news& news) noexcept {
  return tp.reordering > tp.net->config.tcp_reordering ? news.is_forward_progress() : news.data_acked;
}

void tcp_cong_control(tcp_sock& tp, std::uint32_t delivered, std::uint32_t newly_lost, const ack_news& news) {
  if (tcp_in_cwnd_reduction(tp)) {
    tcp_cwnd_reduction(tp, delivered, newly_lost, news.una_advanced);
  } else if (tcp_may_raise_cwnd(tp, news)) {
    tcp_cong_avoid(tp, delivered);
    tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  }
  tcp_update_pacing_rate(tp);
}

void tcp_xmit_recovery(tcp_sock& tp, rexmit next) {
  if (next == rexmit::none || tp.skc_state == tcp_state::syn_sent) return;
  if (next == rexmit::fresh_data) {
    tcp_push_pending_frames(tp, tcp_nagle_off);
    // Otherwise there was nothing to send that could show whether the timeout was spurious.
    if (after(tp.snd_nxt, tp.high_seq)) return;
    tp.frto = false;
  }
  tcp_xmit_retransmit_queue(tp);
}

/// An ACK of something that cannot be, or far too old: RFC 5961 section 5.2, RFC 9293 3.10.7.4. Answered, though not
/// each time.
ack_verdict refuse_ack(tcp_sock& tp) {
  tcp_send_challenge_ack(tp);
  return ack_verdict::invalid;
}

/// Late, but its SACK blocks may be news.
ack_verdict old_ack(tcp_sock& tp, const rx_segment& segment) {
  if (!tp.sack_ok || segment.options.sack_block_count == 0) return ack_verdict::old;
  ack_news news;
  rexmit next = rexmit::none;
  tcp_sacktag_write_queue(tp, segment, tp.snd_una, news);
  tcp_count_delivered(tp, news.sack_delivered, false);
  tcp_fastretrans_alert(tp, tp.snd_una, 0, news, next);
  tcp_xmit_recovery(tp, next);
  return ack_verdict::old;
}

/// Nothing was in flight.
void ack_of_nothing(tcp_sock& tp, std::uint32_t prior_snd_una, ack_news& news) {
  rexmit next = rexmit::none;
  if (news.dsacking_ack) tcp_fastretrans_alert(tp, prior_snd_una, 0, news, next);
  tcp_ack_probe(tp);
  tcp_process_tlp_ack(tp, tp.snd_una, news);
}

/// The short way of an ACK on a segment that is there for another reason: nothing is in flight or waits to be sent, and
/// nothing but the window may be new. False, and nothing happened, if there is more to it.
bool tcp_ack_no_news(tcp_sock& tp, const rx_segment& segment) {
  tcp_net& net = *tp.net;
  if (segment.ack_seq != tp.snd_una || tp.sk_write_queue.send_head() != nullptr || tp.tlp_out ||
      segment.options.sack_block_count != 0 || segment.flags.ece || segment.flags.cwr ||
      tp.skc_state == tcp_state::syn_sent || !net.short_ways) {
    return false;
  }
  if (tp.saw_tstamp && !after(segment.seq, tp.rcv_wup)) tcp_store_ts_recent(tp);
  if (segment.seq == segment.end_seq) net.count(mib::pure_acks);
  static_cast<void>(tcp_ack_update_window(tp, segment));
  tp.sk_err_soft = 0;
  tp.icsk_probes_out = 0;
  tp.rcv_tstamp_ms = net.now_ms();
  tp.icsk_ca_ops->in_ack_event(tp, false);
  return true;
}

/// What the ACK says about windows, SACK and ECN, before anything leaves the queue.
void read_ack(tcp_sock& tp, const rx_segment& segment, bool slow_path, std::uint32_t prior_snd_una, ack_news& news) {
  if (!slow_path && news.una_advanced) {
    // As predicted: the window is what it was, and there are no options that say more.
    tp.snd_wl1 = segment.seq;
    tcp_snd_una_update(tp, segment.ack_seq);
    news.window_update = true;
    tp.net->count(mib::hp_acks);
    return;
  }
  news.data = segment.seq != segment.end_seq;
  if (!news.data) tp.net->count(mib::pure_acks);
  if (tcp_ack_update_window(tp, segment)) news.window_update = true;
  tcp_snd_una_update(tp, segment.ack_seq);
  news.ece = tcp_rcv_ecn_echo(tp, segment.flags);
  if (tp.sack_ok && segment.options.sack_block_count != 0) {
    tcp_sacktag_write_queue(tp, segment, prior_snd_una, news);
    tcp_count_delivered(tp, news.sack_delivered, news.ece);
  }
}

bool tcp_ack_is_dubious(const tcp_sock& tp, const ack_news& news) noexcept {
  return !news.is_not_dup() || news.is_ca_alert() || tp.icsk_ca_state != tcp_ca::open;
}

}  // namespace

void tcp_fast_path_check(tcp_sock& tp) noexcept {
  if (tp.out_of_order_queue.empty() && !tcp_urg_data(tp) && tp.rcv_wnd != 0 && sk_rmem_alloc(tp) < tp.sk_rcvbuf) {
    tp.header_prediction = tp.snd_wnd != 0 && tp.net->short_ways;
  }
}

bool tcp_ack_update_window(tcp_sock& tp, const rx_segment& segment) noexcept {
  const std::uint32_t window = segment.flags.syn ? segment.window : std::uint32_t{segment.window} << tp.snd_wscale;
  if (!tcp_may_update_window(tp, segment.ack_seq, segment.seq, window)) return false;
  tp.snd_wl1 = segment.seq;
  if (window == tp.snd_wnd) return true;
  tp.snd_wnd = window;
  tcp_fast_path_check(tp);
  tcp_max_window_update(tp, window);
  return true;
}

ack_verdict tcp_ack(tcp_sock& tp, const rx_segment& segment, bool slow_path) {
  if (slow_path && (tp.packets_out != 0 ? tcp_ack_flight_slow(tp, segment) : tcp_ack_no_news(tp, segment))) {
    return ack_verdict::good;
  }
  const std::uint32_t prior_snd_una = tp.snd_una;
  const std::uint32_t ack = segment.ack_seq;
  if (before(ack, prior_snd_una)) {
    // RFC 5961 5.2; older than anything that was ever acknowledged it cannot be.
    const auto most = static_cast<std::uint32_t>(std::min<std::uint64_t>(tp.max_window, tp.bytes_acked));
    if (before(ack, prior_snd_una - most)) return refuse_ack(tp);
    return old_ack(tp, segment);
  }
  if (after(ack, tp.snd_nxt)) return refuse_ack(tp);

  ack_news news;
  news.una_advanced = after(ack, prior_snd_una);
  if (news.una_advanced) tp.icsk_retransmits = 0;
  const std::uint32_t prior_packets = tp.packets_out;
  const std::uint32_t prior_delivered = tp.delivered;
  const std::uint32_t prior_delivered_ce = tp.delivered_ce;
  const std::uint32_t prior_lost = tp.lost;
  const std::uint32_t prior_fack = tp.sack_ok ? tcp_highest_sack_seq(tp) : tp.snd_una;
  // RFC 7323 4.3: before anything is sent that echoes it.
  if (slow_path && tp.skc_state != tcp_state::syn_sent && tp.saw_tstamp && !after(segment.seq, tp.rcv_wup)) {
    tcp_store_ts_recent(tp);
  }
  read_ack(tp, segment, slow_path, prior_snd_una, news);
  tcp_ecn_accept_cwr(tp, segment);
  tp.sk_err_soft = 0;
  tp.icsk_probes_out = 0;
  tp.rcv_tstamp_ms = tp.net->now_ms();
  if (prior_packets == 0) {
    ack_of_nothing(tp, prior_snd_una, news);
    tp.icsk_ca_ops->in_ack_event(tp, news.ece);
    return ack_verdict::good;
  }

  tcp_clean_rtx_queue(tp, prior_fack, news);
  tcp_rack_update_reo_wnd(tp, news.rate);
  tp.icsk_ca_ops->in_ack_event(tp, news.ece);
  tcp_process_tlp_ack(tp, ack, news);
  rexmit next = rexmit::none;
  if (tcp_ack_is_dubious(tp, news)) {
    const bool duplicate = !news.una_advanced && !news.is_not_dup() && !news.dsacking_ack;
    tcp_fastretrans_alert(tp, prior_snd_una, duplicate ? 1 : 0, news, next);
  }
  if (news.set_xmit_timer && !tcp_schedule_loss_probe(tp, true)) tcp_rearm_rto(tp);
  const std::uint32_t delivered = tp.delivered - prior_delivered;
  tp.net->count(mib::delivered, delivered);
  tp.net->count(mib::delivered_ce, tp.delivered_ce - prior_delivered_ce);
  tcp_rate_gen(tp, tp.net->mstamp(), delivered, tp.is_sack_reneg, news.rate);
  tcp_cong_control(tp, delivered, tp.lost - prior_lost, news);
  tcp_xmit_recovery(tp, next);
  trace(tp, tracepoint::tcp_probe, segment);
  return ack_verdict::good;
}

}  // namespace fourtuple::tcp
