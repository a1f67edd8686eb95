// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// When to acknowledge: at once, with data, or after a delay (RFC 1122 4.2.3.2, RFC 5681 4.2).
namespace fourtuple::tcp {

inline constexpr std::uint8_t tcp_max_quickacks = 16;
inline constexpr std::uint8_t tcp_fastretrans_thresh = 3;
inline constexpr std::uint32_t tcp_delack_max_us = 200'000;  ///< Linux: TCP_DELACK_MAX

void tcp_enter_quickack_mode(tcp_sock& tp, std::uint8_t max_quickacks) noexcept;
/// Data came in order (Linux: tcp_event_data_recv). `truesize`: all that it is charged for.
void tcp_event_data_recv(tcp_sock& tp, const rx_segment& segment, std::uint32_t truesize);
/// An ACK went out, alone or with data (Linux: tcp_event_ack_sent).
void tcp_event_ack_sent(tcp_sock& tp) noexcept;
/// Sends an ACK if one is due, or sees to it that it comes (Linux: __tcp_ack_snd_check).
void tcp_ack_snd_check(tcp_sock& tp);
void tcp_send_delayed_ack(tcp_sock& tp);
/// Sends the ACK that stands for several of segments out of order, if one waits (Linux: tcp_sack_compress_send_ack).
void tcp_sack_compress_send_ack(tcp_sock& tp);
/// After reading: acknowledges what was put off, or a window that has grown (Linux: tcp_cleanup_rbuf).
void tcp_cleanup_rbuf(tcp_sock& tp, std::uint32_t copied);

}  // namespace fourtuple::tcp
