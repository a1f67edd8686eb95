// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_trace.hpp"

#include <array>
#include <cstddef>

namespace fourtuple::tcp {

std::string_view name_of(tracepoint what) noexcept {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(tracepoint::count_)> names = {
      "tcp_v4_rcv",
      "tcp_v4_connect",
      "tcp_conn_request",
      "inet_csk_reqsk_queue_hash_add",
      "tcp_send_synack",
      "tcp_check_req",
      "inet_csk_complete_hashdance",
      "cookie_v4_check",
      "tcp_rcv_synsent_state_process",
      "inet_csk_accept",
      "inet_csk_reqsk_queue_drop",
      "inet_sock_set_state",
      "tcp_table_insert",
      "tcp_retransmit_skb",
      "tcp_send_loss_probe",
      "tcp_retransmit_timer",
      "tcp_send_probe0",
      "tcp_enter_recovery",
      "tcp_end_cwnd_reduction",
      "tcp_enter_loss",
      "tcp_data_queue_ofo",
      "tcp_send_fin",
      "tcp_fin",
      "tcp_reset",
      "tcp_send_active_reset",
      "tcp_v4_send_reset",
      "tcp_time_wait",
      "tcp_timewait_state_process",
      "inet_twsk_kill",
      "tcp_probe",
  };
  static_assert(!names.back().empty());
  return names[static_cast<std::size_t>(what)];
}

}  // namespace fourtuple::tcp
