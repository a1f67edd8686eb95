// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// How the receive buffer and the window that it is good for grow with what arrives and what is read (Linux:
// tcp_input.c, "Dynamic Right Sizing"). Sizes are bytes. Threads: the stack's.
namespace fourtuple::tcp {

inline constexpr std::uint32_t sock_min_rcvbuf = 2304;  ///< Linux: SOCK_MIN_RCVBUF
inline constexpr std::uint32_t tcp_mss_default = 536;   ///< Linux: TCP_MSS_DEFAULT
inline constexpr std::uint32_t tcp_min_mss = 88;        ///< Linux: TCP_MIN_MSS

/// Bytes of payload that `space` bytes of buffer are good for, and the other way round. scaling_ratio is what of a
/// received segment's memory was payload.
[[nodiscard]] inline std::uint32_t tcp_win_from_space(const tcp_sock& tp, std::uint32_t space) noexcept {
  return static_cast<std::uint32_t>(std::uint64_t{space} * tp.scaling_ratio >> 8);
}
[[nodiscard]] inline std::uint64_t tcp_space_from_win(const tcp_sock& tp, std::uint64_t window) noexcept {
  return (window << 8) / tp.scaling_ratio;
}
[[nodiscard]] inline std::uint32_t tcp_full_space(const tcp_sock& tp) noexcept {
  return tcp_win_from_space(tp, tp.sk_rcvbuf);
}
/// What is left of the buffer, as payload.
[[nodiscard]] inline std::uint32_t tcp_space(const tcp_sock& tp) noexcept {
  const std::uint32_t used = sk_rmem_alloc(tp);
  return used < tp.sk_rcvbuf ? tcp_win_from_space(tp, tp.sk_rcvbuf - used) : 0;
}

/// What a segment is charged for; of a unit that GRO made, its first one.
[[nodiscard]] inline skb_charge skb_charge_of(const auto& segment) noexcept {
  return skb_charge_of(static_cast<std::uint32_t>(segment.payload.size()) + segment.trimmed_bytes,
                       segment.header_bytes());
}
/// What the other segments of a unit are charged for.
[[nodiscard]] inline std::uint32_t frag_list_truesize(const auto& segment) noexcept {
  std::uint32_t truesize = 0;
  for (const auto& more : segment.frag_list) {
    truesize += skb_charge_of(static_cast<std::uint32_t>(more.size()), segment.header_bytes()).truesize;
  }
  return truesize;
}
/// Guesses the peer's segment size from the window and MSS (Linux: tcp_initialize_rcv_mss).
void tcp_initialize_rcv_mss(tcp_sock& tp) noexcept;

// What follows is in line for the sake of small segments, of which there is next to nothing to be learnt.

/// A segment that is shorter than the largest seen: what is full may have become smaller. Two of one size in a row, of
/// which none ends a write, are taken for that.
[[gnu::always_inline]] inline void tcp_measure_short_segment(tcp_sock& tp, const auto& segment, std::uint32_t len,
                                                             std::uint32_t last_size) noexcept {
  constexpr std::uint32_t timestamp_bytes = 12;  // The option and what aligns it.
  icsk_ack_state& ack = tp.icsk_ack;
  const std::uint32_t with_header = len + segment.tcp_header_bytes();
  const bool ends_something = segment.flags.psh || segment.flags.fin || segment.flags.syn || segment.flags.urg;
  if (with_header >= tcp_mss_default + packet::tcp_header::bytes ||
      (with_header >= tcp_min_mss + packet::tcp_header::bytes && !ends_something)) {
    // What varies from segment to segment, SACK blocks, counts as payload here.
    const std::uint32_t fixed = packet::tcp_header::bytes + (tp.tstamp_ok ? timestamp_bytes : 0U);
    ack.last_seg_size = static_cast<std::uint16_t>(with_header - fixed);
    if (ack.last_seg_size == last_size) {
      ack.rcv_mss = ack.last_seg_size;
      return;
    }
  }
  if (ack.pushed) ack.pushed2 = true;
  ack.pushed = true;
}
/// Another share of payload makes the same buffer good for another window.
void tcp_update_scaling_ratio(tcp_sock& tp, std::uint32_t bytes, std::uint32_t truesize) noexcept;
/// Learns from a segment what size the peer sends, and what share of memory is payload (Linux: tcp_measure_rcv_mss).
/// `truesize`: all that it is charged for.
[[gnu::always_inline]] inline void tcp_measure_rcv_mss(tcp_sock& tp, const auto& segment,
                                                       std::uint32_t truesize) noexcept {
  icsk_ack_state& ack = tp.icsk_ack;
  const std::uint32_t last_size = ack.last_seg_size;
  ack.last_seg_size = 0;
  const std::uint32_t len = segment.gso_size != 0 ? segment.gso_size : segment.skb_bytes();
  if (len < ack.rcv_mss) {
    tcp_measure_short_segment(tp, segment, len, last_size);
    return;
  }
  if (len != ack.rcv_mss) tcp_update_scaling_ratio(tp, segment.skb_bytes(), truesize);
  ack.rcv_mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(len, tp.advmss));
  // A full segment that ends a write: nothing may follow that an ACK could wait for.
  if (segment.flags.psh) ack.pushed = true;
}

void tcp_rcv_rtt_measure_ts(tcp_sock& tp, const tcp_mstamp& now) noexcept;
void tcp_rcv_rtt_measure_window(tcp_sock& tp, const tcp_mstamp& now) noexcept;
/// The round trip as a receiver sees it: by the echoed timestamp, or by how long a window lasts (Linux:
/// tcp_rcv_rtt_measure, tcp_rcv_rtt_measure_ts). For each segment with data in order.
[[gnu::always_inline]] inline void tcp_rcv_rtt_measure(tcp_sock& tp, const auto& segment,
                                                       const tcp_mstamp& now) noexcept {
  if (!tp.saw_tstamp) {
    tcp_rcv_rtt_measure_window(tp, now);
  } else if (tp.rcv_tsecr != tp.rcv_rtt_mark) {
    tp.rcv_rtt_mark = tp.rcv_tsecr;
    if (segment.skb_bytes() >= tp.icsk_ack.rcv_mss) tcp_rcv_rtt_measure_ts(tp, now);
  }
}

void tcp_grow_window_slow(tcp_sock& tp, std::uint32_t len, std::uint32_t truesize) noexcept;
/// More may be offered, since the segment shows that the buffer is good for it (Linux: tcp_grow_window).
[[gnu::always_inline]] inline void tcp_grow_window(tcp_sock& tp, const auto& segment, std::uint32_t truesize) noexcept {
  // A smaller segment says nothing about how full the peer makes them.
  constexpr std::uint32_t least_to_grow_bytes = 128;
  const std::uint32_t len = segment.skb_bytes();
  if (len >= least_to_grow_bytes) tcp_grow_window_slow(tp, len, truesize);
}

/// 0, or -EINVAL for 0 on a connection. For TCP_WINDOW_CLAMP, too.
int tcp_set_window_clamp(tcp_sock& tp, int bytes) noexcept;
/// More came than the buffer takes: it grows if it may, and the window shrinks (Linux: tcp_clamp_window).
void tcp_clamp_window(tcp_sock& tp) noexcept;
/// Makes the buffer large enough for a peer of which `copied` bytes were read in a round trip (Linux:
/// tcp_rcvbuf_grow).
void tcp_rcvbuf_grow(tcp_sock& tp, std::uint32_t copied) noexcept;
/// After reading: the buffer follows what the application reads in a round trip (Linux: tcp_rcv_space_adjust).
void tcp_rcv_space_adjust_slow(tcp_sock& tp) noexcept;
inline void tcp_rcv_space_adjust(tcp_sock& tp) noexcept {
  if (tp.rcv_rtt_us != 0) tcp_rcv_space_adjust_slow(tp);
}
/// When the connection is established.
void tcp_init_buffer_space(tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
