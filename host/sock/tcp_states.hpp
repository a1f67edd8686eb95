// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace fourtuple::sock {

/// The states of RFC 9293 section 3.3.2 and Linux's own, with Linux's numbers (TCP_INFO and `ss` show them).
enum class tcp_state : std::uint8_t {
  established = 1,
  syn_sent = 2,
  syn_recv = 3,
  fin_wait1 = 4,
  fin_wait2 = 5,
  time_wait = 6,
  close = 7,
  close_wait = 8,
  last_ack = 9,
  listen = 10,
  closing = 11,
  new_syn_recv = 12,  ///< A request_sock: no full sock yet (RFC 9293: SYN-RECEIVED).
};

/// Linux's name: "TCP_ESTABLISHED".
[[nodiscard]] constexpr std::string_view name_of(tcp_state state) noexcept {
  switch (state) {
    case tcp_state::established:
      return "TCP_ESTABLISHED";
    case tcp_state::syn_sent:
      return "TCP_SYN_SENT";
    case tcp_state::syn_recv:
      return "TCP_SYN_RECV";
    case tcp_state::fin_wait1:
      return "TCP_FIN_WAIT1";
    case tcp_state::fin_wait2:
      return "TCP_FIN_WAIT2";
    case tcp_state::time_wait:
      return "TCP_TIME_WAIT";
    case tcp_state::close:
      return "TCP_CLOSE";
    case tcp_state::close_wait:
      return "TCP_CLOSE_WAIT";
    case tcp_state::last_ack:
      return "TCP_LAST_ACK";
    case tcp_state::listen:
      return "TCP_LISTEN";
    case tcp_state::closing:
      return "TCP_CLOSING";
    case tcp_state::new_syn_recv:
      return "TCP_NEW_SYN_RECV";
  }
  return "?";
}

}  // namespace fourtuple::sock
