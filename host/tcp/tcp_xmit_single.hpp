// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_loss_probe.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_transmit.hpp"

// The short way through tcp_write_xmit: one segment, when there is no other. In line, so that what is known of it is
// not asked.
namespace fourtuple::tcp {

/// RFC 2861: an application that has not filled cwnd for a round trip gives up half of what it did not use.
void tcp_cwnd_application_limited(tcp_sock& tp) noexcept;

/// RFC 7661 in Linux's way: whether the flight has filled cwnd since it was last looked at.
[[gnu::always_inline]] inline void tcp_cwnd_validate(tcp_sock& tp, bool is_cwnd_limited,
                                                     std::uint32_t now_ms) noexcept {
  if (!before(tp.snd_una, tp.cwnd_usage_seq) || is_cwnd_limited ||
      (!tp.is_cwnd_limited && tp.packets_out > tp.max_packets_out)) {
    tp.is_cwnd_limited = is_cwnd_limited;
    tp.max_packets_out = tp.packets_out;
    tp.cwnd_usage_seq = tp.snd_nxt;
  }
  if (tcp_is_cwnd_limited(tp)) {
    tp.snd_cwnd_used = 0;
    tp.snd_cwnd_stamp_ms = now_ms;
    return;
  }
  tp.snd_cwnd_used = std::max(tp.snd_cwnd_used, tp.packets_out);
  const std::uint32_t unused_ms = now_ms - tp.snd_cwnd_stamp_ms;
  if (tp.net->config.tcp_slow_start_after_idle && std::uint64_t{unused_ms} * 1000 >= tp.icsk_rto_us) {
    tcp_cwnd_application_limited(tp);
  }
  // It has written all that the send buffer takes, and that is too little.
  if (tp.sk_write_queue.send_head() == nullptr && tp.write_wanted) tcp_chrono_start(tp, tcp_chrono::sndbuf_limited);
}

[[gnu::always_inline]] inline void tcp_event_data_sent(tcp_sock& tp, std::uint32_t bytes, bool flight_begins,
                                                       std::uint32_t now_ms) {
  if (flight_begins) tp.icsk_ca_ops->tx_start(tp);
  tp.lsndtime_ms = now_ms;
  tp.bytes_sent += bytes;
  // A reply within the delayed ACK's time: a conversation, in which ACKs ride on data.
  if (std::uint64_t{now_ms - tp.icsk_ack.lrcvtime_ms} * 1000 < tp.icsk_ack.ato_us) tp.icsk_ack.pingpong = true;
}

/// Nothing is queued or in flight, and nothing but timestamps is to be said besides: a segment that the peer's window
/// has room for can go by tcp_xmit_single.
[[nodiscard]] inline bool tcp_may_xmit_single(const tcp_sock& tp) noexcept {
  return tp.net->short_ways && tp.sk_write_queue.empty() && tcp_is_plain(tp) && tp.snd_cwnd != 0 &&
         tp.pacing == nullptr && tp.icsk_mtup == nullptr;
}

/// tcp_write_xmit for a queue that held nothing until `skb`, one segment with or without data, was put there, if
/// tcp_may_xmit_single said so before and Nagle does not hold it back. `payload` and `flags` are what skb has, which
/// who has just made it knows.
[[gnu::always_inline]] inline void tcp_xmit_single(tcp_sock& tp, tcp_skb& skb, std::span<const std::byte> payload,
                                                   packet::tcp_flags flags, std::uint32_t mss_now,
                                                   const tcp_mstamp& now) {
  assert(payload.data() == skb.data().data() && payload.size() == skb.len);
  assert(flags.bits() == (packet::tcp_flags{.fin = skb.fin != 0, .psh = skb.psh != 0, .ack = true}).bits());
  const ip::xmit_result result =
      tcp_transmit_plain(tp, {.seq = skb.seq, .flags = flags, .payload = payload, .rcv_nxt = tp.rcv_nxt}, now.ms());
  if (result == ip::xmit_result::busy) [[unlikely]] {
    tcp_wait_for_device(tp);
    return;
  }
  if (result == ip::xmit_result::ok) [[likely]] {
    tcp_event_ack_sent(tp);
    ++tp.segs_out;
  }
  // Only pacing sets times that are yet to come.
  assert(tp.wstamp_ns <= now.ns);
  tp.wstamp_ns = now.ns;
  if (!payload.empty()) {
    tcp_event_data_sent(tp, static_cast<std::uint32_t>(payload.size()), true, now.ms());
    ++tp.data_segs_out;
  }
  skb.sent_at_ns = now.ns;
  tcp_rate_skb_sent(tp, skb, tcp_rate_mstamp_us(now));
  tp.sk_write_queue.sent_alone(skb);
  tp.snd_nxt = skb.end_seq;
  tp.packets_out = 1;
  tp.net->count(mib::orig_data_sent);
  tcp_chrono_start(tp, tcp_chrono::busy, now);
  if (payload.size() < mss_now) tp.snd_sml = skb.end_seq;
  tcp_cwnd_validate(tp, tp.snd_cwnd <= 1, now.ms());
  if (tcp_in_cwnd_reduction(tp)) ++tp.prr_out;
  // The head was sent just now, so the RTO that a probe must not exceed is a whole one.
  if (!tcp_schedule_loss_probe(tp, tp.icsk_rto_us, now)) tcp_rearm_rto(tp);
}

}  // namespace fourtuple::tcp
