// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/tcp/tcp_mstamp.hpp"
#include "host/tcp/tcp_seq.hpp"
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

/// The low 32 bits of a time in microseconds; never 0, which stands for none.
[[nodiscard]] inline std::uint32_t tcp_rate_mstamp_us(std::uint64_t ns) noexcept {
  return std::max<std::uint32_t>(static_cast<std::uint32_t>(ns / base::ns_per_us), 1);
}

[[nodiscard]] inline std::uint32_t tcp_rate_mstamp_us(const tcp_mstamp& now) noexcept {
  return std::max<std::uint32_t>(now.us(), 1);
}

/// `skb` was just sent, at skb.sent_at_ns or `sent_us`.
[[gnu::always_inline]] inline void tcp_rate_skb_sent(tcp_sock& tp, tcp_skb& skb, std::uint32_t sent_us) noexcept {
  // A sample begins with the flight.
  if (tp.packets_out == 0) {
    tp.first_tx_mstamp_us = sent_us;
    tp.delivered_mstamp_us = sent_us;
  }
  skb.tx_mstamp_us = sent_us;
  skb.tx_first_tx_mstamp_us = tp.first_tx_mstamp_us;
  skb.tx_delivered_mstamp_us = tp.delivered_mstamp_us;
  skb.tx_delivered = tp.delivered;
  skb.tx_app_limited = tp.app_limited != 0;
}

/// `skb` was acknowledged, or SACKed.
[[gnu::always_inline]] inline void tcp_rate_skb_delivered(tcp_sock& tp, tcp_skb& skb, rate_sample& sample) noexcept {
  if (skb.tx_delivered_mstamp_us == 0) return;
  // The segment that was sent last tells most.
  const bool later = skb.sent_at_ns > sample.last_sent_at_ns ||
                     (skb.sent_at_ns == sample.last_sent_at_ns && after(skb.end_seq, sample.last_end_seq));
  if (sample.prior_delivered == 0 || later) {
    sample.prior_delivered = skb.tx_delivered;
    sample.prior_mstamp_us = skb.tx_delivered_mstamp_us;
    sample.app_limited = skb.tx_app_limited;
    sample.last_end_seq = skb.end_seq;
    sample.last_sent_at_ns = skb.sent_at_ns;
    tp.first_tx_mstamp_us = skb.tx_mstamp_us;
    sample.interval_us = tp.first_tx_mstamp_us - skb.tx_first_tx_mstamp_us;
  }
  // SACKed, it does not count again when it is acknowledged.
  if (skb.sacked) skb.tx_delivered_mstamp_us = 0;
}

/// All of an ACK was worked off, which delivered so many segments.
[[gnu::always_inline]] inline void tcp_rate_gen(tcp_sock& tp, const tcp_mstamp& now, std::uint32_t delivered,
                                                bool is_sack_reneg, const rate_sample& sample) noexcept {
  if (tp.app_limited != 0 && after(tp.delivered, tp.app_limited)) tp.app_limited = 0;
  const std::uint32_t now_us = tcp_rate_mstamp_us(now);
  if (delivered != 0) tp.delivered_mstamp_us = now_us;
  if (sample.prior_mstamp_us == 0 || is_sack_reneg) return;
  const std::uint32_t sample_delivered = tp.delivered - sample.prior_delivered;
  // Sending and acknowledging may each have been compressed: the longer one is right.
  const std::uint32_t interval_us = std::max(sample.interval_us, now_us - sample.prior_mstamp_us);
  if (interval_us < tp.rtt_min_us) return;
  // A time without enough to send says only how fast it was at least.
  if (sample.app_limited &&
      std::uint64_t{sample_delivered} * tp.rate_interval_us < std::uint64_t{tp.rate_delivered} * interval_us) {
    return;
  }
  tp.rate_delivered = sample_delivered;
  tp.rate_interval_us = interval_us;
  tp.rate_app_limited = sample.app_limited;
}

/// The application may have too little to send.
void tcp_rate_check_app_limited(tcp_sock& tp) noexcept;
/// Bytes a second, of the last sample.
[[nodiscard]] std::uint64_t tcp_delivery_rate(const tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
