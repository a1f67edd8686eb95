// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_rate.hpp"

#include <algorithm>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

/// The low 32 bits of a time in microseconds; never 0, which stands for none.
std::uint32_t to_us(std::uint64_t ns) noexcept {
  return std::max<std::uint32_t>(static_cast<std::uint32_t>(ns / base::ns_per_us), 1);
}

}  // namespace

void tcp_rate_skb_sent(tcp_sock& tp, tcp_skb& skb) noexcept {
  // A sample begins with the flight.
  if (tp.packets_out == 0) {
    tp.first_tx_mstamp_us = to_us(skb.sent_at_ns);
    tp.delivered_mstamp_us = tp.first_tx_mstamp_us;
  }
  skb.tx_first_tx_mstamp_us = tp.first_tx_mstamp_us;
  skb.tx_delivered_mstamp_us = tp.delivered_mstamp_us;
  skb.tx_delivered = tp.delivered;
  skb.tx_app_limited = tp.app_limited != 0;
}

void tcp_rate_skb_delivered(tcp_sock& tp, tcp_skb& skb, rate_sample& sample) noexcept {
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
    tp.first_tx_mstamp_us = to_us(skb.sent_at_ns);
    sample.interval_us = tp.first_tx_mstamp_us - skb.tx_first_tx_mstamp_us;
  }
  // SACKed, it does not count again when it is acknowledged.
  if (skb.sacked) skb.tx_delivered_mstamp_us = 0;
}

void tcp_rate_gen(tcp_sock& tp, std::uint64_t now_ns, std::uint32_t delivered, bool is_sack_reneg,
                  rate_sample& sample) noexcept {
  if (tp.app_limited != 0 && after(tp.delivered, tp.app_limited)) tp.app_limited = 0;
  const std::uint32_t now_us = to_us(now_ns);
  if (delivered != 0) tp.delivered_mstamp_us = now_us;
  if (sample.prior_mstamp_us == 0 || is_sack_reneg) return;
  const std::uint32_t sample_delivered = tp.delivered - sample.prior_delivered;
  // Sending and acknowledging may each have been compressed: the longer one is right.
  const std::uint32_t interval_us = std::max(sample.interval_us, now_us - sample.prior_mstamp_us);
  if (interval_us < tp.rtt_min_us) return;
  const bool faster =
      std::uint64_t{sample_delivered} * tp.rate_interval_us >= std::uint64_t{tp.rate_delivered} * interval_us;
  // A time without enough to send says only how fast it was at least.
  if (sample.app_limited && !faster) return;
  tp.rate_delivered = sample_delivered;
  tp.rate_interval_us = interval_us;
  tp.rate_app_limited = sample.app_limited;
}

void tcp_rate_check_app_limited(tcp_sock& tp) noexcept {
  if (tp.write_seq - tp.snd_nxt >= tp.mss_cache || tcp_packets_in_flight(tp) >= tp.snd_cwnd ||
      tp.lost_out > tp.retrans_out) {
    return;
  }
  tp.app_limited = std::max(tp.delivered + tcp_packets_in_flight(tp), 1U);
}

std::uint64_t tcp_delivery_rate(const tcp_sock& tp) noexcept {
  if (tp.rate_interval_us == 0) return 0;
  return std::uint64_t{tp.rate_delivered} * tp.mss_cache * 1'000'000 / tp.rate_interval_us;
}

void tcp_chrono_start(tcp_sock& tp, tcp_chrono why) noexcept {
  // The more specific reason counts.
  if (why <= tp.chrono_type) return;
  const std::uint32_t now = tp.net->now_ms();
  if (tp.chrono_type != tcp_chrono::none) {
    tp.chrono_stat_ms[static_cast<std::size_t>(tp.chrono_type) - 1] += now - tp.chrono_start_ms;
  }
  tp.chrono_start_ms = now;
  tp.chrono_type = why;
}

void tcp_chrono_stop(tcp_sock& tp, tcp_chrono why) noexcept {
  if (tp.chrono_type == tcp_chrono::none) return;
  const bool idle = tp.sk_write_queue.empty();
  if (!idle && why != tp.chrono_type) return;
  const std::uint32_t now = tp.net->now_ms();
  tp.chrono_stat_ms[static_cast<std::size_t>(tp.chrono_type) - 1] += now - tp.chrono_start_ms;
  tp.chrono_start_ms = now;
  tp.chrono_type = idle ? tcp_chrono::none : tcp_chrono::busy;
}

}  // namespace fourtuple::tcp
