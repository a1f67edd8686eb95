// SPDX-License-Identifier: Apache-2.0
// RACK (RFC 8985 section 6): a segment is lost if one that was sent later has arrived, and time enough has passed for
// it to arrive late.
#include <algorithm>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint8_t reo_wnd_persist_recoveries = 16;  // RFC 8985 6.2 step 4

/// RFC 8985 6.2, RACK_sent_after.
bool sent_after(std::uint64_t time1_ns, std::uint32_t end_seq1, std::uint64_t time2_ns,
                std::uint32_t end_seq2) noexcept {
  return time1_ns > time2_ns || (time1_ns == time2_ns && after(end_seq1, end_seq2));
}

/// RFC 8985 6.2 step 4, RACK_update_reo_wnd, without what DSACKs do to it.
std::uint32_t reo_wnd_us(const tcp_sock& tp) noexcept {
  if (!tp.reord_seen && (tp.icsk_ca_state >= tcp_ca::recovery || tp.sacked_out >= tp.reordering)) return 0;
  const std::uint64_t window = std::uint64_t{tp.rtt_min_us >> 2} * tp.rack.reo_wnd_mult;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(window, tp.srtt_us >> 3));
}

/// Marks what is lost by now; how long it takes until the last of the others would be, 0 if there are none.
std::uint32_t tcp_rack_detect_loss(tcp_sock& tp, ack_news& news) noexcept {
  const std::uint64_t now = tp.net->now_ns();
  const std::uint32_t window_us = reo_wnd_us(tp);
  std::int64_t longest_us = 0;
  for (tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr && skb != tp.sk_write_queue.send_head();
       skb = skb->next) {
    if (skb->sacked || (skb->lost && !skb->retransmitted)) continue;
    if (!sent_after(tp.rack.mstamp_ns, tp.rack.end_seq, skb->sent_at_ns, skb->end_seq)) continue;
    const auto age_us = static_cast<std::int64_t>((now - skb->sent_at_ns) / base::ns_per_us);
    const std::int64_t left_us = std::int64_t{tp.rack.rtt_us} + window_us - age_us;
    if (left_us <= 0) {
      tcp_mark_skb_lost(tp, *skb, news);
    } else {
      longest_us = std::max(longest_us, left_us);
    }
  }
  return static_cast<std::uint32_t>(longest_us);
}

}  // namespace

void tcp_rack_advance(tcp_sock& tp, const tcp_skb& skb) noexcept {
  const auto rtt_us = static_cast<std::uint32_t>((tp.net->now_ns() - skb.sent_at_ns) / base::ns_per_us);
  // RFC 8985 6.2 step 2: so soon it must be the original that arrived, not the retransmission.
  if (skb.ever_retransmitted && rtt_us < tp.rtt_min_us) return;
  tp.rack.advanced = true;
  tp.rack.rtt_us = rtt_us;
  if (sent_after(skb.sent_at_ns, skb.end_seq, tp.rack.mstamp_ns, tp.rack.end_seq)) {
    tp.rack.mstamp_ns = skb.sent_at_ns;
    tp.rack.end_seq = skb.end_seq;
  }
}

void tcp_rack_mark_lost(tcp_sock& tp, ack_news& news) {
  if (!tp.rack.advanced || (tp.net->config.tcp_recovery & 1) == 0) return;
  tp.rack.advanced = false;
  const std::uint32_t timeout_us = tcp_rack_detect_loss(tp, news);
  if (timeout_us == 0) return;
  news.reo_timer_armed = true;
  inet_csk_reset_xmit_timer(tp, icsk_time::reo_timeout, std::min(timeout_us + tcp_timeout_min_us, tp.icsk_rto_us));
}

void tcp_rack_reo_timeout(tcp_sock& tp) {
  ack_news news;
  static_cast<void>(tcp_rack_detect_loss(tp, news));
  if (news.newly_lost != 0) {
    tcp_recover_from_timer(tp, news);
    tcp_xmit_retransmit_queue(tp);
  }
  if (tp.icsk_pending == icsk_time::retrans || tp.packets_out == 0) return;
  // Nothing was sent that started the RTO: what is left of it goes on.
  const std::int64_t left_us = std::max<std::int64_t>(tcp_rto_delta_us(tp), 1);
  inet_csk_reset_xmit_timer(tp, icsk_time::retrans, static_cast<std::uint32_t>(left_us));
}

void tcp_rack_dsack_seen(tcp_sock& tp) noexcept {
  // Once a round trip: what is reported was all sent too early by the same mistake.
  if (tp.rack.dsack_round_open && before(tp.snd_una, tp.rack.dsack_round)) return;
  tp.rack.dsack_round_open = true;
  tp.rack.dsack_round = tp.snd_nxt;
  tp.rack.reo_wnd_mult = static_cast<std::uint8_t>(std::min(tp.rack.reo_wnd_mult + 1, 255));
  tp.rack.reo_wnd_persist = reo_wnd_persist_recoveries;
}

void tcp_rack_recovery_over(tcp_sock& tp) noexcept {
  if (tp.rack.reo_wnd_persist > 0 && --tp.rack.reo_wnd_persist == 0) tp.rack.reo_wnd_mult = 1;
}

}  // namespace fourtuple::tcp
