// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/sock/request_sock.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// SYN cookies (D. J. Bernstein, 1996; RFC 4987 section 3.6): a SYN that finds the SYN queue full is answered from its
// own contents, and the ACK of that answer makes the connection. Between the two nothing is kept. Functions do what
// their namesakes do in Linux.
namespace fourtuple::tcp {

/// The initial sequence number that stands for `req`, whose MSS becomes the one that the cookie can express. Remembers
/// that the queue of `listener` overflowed.
[[nodiscard]] std::uint32_t cookie_v4_init_sequence(tcp_sock& listener, sock::tcp_request_sock& req);
/// `now_ms`, or up to 63 ms earlier: the low bits hold window scale and SACK of the peer.
[[nodiscard]] std::uint32_t cookie_init_timestamp(const sock::tcp_request_sock& req, std::uint32_t now_ms) noexcept;
/// As if the SYN had offered nothing but its MSS.
void cookie_clear_options(sock::tcp_request_sock& req) noexcept;

/// A segment for a listener. True: it was the ACK of a cookie, and is dealt with. False: whatever it is, the listener
/// must answer.
[[nodiscard]] bool cookie_v4_check(tcp_sock& listener, rx_segment& segment);

}  // namespace fourtuple::tcp
