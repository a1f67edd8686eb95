// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::tcp {

class tcp_congestion_ops;

/// What CUBIC keeps of a connection (RFC 9438 section 4.1.2 in segments; Linux: struct bictcp).
struct cubic_state {
  std::uint64_t epoch_start_ns = 0;  ///< When this congestion avoidance began; 0: at the next ACK.
  std::uint64_t last_time_ns = 0;    ///< When `cnt` was last computed,
  std::uint32_t last_cwnd = 0;       ///< and for which cwnd.
  std::uint32_t cnt = 0;             ///< Segments to be acknowledged for one more in cwnd.
  std::uint32_t last_max_cwnd = 0;   ///< W_max
  std::uint32_t origin_point = 0;    ///< Where the curve is flat: W_max, or cwnd if that is larger.
  std::uint32_t k = 0;               ///< Time from the epoch's start to there, in 1/1024 s.
  std::uint32_t delay_min_us = 0;    ///< Least round trip; 0: none was seen.
  std::uint32_t ack_cnt = 0;         ///< Segments acknowledged that w_est has not taken up.
  std::uint32_t tcp_cwnd = 0;        ///< W_est: what Reno would have come to.
};

/// RFC 9438 with Linux's constants, in integers: C = 410/1024, beta = 717/1024, and fast convergence.
[[nodiscard]] const tcp_congestion_ops& tcp_cubic() noexcept;

/// The largest integer whose cube is at most `value`, which is below 2^63.
[[nodiscard]] std::uint32_t cubic_root(std::uint64_t value) noexcept;

}  // namespace fourtuple::tcp
