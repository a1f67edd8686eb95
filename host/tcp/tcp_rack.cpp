// SPDX-License-Identifier: Apache-2.0
// RACK (RFC 8985 section 6): a segment is lost if one that was sent later has arrived, and time enough has passed for
// it to arrive late.
#include <algorithm>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rack.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

// A bit of tcp_recovery.
constexpr std::uint32_t no_dupthresh = 4;

/// RFC 8985 6.2 step 4, RACK_update_reo_wnd, without what DSACKs do to it.
std::uint32_t reo_wnd_us(const tcp_sock& tp) noexcept {
  if (tp.reord_seen == 0) {
    // On a path that was never seen to reorder, nothing is waited for where there is cause enough without.
    if (tp.icsk_ca_state >= tcp_ca::recovery) return 0;
    if (tp.sacked_out >= tp.reordering && (tp.net->config.tcp_recovery & no_dupthresh) == 0) return 0;
  }
  const std::uint64_t window = std::uint64_t{tp.rtt_min_us >> 2} * tp.rack.reo_wnd_steps;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(window, tp.srtt_us >> 3));
}

/// Marks what is lost by now; how long it takes until the last of the others would be, 0 if there are none.
std::uint32_t tcp_rack_detect_loss(tcp_sock& tp) noexcept {
  const std::uint32_t window_us = reo_wnd_us(tp);
  std::int64_t longest_us = 0;
  for (tcp_skb *skb = tp.sk_write_queue.oldest_sent(), *next = nullptr; skb != nullptr; skb = next) {
    next = skb->next_sent;
    if (skb->lost && !skb->retransmitted) continue;
    if (!tcp_rack_sent_after(tp.rack.mstamp_ns, tp.rack.end_seq, skb->sent_at_ns, skb->end_seq)) break;
    const std::int64_t left_us = tcp_rack_skb_timeout_us(tp, *skb, window_us);
    if (left_us <= 0) {
      tcp_mark_skb_lost(tp, *skb);
      tp.sk_write_queue.forget_sent(*skb);
    } else {
      longest_us = std::max(longest_us, left_us);
    }
  }
  return static_cast<std::uint32_t>(longest_us);
}

}  // namespace

std::int64_t tcp_rack_skb_timeout_us(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t window_us) noexcept {
  const auto age_us =
      static_cast<std::int64_t>((tp.net->now_ns() - std::min(skb.sent_at_ns, tp.net->now_ns())) / base::ns_per_us);
  return std::int64_t{tp.rack.rtt_us} + window_us - age_us;
}

bool tcp_rack_mark_lost(tcp_sock& tp) {
  if (!tp.rack.advanced) return false;
  tp.rack.advanced = false;
  const std::uint32_t timeout_us = tcp_rack_detect_loss(tp);
  if (timeout_us == 0) return false;
  inet_csk_reset_xmit_timer(tp, icsk_time::reo_timeout, std::min(timeout_us + tcp_timeout_min_us, tp.icsk_rto_us));
  return true;
}

void tcp_rack_reo_timeout(tcp_sock& tp) {
  const std::uint32_t prior_in_flight = tcp_packets_in_flight(tp);
  const std::uint32_t prior_lost = tp.lost;
  static_cast<void>(tcp_rack_detect_loss(tp));
  if (prior_in_flight != tcp_packets_in_flight(tp)) {
    if (tp.icsk_ca_state != tcp_ca::recovery) {
      tcp_enter_recovery(tp, false);
      // As if one had been delivered, which lets the fast retransmission go.
      tcp_cwnd_reduction(tp, 1, tp.lost - prior_lost, false);
    }
    tcp_xmit_retransmit_queue(tp);
  }
  if (tp.icsk_pending != icsk_time::retrans) tcp_rearm_rto(tp);
}

}  // namespace fourtuple::tcp
