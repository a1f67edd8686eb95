// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/sock/request_sock_queue.hpp"
#include "host/sock/sock.hpp"

namespace fourtuple::sock {

/// A sock of a protocol with connections (Linux: inet_connection_sock). tcp_sock derives from it, in host/tcp.
class inet_connection_sock : public inet_sock {
 public:
  /// TCP_DEFER_ACCEPT: so many SYN-ACKs an ACK without data is no reason to wake the application (in Linux a member of
  /// the accept queue).
  std::uint8_t rskq_defer_accept = 0;
  std::uint8_t keepalive_probes = 0;  ///< TCP_KEEPCNT
  std::uint8_t icsk_syn_retries = 0;  ///< TCP_SYNCNT; 0: the default.
  std::int8_t linger2_s = 0;          ///< TCP_LINGER2; 0: the default, below 0: no FIN_WAIT2 for orphans.
  // TCP_KEEPIDLE and TCP_KEEPINTVL, whole seconds as the options are.
  std::uint16_t keepalive_time_s = 0;
  std::uint16_t keepalive_intvl_s = 0;
  request_sock_queue icsk_accept_queue;  ///< Used while TCP_LISTEN.

 protected:
  using inet_sock::inet_sock;
  ~inet_connection_sock() = default;
};

/// Leaves tcp_sock most of the 1 KiB that an idle connection may take.
static_assert(sizeof(inet_connection_sock) + sizeof(ehash_node) <= 256);

/// Puts `req`, whose child is `child`, on the listener's accept queue and counts it in sk_ack_backlog. Does not wake
/// anyone (Linux: inet_csk_reqsk_queue_add).
void inet_csk_reqsk_queue_add(inet_connection_sock& listener, sock_reference<request_sock> req,
                              sock_reference<sock> child) noexcept;

/// Takes the first connection off the accept queue; empty if there is none. The request is given up (Linux:
/// reqsk_queue_remove, sk_acceptq_removed and reqsk_put, as inet_csk_accept does them).
[[nodiscard]] sock_reference<sock> inet_csk_reqsk_queue_remove(inet_connection_sock& listener) noexcept;

}  // namespace fourtuple::sock
