// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "host/packet/addresses.hpp"
#include "host/sock/tcp_states.hpp"

namespace fourtuple::tcp {

struct tcp_sock;

/// What the stack tells an observer of, named after the Linux function in which it happens (on Linux: tracepoints such
/// as tcp:tcp_retransmit_skb and sock:inet_sock_set_state, and kprobes).
enum class tracepoint : std::uint8_t {
  tcp_v4_rcv,                     ///< A segment with a good checksum, before it is looked up.
  tcp_v4_connect,                 ///< Address and port are chosen, the SYN comes next.
  tcp_conn_request,               ///< A SYN for a listener.
  inet_csk_reqsk_queue_hash_add,  ///< Its request is in ehash.
  tcp_send_synack,
  tcp_check_req,                  ///< A segment for a request.
  inet_csk_complete_hashdance,    ///< The child has taken the request's place.
  cookie_v4_check,                ///< A SYN cookie came back and is good.
  tcp_rcv_synsent_state_process,  ///< An answer to this host's SYN.
  inet_csk_accept,
  inet_csk_reqsk_queue_drop,  ///< A request is given up.
  inet_sock_set_state,        ///< old_state, new_state.
  tcp_table_insert,           ///< The device is asked to know the connection.
  tcp_retransmit_skb,         ///< seq, bytes.
  tcp_send_loss_probe,
  tcp_retransmit_timer,  ///< It fired.
  tcp_send_probe0,       ///< A closed window is probed.
  tcp_enter_recovery,
  tcp_end_cwnd_reduction,  ///< Recovery, or what followed a timeout, is over.
  tcp_enter_loss,
  tcp_data_queue_ofo,  ///< A segment out of order is kept.
  tcp_send_fin,
  tcp_fin,    ///< The peer's FIN, in order.
  tcp_reset,  ///< The peer's RST was believed.
  tcp_send_active_reset,
  tcp_v4_send_reset,           ///< A RST for a segment that nobody wants.
  tcp_time_wait,               ///< A small sock takes over: in TIME_WAIT, or in FIN_WAIT2 (new_state).
  tcp_timewait_state_process,  ///< The FIN came for a small sock in FIN_WAIT2: TIME_WAIT begins.
  inet_twsk_kill,
  tcp_probe,  ///< An ACK has been worked off; cwnd and the rest are as it left them.
  count_,
};

/// Linux's name of it.
[[nodiscard]] std::string_view name_of(tracepoint what) noexcept;

/// One thing that happened. Valid during the call.
struct trace_event {
  tracepoint what;
  const packet::connection_tuple& tuple;  ///< Seen from this host.
  const tcp_sock* sk = nullptr;           ///< Where a full sock stands for the connection.
  std::uint32_t seq = 0;                  ///< Of the segment that it is about, if any.
  std::uint32_t ack_seq = 0;
  std::uint32_t bytes = 0;  ///< Its payload.
  sock::tcp_state old_state = sock::tcp_state::close;
  sock::tcp_state new_state = sock::tcp_state::close;
};

/// Sees what the stack does. It is called in the middle of it: it takes notes, calls nothing back, and does not throw.
///
/// Threads: the stack's.
class tcp_observer {
 public:
  tcp_observer() = default;
  tcp_observer(const tcp_observer&) = delete;
  tcp_observer& operator=(const tcp_observer&) = delete;
  virtual ~tcp_observer() = default;
  virtual void on_trace(const trace_event& event) noexcept = 0;
};

}  // namespace fourtuple::tcp
