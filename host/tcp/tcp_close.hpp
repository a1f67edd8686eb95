// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"

// The end of connections, and what the application is told (Linux: tcp_close, tcp_done and around them).
namespace fourtuple::tcp {

/// The connection is over: out of the tables, timers off, the application told; an orphan is gone.
void tcp_done(tcp_sock& tp);
void tcp_done_with_error(tcp_sock& tp, int error);
/// Out of ehash or listening_hash, off its port unless bind() named it, and out of the device's table.
void tcp_unhash(tcp_sock& tp);
/// On becoming established: asks the device to recognise the connection.
void tcp_table_insert(tcp_sock& tp);
/// There is something to read.
[[gnu::always_inline]] inline void tcp_data_ready(tcp_sock& tp) {
  if (!tp.sk_dead) tp.wake(EPOLLIN | EPOLLRDNORM);
}

/// Moves on to the state after close(); true if a FIN must be sent.
[[nodiscard]] bool tcp_close_state(tcp_sock& tp);
int tcp_shutdown(tcp_sock& tp, int how);
void tcp_close(tcp_sock& tp);
/// Back to CLOSE, with a reset where the peer must be told; the sock can be used again (Linux: tcp_disconnect).
void tcp_disconnect(tcp_sock& tp);
/// FIN_WAIT2 without an application does not last for ever (Linux: end of __tcp_close, and TCP_FIN_WAIT1 of
/// tcp_rcv_state_process). `fin_follows`: the segment at hand has the peer's FIN, which is looked at next and may be
/// out of order; a small sock could not wait for what is missing.
void tcp_bound_fin_wait2(tcp_sock& tp, bool fin_follows);
/// How long an orphan may stay in FIN_WAIT2.
[[nodiscard]] std::uint64_t tcp_fin_time_ms(const tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
