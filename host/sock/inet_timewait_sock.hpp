// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/timer_wheel.hpp"
#include "host/sock/bind_node.hpp"
#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

/// What stays of a connection in TIME_WAIT, and of an orphan in FIN_WAIT2 (Linux: inet_timewait_sock). In ehash under
/// the connection's tuple, and an owner of its local port.
class inet_timewait_sock : public port_owner {
 public:
  [[nodiscard]] inet_bind_bucket* tw_tb() const noexcept { return skc_bind_node.bucket; }

  base::timer tw_timer;
  std::uint32_t tw_handle = 0;                   ///< In the NIC's connection table; 0: none.
  tcp_state tw_substate = tcp_state::time_wait;  ///< fin_wait2 or time_wait
  std::uint8_t tw_rcv_wscale = 0;
  std::uint8_t tw_tos = 0;

 protected:
  /// `on_timer`: what tw_timer calls; it gets back the timer, a member of this.
  inet_timewait_sock(ehash_node& node, base::timer::callback on_timer) noexcept;
  ~inet_timewait_sock();
};

/// What TCP must remember to answer old segments and to judge new connections (Linux: tcp_timewait_sock).
class tcp_timewait_sock final : public inet_timewait_sock {
 public:
  tcp_timewait_sock(ehash_node& node, base::timer::callback on_timer) noexcept : inet_timewait_sock(node, on_timer) {}

  std::uint32_t tw_rcv_nxt = 0;
  std::uint32_t tw_snd_nxt = 0;
  std::uint32_t tw_rcv_wnd = 0;             ///< Bytes.
  std::uint32_t tw_ts_offset = 0;           ///< ts_off of the connection.
  std::uint32_t tw_ts_recent = 0;           ///< 0: the connection had no timestamps.
  std::uint32_t tw_last_oow_ack_ms = 0;     ///< When an ACK was last sent for a segment outside the window.
  std::uint64_t tw_ts_recent_stamp_ns = 0;  ///< When tw_ts_recent came.
};

static_assert(sizeof(tcp_timewait_sock) + sizeof(ehash_node) <= 192);

}  // namespace fourtuple::sock
