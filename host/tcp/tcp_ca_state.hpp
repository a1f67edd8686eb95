// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::tcp {

/// What CUBIC keeps of a connection (RFC 9438 section 4.1.2 in segments; Linux: struct bictcp).
struct cubic_state {
  // Times are in ticks of tcp_config::hz, as in Linux (tcp_jiffies32).
  std::uint32_t epoch_start = 0;    ///< When this congestion avoidance began; 0: at the next ACK.
  std::uint32_t last_time = 0;      ///< When `cnt` was last computed,
  std::uint32_t last_cwnd = 0;      ///< and for which cwnd.
  std::uint32_t cnt = 0;            ///< Segments to be acknowledged for one more in cwnd.
  std::uint32_t last_max_cwnd = 0;  ///< W_max
  std::uint32_t origin_point = 0;   ///< Where the curve is flat: W_max, or cwnd if that is larger.
  std::uint32_t k = 0;              ///< Time from the epoch's start to there, in 1/1024 s.
  std::uint32_t delay_min_us = 0;   ///< Least round trip; 0: none was seen.
  std::uint32_t ack_cnt = 0;        ///< Segments acknowledged that w_est has not taken up.
  std::uint32_t tcp_cwnd = 0;       ///< W_est: what Reno would have come to.
  // HyStart: when to leave slow start before anything is lost.
  std::uint32_t round_start_us = 0;  ///< When this round trip began (the low 32 bits of the clock).
  std::uint32_t last_ack_us = 0;     ///< When the last ACK of a train came.
  std::uint32_t end_seq = 0;         ///< snd_nxt when the round trip began: what ends it.
  std::uint32_t curr_rtt_us = 0;     ///< Least round trip of this round.
  std::uint8_t sample_cnt = 0;       ///< Samples in curr_rtt_us.
  bool found = false;                ///< Slow start was left.
};

/// What DCTCP keeps of a connection (RFC 8257 section 3.3; Linux: struct dctcp).
struct dctcp_state {
  std::uint32_t old_delivered = 0;     ///< tcp_sock::delivered when the observation window began,
  std::uint32_t old_delivered_ce = 0;  ///< and delivered_ce.
  std::uint32_t prior_rcv_nxt = 0;     ///< Up to where the last CE state was acknowledged.
  std::uint32_t dctcp_alpha = 0;       ///< Fraction of marked segments, in 1024ths.
  std::uint32_t next_seq = 0;          ///< What ends the observation window.
  std::uint32_t loss_cwnd = 0;
  bool ce_state = false;  ///< Whether the last data that came was marked.
};

/// State of the congestion control that the connection has (Linux: icsk_ca_priv). Whoever is in charge owns all of it,
/// from its init() on.
union ca_private {
  ca_private() noexcept : cubic{} {}
  cubic_state cubic;
  dctcp_state dctcp;
};

}  // namespace fourtuple::tcp
