// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/tcp/tcp_sock.hpp"

// How fast the network delivers (draft-cheng-iccrg-delivery-rate-estimation; Linux: tcp_rate.c).
namespace fourtuple::tcp {

/// What an ACK says of the flight that it acknowledges (Linux: struct rate_sample).
struct rate_sample {
  std::uint32_t prior_mstamp_us = 0;  ///< When prior_delivered was reached.
  std::uint32_t prior_delivered = 0;  ///< tcp_sock::delivered when the segment was sent; 0: there is no sample.
  std::uint32_t interval_us = 0;
  std::uint32_t last_end_seq = 0;
  std::uint64_t last_sent_at_ns = 0;
  bool app_limited = false;
};

/// `skb` was just sent.
void tcp_rate_skb_sent(tcp_sock& tp, tcp_skb& skb) noexcept;
/// `skb` was acknowledged, or SACKed.
void tcp_rate_skb_delivered(tcp_sock& tp, tcp_skb& skb, rate_sample& sample) noexcept;
/// All of an ACK was worked off, which delivered so many segments.
void tcp_rate_gen(tcp_sock& tp, std::uint64_t now_ns, std::uint32_t delivered, bool is_sack_reneg,
                  rate_sample& sample) noexcept;
/// The application may have too little to send.
void tcp_rate_check_app_limited(tcp_sock& tp) noexcept;
/// Bytes a second, of the last sample.
[[nodiscard]] std::uint64_t tcp_delivery_rate(const tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
