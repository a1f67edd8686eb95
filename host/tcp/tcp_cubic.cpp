// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_cubic.hpp"

#include <algorithm>

#include "host/base/clock.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

// Fractions are in 1024ths. Time within an epoch is in 1/1024 s, so that its cube is in 2^-30 s^3.
constexpr std::uint64_t one = 1024;
constexpr std::uint64_t beta = 717;  // RFC 9438 4.6: 0.7
constexpr std::uint64_t c = 410;     // RFC 9438 5.1: 0.4 segments / s^3
constexpr unsigned cube_shift = 40;  // 10 bits of c, 30 of the cubed time.
/// RFC 9438 4.3: segments that make Reno with this beta grow by one take (1 + beta) / (3 (1 - beta)) cwnds of ACKs.
/// In eighths, and rounded down, as Linux has it (beta_scale).
constexpr std::uint64_t reno_scale = 8 * (one + beta) / 3 / (one - beta);
/// At first, without a W_max, at least 5 % a round trip.
constexpr std::uint32_t most_acks_at_first = 20;
/// RFC 9438 4.4: nearly flat, one segment in 100 round trips.
constexpr std::uint32_t plateau_round_trips = 100;
/// So far from K the curve is beyond any cwnd, and its cube still fits in 64 bits.
constexpr std::uint64_t most_offset = 256 * one;

// HyStart ("Taming the elephants", Ha and Rhee 2011), with Linux's constants.
constexpr std::uint32_t hystart_low_window = 16;
constexpr std::uint32_t hystart_ack_delta_us = 2'000;  ///< ACKs of a train come closer together.
constexpr std::uint8_t hystart_min_samples = 8;
constexpr std::uint32_t hystart_delay_min_us = 4'000;
constexpr std::uint32_t hystart_delay_max_us = 16'000;

/// Linux: tcp_jiffies32.
std::uint32_t jiffies(std::uint64_t now_ns, std::uint32_t hz) noexcept {
  return static_cast<std::uint32_t>(now_ns / tick_ns(hz));
}

void begin_epoch(cubic_state& ca, std::uint32_t cwnd, std::uint32_t acked, std::uint32_t now) noexcept {
  ca.epoch_start = std::max<std::uint32_t>(now, 1);
  ca.ack_cnt = acked;
  ca.tcp_cwnd = cwnd;
  if (ca.last_max_cwnd <= cwnd) {
    ca.k = 0;
    ca.origin_point = cwnd;
  } else {
    // RFC 9438 4.2: K = cbrt((W_max - cwnd) / C).
    ca.k = cubic_root((std::uint64_t{ca.last_max_cwnd - cwnd} << cube_shift) / c);
    ca.origin_point = ca.last_max_cwnd;
  }
}

/// RFC 9438 4.2: W_cubic(t) = C (t - K)^3 + W_max, one round trip ahead.
std::uint64_t w_cubic(const cubic_state& ca, std::uint32_t now, std::uint32_t hz) noexcept {
  const auto round_trip = static_cast<std::uint32_t>((std::uint64_t{ca.delay_min_us} * hz + 999'999) / 1'000'000);
  const std::uint64_t t = std::uint64_t{now - ca.epoch_start + round_trip} * one / hz;
  const std::uint64_t offset = std::min(t < ca.k ? ca.k - t : t - ca.k, most_offset);
  const std::uint64_t delta = c * offset * offset * offset >> cube_shift;
  if (t < ca.k) return ca.origin_point - std::min<std::uint64_t>(delta, ca.origin_point);
  return ca.origin_point + delta;
}

void follow_curve(cubic_state& ca, std::uint32_t cwnd, std::uint32_t now, std::uint32_t hz) noexcept {
  const std::uint64_t target = w_cubic(ca, now, hz);
  ca.cnt = target > cwnd ? static_cast<std::uint32_t>(cwnd / (target - cwnd)) : plateau_round_trips * cwnd;
  if (ca.last_max_cwnd == 0) ca.cnt = std::min(ca.cnt, most_acks_at_first);
}

/// RFC 9438 4.3: where Reno would be faster, be as fast.
void follow_reno(cubic_state& ca, std::uint32_t cwnd) noexcept {
  const auto acks_for_one = static_cast<std::uint32_t>(std::max<std::uint64_t>(cwnd * reno_scale >> 3, 1));
  // Strictly more, as Linux counts.
  if (ca.ack_cnt > acks_for_one) {
    const std::uint32_t grow = (ca.ack_cnt - 1) / acks_for_one;
    ca.ack_cnt -= grow * acks_for_one;
    ca.tcp_cwnd += grow;
  }
  if (ca.tcp_cwnd > cwnd) ca.cnt = std::min(ca.cnt, cwnd / (ca.tcp_cwnd - cwnd));
}

/// Linux: bictcp_update.
void update(cubic_state& ca, std::uint32_t cwnd, std::uint32_t acked, std::uint32_t now, std::uint32_t hz) noexcept {
  ca.ack_cnt += acked;
  // For the same cwnd what was computed holds for a thirty-second of a second, also into another epoch.
  if (ca.last_cwnd == cwnd && now - ca.last_time <= hz / 32) return;
  // Within one tick only Reno's count goes on: what the curve said at its beginning holds for every cwnd until it ends.
  if (ca.epoch_start == 0 || now != ca.last_time) {
    ca.last_cwnd = cwnd;
    ca.last_time = now;
    if (ca.epoch_start == 0) begin_epoch(ca, cwnd, acked, now);
    follow_curve(ca, cwnd, now, hz);
  }
  follow_reno(ca, cwnd);
  // RFC 9438 4.4: by half a cwnd a round trip at most.
  ca.cnt = std::max<std::uint32_t>(ca.cnt, 2);
}

/// A round trip begins with what is sent now.
void hystart_reset(const tcp_sock& tp, cubic_state& ca, std::uint32_t now_us) noexcept {
  ca.round_start_us = ca.last_ack_us = now_us;
  ca.end_seq = tp.snd_nxt;
  ca.curr_rtt_us = ~0U;
  ca.sample_cnt = 0;
}

/// Time that the ACKs of one unit may take to come after those of another.
std::uint32_t hystart_ack_delay_us(const tcp_sock& tp) noexcept {
  const std::uint64_t rate = tcp_pacing_rate(tp);
  if (rate == 0 || rate == tcp_pacing_unlimited) return 0;
  const std::uint64_t us = std::uint64_t{tp.net->config.gso_max_size} * 4 * 1'000'000 / rate;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(us, 1000));
}

void leave_slow_start(tcp_sock& tp, cubic_state& ca, mib detected, mib at_cwnd) noexcept {
  ca.found = true;
  tp.net->count(detected);
  tp.net->count(at_cwnd, tp.snd_cwnd);
  tp.snd_ssthresh = tp.snd_cwnd;
}

/// Linux: hystart_update. ACKs that come for as long as half the least round trip say that the flight fills it; a round
/// trip that grows says that a queue does.
void hystart_update(tcp_sock& tp, cubic_state& ca, std::uint32_t rtt_us, std::uint32_t now) noexcept {
  if (after(tp.snd_una, ca.end_seq)) hystart_reset(tp, ca, now);
  // Rounds are counted from the beginning on; what is found in small ones means nothing.
  if (tp.snd_cwnd < hystart_low_window) return;
  if (now - ca.last_ack_us <= hystart_ack_delta_us) {
    ca.last_ack_us = now;
    std::uint32_t threshold = ca.delay_min_us + hystart_ack_delay_us(tp);
    // Without pacing the ACKs of a burst come as close as the path's bottleneck lets them.
    if (tp.pacing == nullptr) threshold >>= 1;
    if (now - ca.round_start_us > threshold) {
      leave_slow_start(tp, ca, mib::hystart_train_detect, mib::hystart_train_cwnd);
      return;
    }
  }
  ca.curr_rtt_us = std::min(ca.curr_rtt_us, rtt_us);
  if (ca.sample_cnt < hystart_min_samples) {
    ++ca.sample_cnt;
    return;
  }
  const std::uint32_t threshold = std::clamp(ca.delay_min_us >> 3, hystart_delay_min_us, hystart_delay_max_us);
  if (ca.curr_rtt_us > ca.delay_min_us + threshold) {
    leave_slow_start(tp, ca, mib::hystart_delay_detect, mib::hystart_delay_cwnd);
  }
}

class cubic final : public tcp_congestion_ops {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "cubic"; }

  void init(tcp_sock& tp) const noexcept override {
    tp.icsk_ca_priv.cubic = {};
    hystart_reset(tp, tp.icsk_ca_priv.cubic, tp.net->now_us());
  }

  [[nodiscard]] std::uint32_t ssthresh(tcp_sock& tp) const noexcept override {
    cubic_state& ca = tp.icsk_ca_priv.cubic;
    ca.epoch_start = 0;
    // RFC 9438 4.7: one that must stop short of where it was makes room for newcomers.
    const bool fast_convergence = tp.snd_cwnd < ca.last_max_cwnd;
    ca.last_max_cwnd =
        fast_convergence ? static_cast<std::uint32_t>(tp.snd_cwnd * (one + beta) / (2 * one)) : tp.snd_cwnd;
    return std::max(static_cast<std::uint32_t>(tp.snd_cwnd * beta / one), 2U);
  }

  void cong_avoid(tcp_sock& tp, std::uint32_t acked) const noexcept override {
    if (tcp_in_slow_start(tp)) acked = tcp_slow_start(tp, acked);
    if (acked == 0) return;
    const std::uint32_t hz = tp.net->config.hz;
    update(tp.icsk_ca_priv.cubic, tp.snd_cwnd, acked, jiffies(tp.net->mstamp().ns, hz), hz);
    tcp_cong_avoid_ai(tp, tp.icsk_ca_priv.cubic.cnt, acked);
  }

  void pkts_acked(tcp_sock& tp, const ack_sample& sample) const noexcept override {
    cubic_state& ca = tp.icsk_ca_priv.cubic;
    // Right after a loss the queues are not what they were.
    const std::uint32_t hz = tp.net->config.hz;
    if (ca.epoch_start != 0 && jiffies(sample.now.ns, hz) - ca.epoch_start < hz) return;
    const std::uint32_t rtt_us = std::max<std::uint32_t>(sample.rtt_us, 1);
    if (ca.delay_min_us == 0 || rtt_us < ca.delay_min_us) ca.delay_min_us = rtt_us;
    if (!ca.found && tcp_in_slow_start(tp)) hystart_update(tp, ca, rtt_us, sample.now.us());
  }

  /// After a timeout nothing of the curve is believed any more (Linux: bictcp_reset).
  void set_state(tcp_sock& tp, tcp_ca next) const noexcept override {
    if (next == tcp_ca::loss) init(tp);
  }

  /// RFC 9438 5.8: time without data to send is no time to grow in.
  void tx_start(tcp_sock& tp) const noexcept override {
    cubic_state& ca = tp.icsk_ca_priv.cubic;
    if (ca.epoch_start == 0) return;
    const std::uint32_t hz = tp.net->config.hz;
    const std::uint32_t now = jiffies(tp.net->mstamp().ns, hz);
    const std::uint64_t idle = std::uint64_t{tp.net->now_ms() - tp.lsndtime_ms} * hz / 1000;
    ca.epoch_start += static_cast<std::uint32_t>(std::min<std::uint64_t>(idle, now - ca.epoch_start));
  }
};

}  // namespace

std::uint32_t cubic_root(std::uint64_t value) noexcept {
  std::uint64_t root = 0;
  for (unsigned bit = 21; bit-- > 0;) {
    const std::uint64_t candidate = root | std::uint64_t{1} << bit;
    if (candidate * candidate * candidate <= value) root = candidate;
  }
  return static_cast<std::uint32_t>(root);
}

const tcp_congestion_ops& tcp_cubic() noexcept {
  static const cubic instance;
  return instance;
}

}  // namespace fourtuple::tcp
