// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/timer_wheel.hpp"
#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

class sock;
class inet_connection_sock;

/// A connection that a SYN asked for and no ACK has confirmed: as little as a SYN-ACK needs (Linux: request_sock).
///
/// It is in ehash in state TCP_NEW_SYN_RECV until its child takes its place, and then carries the child through the
/// listener's accept queue.
class request_sock : public sock_common {
 public:
  sock_reference<inet_connection_sock> rsk_listener;
  request_sock* dl_next = nullptr;  ///< Next in the accept queue.
  sock_reference<sock> sk;          ///< The child, once there is one.
  base::timer rsk_timer;            ///< Retransmits the SYN-ACK.
  std::uint16_t mss = 0;            ///< What the peer announced.
  std::uint8_t num_retrans = 0;     ///< SYN-ACKs sent again.
  std::uint8_t num_timeout = 0;     ///< Times rsk_timer fired.

 protected:
  /// `on_timer`: what rsk_timer calls; it gets back the timer, a member of this.
  request_sock(ehash_node& node, base::timer::callback on_timer) noexcept;
  ~request_sock();
};

/// What of the request is TCP's over IP: the options both sides agreed on (Linux: inet_request_sock; its ir_loc_addr
/// and the like are skc_tuple).
class inet_request_sock : public request_sock {
 public:
  std::uint8_t snd_wscale : 4 = 0;
  std::uint8_t rcv_wscale : 4 = 0;
  std::uint8_t tstamp_ok : 1 = 0;
  std::uint8_t sack_ok : 1 = 0;
  std::uint8_t wscale_ok : 1 = 0;
  std::uint8_t ecn_ok : 1 = 0;
  std::uint8_t acked : 1 = 0;  ///< Its ACK came, but the accept queue was full.

 protected:
  using request_sock::request_sock;
};

/// What of the request is TCP's alone (Linux: tcp_request_sock). rcv_nxt is rcv_isn + 1.
class tcp_request_sock final : public inet_request_sock {
 public:
  tcp_request_sock(ehash_node& node, base::timer::callback on_timer) noexcept : inet_request_sock(node, on_timer) {}

  std::uint32_t rcv_isn = 0;
  std::uint32_t snt_isn = 0;
  std::uint32_t ts_recent = 0;        ///< Peer's latest timestamp value.
  std::uint32_t ts_off = 0;           ///< Added to the clock for the timestamps of this connection.
  std::uint32_t rsk_rcv_wnd = 0;      ///< Window offered in the SYN-ACK, bytes.
  std::uint32_t last_oow_ack_ms = 0;  ///< When an ACK was last sent for a segment outside the window.
  std::uint64_t snt_synack_ns = 0;    ///< When the first SYN-ACK went; 0 after a retransmit.
};

/// A SYN flood is paid for in these, with the node that the tables need for each.
static_assert(sizeof(tcp_request_sock) + sizeof(ehash_node) <= 192);

}  // namespace fourtuple::sock
