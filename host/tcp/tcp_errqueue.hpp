// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "host/tcp/tcp_send_report.hpp"
#include "host/tcp/tcp_sock.hpp"

// What the application is told of its writes by way of the error queue: when their last byte was handed down, sent and
// acknowledged (SO_TIMESTAMPING), and that their buffers are free again (MSG_ZEROCOPY). Linux: net/core/skbuff.c,
// sock_queue_err_skb, tcp_tx_timestamp, tcp_ack_tstamp, msg_zerocopy_callback.
namespace fourtuple::tcp {

/// SO_TIMESTAMPING: 0, -EINVAL for flags that do not go together, -EOPNOTSUPP for those that there are not.
int sock_set_timestamping(tcp_sock& tp, std::uint32_t flags);

/// A call of sendmsg with `msg_flags` put the bytes from `start_seq` up to write_seq into the queue.
void tcp_tx_queued(tcp_sock& tp, std::uint32_t start_seq, int msg_flags, const tcp_send_report& report);
/// A segment with these bytes went out.
void tcp_tx_sent_slow(tcp_sock& tp, std::uint32_t seq, std::uint32_t end_seq, std::span<const std::byte> payload);
inline void tcp_tx_sent(tcp_sock& tp, std::uint32_t seq, std::uint32_t end_seq, std::span<const std::byte> payload) {
  if (tp.sk_extension) tcp_tx_sent_slow(tp, seq, end_seq, payload);
}
/// snd_una has moved on; what it has passed is still in the queue.
void tcp_tx_acked_slow(tcp_sock& tp);
inline void tcp_tx_acked(tcp_sock& tp) {
  if (tp.sk_extension) tcp_tx_acked_slow(tp);
}
/// The send queue was given up.
void tcp_tx_purged(tcp_sock& tp);

/// The first message of the error queue; nothing if it is empty.
[[nodiscard]] std::optional<fourtuple::sock::sock_error_message> sock_dequeue_err(tcp_sock& tp);
[[nodiscard]] inline bool sock_has_errors(const tcp_sock& tp) noexcept {
  return tp.sk_extension && !tp.sk_extension->error_queue.empty();
}

}  // namespace fourtuple::tcp
