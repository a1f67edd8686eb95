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
[[nodiscard]] inline skb_charge skb_charge_of(const rx_segment& segment) noexcept {
  return skb_charge_of(static_cast<std::uint32_t>(segment.payload.size()) + segment.trimmed_bytes,
                       segment.header_bytes());
}
/// What the other segments of a unit are charged for.
[[nodiscard]] std::uint32_t frag_list_truesize(const rx_segment& segment) noexcept;
/// Guesses the peer's segment size from the window and MSS (Linux: tcp_initialize_rcv_mss).
void tcp_initialize_rcv_mss(tcp_sock& tp) noexcept;
/// Learns from a segment what size the peer sends, and what share of memory is payload (Linux: tcp_measure_rcv_mss).
/// `truesize`: all that it is charged for.
void tcp_measure_rcv_mss(tcp_sock& tp, const rx_segment& segment, std::uint32_t truesize) noexcept;
/// The round trip as a receiver sees it: by the echoed timestamp, or by how long a window lasts (Linux:
/// tcp_rcv_rtt_measure, tcp_rcv_rtt_measure_ts). For each segment with data in order.
void tcp_rcv_rtt_measure(tcp_sock& tp, const rx_segment& segment) noexcept;
/// More may be offered, since the segment shows that the buffer is good for it (Linux: tcp_grow_window).
void tcp_grow_window(tcp_sock& tp, const rx_segment& segment, std::uint32_t truesize) noexcept;

/// 0, or -EINVAL for 0 on a connection. For TCP_WINDOW_CLAMP, too.
int tcp_set_window_clamp(tcp_sock& tp, int bytes) noexcept;
/// More came than the buffer takes: it grows if it may, and the window shrinks (Linux: tcp_clamp_window).
void tcp_clamp_window(tcp_sock& tp) noexcept;
/// Makes the buffer large enough for a peer of which `copied` bytes were read in a round trip (Linux:
/// tcp_rcvbuf_grow).
void tcp_rcvbuf_grow(tcp_sock& tp, std::uint32_t copied) noexcept;
/// After reading: the buffer follows what the application reads in a round trip (Linux: tcp_rcv_space_adjust).
void tcp_rcv_space_adjust(tcp_sock& tp) noexcept;
/// When the connection is established.
void tcp_init_buffer_space(tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
