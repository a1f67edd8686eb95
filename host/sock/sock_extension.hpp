// SPDX-License-Identifier: Apache-2.0
#pragma once

// clang-format off
#include <time.h>  // <linux/errqueue.h> needs it and does not say so.
#include <linux/errqueue.h>
// clang-format on

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace fourtuple::sock {

/// A message on a socket's error queue, fetched with MSG_ERRQUEUE.
struct sock_error_message {
  sock_extended_err ee{};
  std::optional<std::uint64_t> timestamp_ns;  ///< When what it tells of happened, on the stack's clock.
  std::vector<std::byte> payload;             ///< Of the packet that it is about.
};

/// What few sockets need, made when it is first used: the error queue, what will be reported there, and urgent data.
struct sock_extension {
  /// Linux limits this by sk_rcvbuf.
  static constexpr std::size_t most_messages = 1024;

  std::deque<sock_error_message> error_queue;

  // SO_TIMESTAMPING.
  /// The last byte of a write whose fate is to be reported (Linux: skb_shinfo(skb)->tskey with its tx_flags).
  struct timestamp_request {
    std::uint32_t tskey = 0;
    bool sched = false;
    bool snd = false;
    bool ack = false;
  };
  std::uint32_t tsflags = 0;  ///< SOF_TIMESTAMPING_*
  std::uint32_t tskey = 0;    ///< What SOF_TIMESTAMPING_OPT_ID counts bytes from (Linux: sk_tskey).
  std::deque<timestamp_request> timestamp_requests;

  // MSG_ZEROCOPY.
  /// Writes whose buffers are still referred to, numbered as they were made (Linux: ubuf_info_msgzc).
  struct zerocopy_range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t start_seq = 0;
    std::uint32_t end_seq = 0;
  };
  std::uint32_t zckey = 0;  ///< Number of the next write (Linux: sk_zckey).
  std::deque<zerocopy_range> zerocopy_ranges;

  // Urgent data (RFC 6093).
  std::uint32_t urg_seq = 0;  ///< Of the urgent byte that was announced last.
  std::uint8_t urg_byte = 0;  ///< It, if urg_state is valid.
  enum class urgent : std::uint8_t { none, announced, valid, read };
  urgent urg_state = urgent::none;
  bool urg_mode = false;     ///< Urgent data of ours is not acknowledged.
  std::uint32_t snd_up = 0;  ///< One behind our urgent byte.
};

}  // namespace fourtuple::sock
