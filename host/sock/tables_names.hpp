// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/packet/addresses.hpp"
#include "host/sock/sock_common.hpp"

/// How both drawings of the tables name things.
namespace fourtuple::sock {

inline std::string type_name(sock_kind kind) {
  switch (kind) {
    case sock_kind::request:
      return "tcp_request_sock";
    case sock_kind::timewait:
      return "tcp_timewait_sock";
    case sock_kind::full:
      break;
  }
  return "tcp_sock";
}

inline std::string bind_pointer_name(sock_kind kind) {
  return kind == sock_kind::timewait ? "tw_tb" : "icsk_bind_hash";
}

/// "TCP_LISTEN (10)"
inline std::string state_text(tcp_state state) {
  return std::string(name_of(state)) + " (" + std::to_string(static_cast<int>(state)) + ")";
}

/// "192.168.0.1:2222", with a star for what is not set, as `ss` has it.
inline std::string endpoint_text(packet::ipv4_address address, std::uint16_t port) {
  std::string text = "*";
  if (!address.is_any()) {
    text.clear();
    for (const unsigned shift : {24U, 16U, 8U, 0U})
      text += std::to_string(address.value >> shift & 0xffU) + (shift == 0 ? "" : ".");
  }
  return text + ":" + (port == 0 ? "*" : std::to_string(port));
}

}  // namespace fourtuple::sock
