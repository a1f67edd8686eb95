// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/sock/inet_hashinfo.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// TIME_WAIT, and FIN_WAIT2 of orphans, in a small sock (Linux: tcp_minisocks.c; RFC 9293 3.10.7.4, RFC 6191).
namespace fourtuple::tcp {

/// `tp` becomes a tcp_timewait_sock in `substate`, for `timeout_ms` (0: the length of TIME_WAIT), and is done.
void tcp_time_wait(tcp_sock& tp, tcp_state substate, std::uint64_t timeout_ms);

/// What to do with a segment for a sock in TIME_WAIT.
enum class tw_status : std::uint8_t { success, rst, ack, syn };
/// `isn`: with syn, the number that a new connection must start with.
tw_status tcp_timewait_state_process(sock::tcp_timewait_sock& tw, const rx_segment& segment, std::uint32_t& isn);

/// Takes `tw` out of the tables and gives it up.
void inet_twsk_kill(sock::tcp_timewait_sock& tw);

/// Lets connect() take over a tuple in TIME_WAIT when timestamps keep old segments apart (Linux: tcp_twsk_unique): one
/// that was asked for by bind() always, one that was found among ephemeral ports if tcp_tw_reuse says so.
class tcp_timewait_reuse final : public sock::timewait_reuse {
 public:
  explicit tcp_timewait_reuse(tcp_net& net) noexcept : net_(net) {}
  [[nodiscard]] bool twsk_unique(sock::sock& sk, const sock::inet_timewait_sock& tw,
                                 bool port_chosen) noexcept override;
  void twsk_deschedule(sock::inet_timewait_sock& tw) noexcept override;

 private:
  tcp_net& net_;
};

}  // namespace fourtuple::tcp
