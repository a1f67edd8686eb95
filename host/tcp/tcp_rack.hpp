// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_seq.hpp"

// What RACK learns from each segment that arrives (RFC 8985 section 6.2). What it does with that is in tcp_rack.cpp.
namespace fourtuple::tcp {

inline constexpr std::uint8_t tcp_rack_recovery_thresh = 16;     ///< RFC 8985 6.2 step 4
inline constexpr std::uint32_t tcp_recovery_static_reo_wnd = 2;  ///< A bit of tcp_recovery.

/// RFC 8985 6.2, RACK_sent_after.
[[nodiscard]] inline bool tcp_rack_sent_after(std::uint64_t time1_ns, std::uint32_t end_seq1, std::uint64_t time2_ns,
                                              std::uint32_t end_seq2) noexcept {
  return time1_ns > time2_ns || (time1_ns == time2_ns && after(end_seq1, end_seq2));
}

/// `skb` is newly acknowledged or SACKed.
[[gnu::always_inline]] inline void tcp_rack_advance(tcp_sock& tp, const tcp_skb& skb, const tcp_mstamp& now) noexcept {
  const auto rtt_us = static_cast<std::uint32_t>((now.ns - skb.sent_at_ns) / base::ns_per_us);
  // RFC 8985 6.2 step 2: so soon it must be the original that arrived, not the retransmission.
  if (skb.ever_retransmitted && rtt_us < tp.rtt_min_us) return;
  tp.rack.advanced = true;
  tp.rack.rtt_us = rtt_us;
  if (tcp_rack_sent_after(skb.sent_at_ns, skb.end_seq, tp.rack.mstamp_ns, tp.rack.end_seq)) {
    tp.rack.mstamp_ns = skb.sent_at_ns;
    tp.rack.end_seq = skb.end_seq;
  }
}

/// RFC 8985 6.2 step 4: DSACKs make it wait longer.
[[gnu::always_inline]] inline void tcp_rack_update_reo_wnd(tcp_sock& tp, const rate_sample& sample) noexcept {
  // As it is while no DSACK has come.
  if (tp.rack.reo_wnd_steps == 1 && tp.rack.reo_wnd_persist == 0 && !tp.rack.dsack_seen) [[likely]]
    return;
  if ((tp.net->config.tcp_recovery & tcp_recovery_static_reo_wnd) != 0 || sample.prior_delivered == 0) return;
  // Once a round trip: what is reported was all sent too early by the same mistake.
  if (before(sample.prior_delivered, tp.rack.last_delivered)) tp.rack.dsack_seen = false;
  if (tp.rack.dsack_seen) [[unlikely]] {
    tp.rack.dsack_seen = false;
    tp.rack.reo_wnd_steps = static_cast<std::uint8_t>(std::min(tp.rack.reo_wnd_steps + 1, 255));
    tp.rack.last_delivered = tp.delivered;
    tp.rack.reo_wnd_persist = tcp_rack_recovery_thresh;
  } else if (tp.rack.reo_wnd_persist == 0) {
    tp.rack.reo_wnd_steps = 1;
  }
}

}  // namespace fourtuple::tcp
