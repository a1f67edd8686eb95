// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>
#include <span>

#include "host/tcp/tcp_ack_flight.hpp"
#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"

// Header prediction (Linux: the first half of tcp_rcv_established). In line, so that of a segment that is known to be
// the usual one nothing is asked twice, and nothing is written down that is not needed: tcp_early_demux.cpp.
namespace fourtuple::tcp {

/// The segment that was expected: next in sequence, an ACK of nothing strange, the window as it was.
[[nodiscard]] inline bool tcp_is_predicted(const tcp_sock& tp, const rx_segment& segment) noexcept {
  packet::tcp_flags flags = segment.flags;
  flags.psh = false;
  return tp.header_prediction && flags.bits() == packet::tcp_flags{.ack = true}.bits() && segment.seq == tp.rcv_nxt &&
         between(segment.ack_seq, tp.snd_una, tp.snd_nxt) && segment.options.sack_block_count == 0 &&
         std::uint32_t{segment.window} << tp.snd_wscale == tp.snd_wnd &&
         segment.options.timestamps.has_value() == tp.tstamp_ok;
}

/// A segment that is predicted, but perhaps for its window, and has no options but aligned timestamps, while nobody
/// listens to tracepoints: what of it is not known beforehand. Where an rx_segment would do, too, this costs only what
/// is used of it.
struct usual_segment {
  std::uint32_t seq = 0;
  std::uint32_t end_seq = 0;
  std::uint32_t ack_seq = 0;
  packet::tcp_flags flags;  ///< ACK, and perhaps PSH.
  std::uint8_t ecn = 0;
  std::span<const std::byte> payload;

  static constexpr std::uint16_t gso_size = 0;
  static constexpr std::span<const std::span<const std::byte>> frag_list{};
  static constexpr std::uint32_t trimmed_bytes = 0;
  static constexpr std::uint32_t tcp_bytes = packet::tcp_header::bytes + packet::aligned_timestamps_bytes;
  [[nodiscard]] static constexpr std::uint32_t tcp_header_bytes() noexcept { return tcp_bytes; }
  [[nodiscard]] static constexpr std::uint32_t header_bytes() noexcept {
    return tcp_bytes + packet::ipv4_header::min_bytes;
  }
  [[nodiscard]] std::uint32_t bytes() const noexcept { return static_cast<std::uint32_t>(payload.size()); }
  [[nodiscard]] std::uint32_t skb_bytes() const noexcept { return bytes(); }
};

/// One whose window is news.
struct usual_segment_with_window : usual_segment {
  std::uint32_t window = 0;  ///< Scaled.
};

inline void trace(const tcp_sock&, tracepoint, const usual_segment&) noexcept {}

[[nodiscard]] inline bool tcp_has_timestamps(const tcp_sock& tp, const rx_segment&) noexcept { return tp.tstamp_ok; }
[[nodiscard]] constexpr bool tcp_has_timestamps(const tcp_sock&, const usual_segment&) noexcept { return true; }

/// Whether the window is all that is not predicted of a segment with data that acknowledges all that is in flight. In
/// Linux that goes the long way, in which the ACK is looked at before the data.
[[nodiscard]] inline bool tcp_takes_window(const tcp_sock& tp, const usual_segment_with_window& segment) noexcept {
  return segment.window != 0 && !segment.payload.empty() && tcp_flight_acked(tp, segment.ack_seq) != nullptr;
}
[[nodiscard]] constexpr bool tcp_has_new_window(const rx_segment&) noexcept { return false; }
[[nodiscard]] constexpr bool tcp_has_new_window(const usual_segment&) noexcept { return false; }
[[nodiscard]] constexpr bool tcp_has_new_window(const usual_segment_with_window&) noexcept { return true; }
inline void tcp_ack_with_window(tcp_sock&, const rx_segment&, const tcp_mstamp&) noexcept {}
inline void tcp_ack_with_window(tcp_sock&, const usual_segment&, const tcp_mstamp&) noexcept {}
/// The ACK of a segment that tcp_takes_window; what it lets go is still to be sent.
inline void tcp_ack_with_window(tcp_sock& tp, const usual_segment_with_window& segment, const tcp_mstamp& now) {
  tp.snd_wnd = segment.window;
  tcp_max_window_update(tp, segment.window);
  tcp_ack_flight(tp, tp.sk_write_queue.rtx_head(), segment.seq, now);
  trace(tp, tracepoint::tcp_probe, segment);
}

/// The bytes of a unit that GRO made into the receive queue, behind those of its first segment, which are there.
void tcp_queue_frag_list(tcp_sock& tp, rx_segment& unit) noexcept;
inline void tcp_queue_frag_list(tcp_sock&, usual_segment&) noexcept {}

/// tcp_ack for what does not take a whole flight.
ack_verdict tcp_ack_predicted(tcp_sock& tp, const rx_segment& segment);
ack_verdict tcp_ack_usual(tcp_sock& tp, std::span<const std::byte> payload, std::uint32_t ack_seq,
                          packet::tcp_flags flags, std::uint8_t ecn);
[[gnu::always_inline]] inline ack_verdict tcp_ack_predicted(tcp_sock& tp, const usual_segment& segment) {
  return tcp_ack_usual(tp, segment.payload, segment.ack_seq, segment.flags, segment.ecn);
}

[[gnu::always_inline]] inline ack_verdict tcp_ack_on_fast_path(tcp_sock& tp, const auto& segment,
                                                               const tcp_mstamp& now) {
  tcp_skb* skb = tcp_flight_acked(tp, segment.ack_seq);
  if (skb == nullptr) [[unlikely]]
    return tcp_ack_predicted(tp, segment);
  tcp_ack_flight(tp, skb, segment.seq, now);
  tp.net->count(mib::hp_acks);
  trace(tp, tracepoint::tcp_probe, segment);
  return ack_verdict::good;
}

/// Whether pages are there for a segment (Linux: sk_forward_alloc). Only out of those that the sock has: whoever takes
/// another looks at the limits. For a unit that is done here, since the long way would take it apart.
[[gnu::always_inline]] inline bool tcp_has_room_on_fast_path(tcp_sock& tp, const auto& segment,
                                                             std::uint32_t truesize) {
  if (sk_mem_used(tp) + truesize <= tp.sk_mem_reserved) [[likely]]
    return true;
  return !segment.frag_list.empty() && sk_rmem_alloc(tp) <= tp.sk_rcvbuf && sk_rmem_schedule(tp, truesize);
}

/// A predicted segment. True if it was all dealt with; false, and nothing happened, if it has to go the long way.
[[gnu::always_inline]] inline bool tcp_rcv_fast_path(tcp_sock& tp, auto& segment, const tcp_mstamp& now) {
  const bool has_timestamps = tcp_has_timestamps(tp, segment);
  if (has_timestamps && static_cast<std::int32_t>(tp.rcv_tsval - tp.ts_recent) < 0) [[unlikely]]
    return false;
  if (segment.payload.empty()) {
    // RFC 7323 4.3: the timestamp to echo is that of the segment at the left edge of what is acknowledged.
    if (has_timestamps && tp.rcv_nxt == tp.rcv_wup) tcp_store_ts_recent(tp, now);
    if (tcp_ack_on_fast_path(tp, segment, now) != ack_verdict::invalid) tcp_data_snd_check(tp);
    return true;
  }
  assert(tp.out_of_order_queue.empty());  // Otherwise header prediction is off.
  if (segment.bytes() > tcp_receive_window(tp)) [[unlikely]]
    return false;
  const skb_charge charge = skb_charge_of(segment);
  const std::uint32_t truesize = charge.truesize + frag_list_truesize(segment);
  if (!tcp_has_room_on_fast_path(tp, segment, truesize) ||
      !tp.sk_receive_queue.append(tp.net->memory, segment.payload, charge)) [[unlikely]] {
    return false;
  }
  if (!segment.frag_list.empty()) tcp_queue_frag_list(tp, segment);
  if (has_timestamps && tp.rcv_nxt == tp.rcv_wup) tcp_store_ts_recent(tp, now);
  tp.net->count(mib::hp_hits);
  const bool has_new_window = tcp_has_new_window(segment);
  if (has_new_window) tcp_ack_with_window(tp, segment, now);
  tcp_rcv_nxt_update(tp, segment.end_seq);
  tcp_event_data_recv(tp, segment, truesize, now);
  if (has_new_window) {
    tcp_data_snd_check(tp);
  } else if (segment.ack_seq != tp.snd_una) {
    static_cast<void>(tcp_ack_on_fast_path(tp, segment, now));
    tcp_data_snd_check(tp);
  }
  if (tcp_ack_may_wait(tp)) [[likely]] {
    tcp_send_delayed_ack(tp, now);
  } else {
    tcp_ack_snd_check(tp);
  }
  tcp_data_ready(tp);
  return true;
}

}  // namespace fourtuple::tcp
