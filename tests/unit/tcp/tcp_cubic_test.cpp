// SPDX-License-Identifier: Apache-2.0
// CUBIC's growth of cwnd, driven by itself, without a peer: the curve of RFC 9438 4.2, Reno's region, fast convergence.
#include "host/tcp/tcp_cubic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

/// A sock that always fills its cwnd and whose every segment is acknowledged one round trip later.
class cubic_flow {
 public:
  explicit cubic_flow(std::uint64_t rtt_ms, std::uint32_t hz = 1000)
      : network_(with_hz(hz)), rtt_ms_(rtt_ms), sk_(network_.tcp(0).create()) {
    sk_.is_cwnd_limited = true;
    sk_.snd_ssthresh = 2;
    ops().init(sk_);
  }

  [[nodiscard]] const tcp::tcp_congestion_ops& ops() const { return tcp::tcp_cubic(); }
  [[nodiscard]] tcp::tcp_sock& sk() { return sk_; }
  /// As after a loss at that cwnd.
  void lose_at(std::uint32_t cwnd) {
    sk_.snd_cwnd = cwnd;
    sk_.snd_ssthresh = ops().ssthresh(sk_);
    sk_.snd_cwnd = sk_.snd_ssthresh;
    sk_.snd_cwnd_cnt = 0;
  }
  /// ACKs of two segments each, now.
  void acknowledge(std::uint32_t acks) {
    sk_.net->tcp_mstamp_refresh();
    for (std::uint32_t i = 0; i < acks; ++i) {
      ops().pkts_acked(
          sk_, {.rtt_us = static_cast<std::uint32_t>(rtt_ms_ * 1000), .pkts_acked = 2, .now = sk_.net->mstamp()});
      tcp::tcp_cong_avoid(sk_, 2);
    }
  }
  void wait_ms(std::uint64_t ms) { network_.run_for_ms(ms); }
  /// As many as fill cwnd, each round trip.
  void run_for_ms(std::uint64_t ms) {
    for (const std::uint64_t end = network_.now_ms() + ms; network_.now_ms() < end;) {
      acknowledge(std::max(sk_.snd_cwnd / 2, 1U));
      network_.run_for_ms(rtt_ms_);
    }
  }

 private:
  static network_settings with_hz(std::uint32_t hz) {
    network_settings settings;
    settings.host[0].tcp.hz = hz;
    return settings;
  }

  virtual_network network_;
  std::uint64_t rtt_ms_;
  tcp::tcp_sock& sk_;
};

TEST(cubic_root, is_the_largest_whose_cube_fits) {
  seeded_random random{11};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t root = random.next() >> (44 + random.next() % 20);
    const std::uint64_t next = root + 1;
    const std::uint64_t value = root * root * root + random.next() % (next * next * next - root * root * root);
    EXPECT_EQ(tcp::cubic_root(value), root) << value;
  }
  EXPECT_EQ(tcp::cubic_root(0), 0U);
  EXPECT_EQ(tcp::cubic_root((std::uint64_t{1} << 63) - 1), 2097151U);
}

TEST(cubic, multiplies_by_seven_tenths_and_never_below_two) {
  cubic_flow flow{100};
  flow.lose_at(10);
  EXPECT_EQ(flow.sk().snd_ssthresh, 7U);
  flow.lose_at(1000);
  EXPECT_EQ(flow.sk().snd_ssthresh, 700U);
  flow.lose_at(2);
  EXPECT_EQ(flow.sk().snd_ssthresh, 2U);
}

// RFC 9438 4.2: K = cbrt(W_max (1 - beta) / C); around K the curve is flat, symmetric on both sides.
TEST(cubic, follows_the_curve_up_to_w_max_and_beyond) {
  cubic_flow flow{100};
  flow.lose_at(1000);
  const double k_s = std::cbrt(300.0 / 0.4);
  const auto expected = [&](double t_s) { return 1000.0 + 0.4 * std::pow(t_s - k_s, 3); };
  for (int second = 1; second <= 18; ++second) {
    flow.run_for_ms(1000);
    EXPECT_NEAR(flow.sk().snd_cwnd, expected(second), 0.02 * expected(second)) << second << " s";
  }
}

// RFC 9438 4.3: with a short round trip Reno would be faster, and CUBIC is as fast: 8/15 segment a round trip.
TEST(cubic, is_as_fast_as_reno_where_that_is_faster) {
  cubic_flow flow{20};
  flow.lose_at(100);
  flow.run_for_ms(2000);
  EXPECT_NEAR(flow.sk().snd_cwnd, 70 + 100 * 8.0 / 15, 4);
}

// RFC 9438 4.7.
TEST(cubic, fast_convergence_gives_way) {
  cubic_flow flow{100};
  flow.lose_at(1000);
  EXPECT_EQ(flow.sk().icsk_ca_priv.cubic.last_max_cwnd, 1000U);
  flow.lose_at(900);
  EXPECT_EQ(flow.sk().icsk_ca_priv.cubic.last_max_cwnd, 765U);
  flow.lose_at(900);
  EXPECT_EQ(flow.sk().icsk_ca_priv.cubic.last_max_cwnd, 900U);
}

// RFC 9438 5.8: as if the time in which nothing was sent had not been.
TEST(cubic, does_not_grow_by_idle_time) {
  cubic_flow flow{100};
  flow.lose_at(1000);
  flow.run_for_ms(2000);
  const std::uint32_t before = flow.sk().snd_cwnd;
  flow.sk().lsndtime_ms = flow.sk().net->now_ms();
  flow.sk().is_cwnd_limited = false;
  flow.sk().max_packets_out = 0;
  flow.run_for_ms(20'000);
  EXPECT_EQ(flow.sk().snd_cwnd, before);
  flow.ops().tx_start(flow.sk());
  flow.sk().is_cwnd_limited = true;
  flow.run_for_ms(200);
  EXPECT_NEAR(flow.sk().snd_cwnd, before, 0.05 * before);
}

// Linux: bictcp_update computes the curve once a tick, and what it came to holds meanwhile, however much cwnd grows.
// Rounding makes that one segment for each two here: 3 - 0.99... is 3.
TEST(cubic, grows_to_the_end_of_a_tick_as_at_its_beginning) {
  for (const std::uint32_t hz : {1000U, 250U}) {
    cubic_flow flow{1, hz};
    flow.wait_ms(100);
    flow.lose_at(3);
    flow.acknowledge(10);
    EXPECT_EQ(flow.sk().snd_cwnd, 12U) << hz;
    flow.wait_ms(3);
    flow.acknowledge(10);
    EXPECT_EQ(flow.sk().snd_cwnd, hz == 250 ? 22U : 12U) << hz;
    flow.wait_ms(1);
    flow.acknowledge(10);
    EXPECT_EQ(flow.sk().snd_cwnd, hz == 250 ? 22U : 12U) << hz;
  }
}

// Linux: bictcp_update looks again at the same cwnd only after a thirty-second of a second, whatever happened in
// between.
TEST(cubic, what_was_computed_for_a_cwnd_holds_into_the_next_epoch) {
  cubic_flow flow{1};
  flow.wait_ms(100);
  flow.lose_at(100);
  flow.acknowledge(1);
  flow.wait_ms(10'000);
  flow.acknowledge(1);
  EXPECT_EQ(flow.sk().snd_cwnd, 72U) << "far beyond W_max, so one segment for each two, and one that had waited";
  flow.lose_at(101);
  flow.acknowledge(1);
  EXPECT_EQ(flow.sk().snd_cwnd, 71U);
}

TEST(cubic, a_timeout_forgets_the_curve) {
  cubic_flow flow{100};
  flow.lose_at(1000);
  flow.run_for_ms(500);
  flow.ops().set_state(flow.sk(), tcp::tcp_ca::loss);
  EXPECT_EQ(flow.sk().icsk_ca_priv.cubic.last_max_cwnd, 0U);
  EXPECT_EQ(flow.sk().icsk_ca_priv.cubic.epoch_start, 0U);
}

}  // namespace
}  // namespace fourtuple::support
