// SPDX-License-Identifier: Apache-2.0
//
// Shows the function-level reset of the whole NIC under traffic in both directions, at random moments: buses are left
// by their rules (nic_bench checks them in every clock), nothing is asked of memory afterwards, it ends soon behind the
// last response, and the NIC can be brought up again and works.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::uint64_t bound_clocks = 20;  // From the last response to the end.
constexpr ring_shapes shapes{.rx_bytes_log2 = 16, .completion_entries_log2 = 8, .tx_entries_log2 = 6};

regs::transmit_descriptor whole_frame() {
  regs::transmit_descriptor descriptor;
  descriptor.end_of_frame = true;
  descriptor.completion = true;
  return descriptor;
}

/// A large TCP packet that the NIC cuts up.
regs::transmit_descriptor segmented() {
  regs::transmit_descriptor descriptor = whole_frame();
  descriptor.tso = descriptor.checksum = true;
  descriptor.checksum_start = 34;
  descriptor.checksum_offset = 16;
  descriptor.header_length = 54;
  descriptor.mss = 1000;
  return descriptor;
}

void make_traffic(nic_bench& bench, nic_host& host, std::mt19937& random) {
  for (unsigned i = 0; i < 20; ++i) {
    host.command(regs::command_op::insert, 0x0a000001, 0x0a000002, 80, static_cast<std::uint16_t>(i), i,
                 static_cast<std::uint16_t>(i));
  }
  for (unsigned i = 0; i < 60; ++i) host.receive(random_frame(random, 60 + random() % 1400), bench.clock() + 40 * i);
  for (unsigned i = 0; i < 20; ++i) host.prepare_transmit(random_frame(random, 60 + random() % 1400), whole_frame(), 3);
  for (unsigned i = 0; i < 6; ++i) host.prepare_transmit(tcp_frame(1, 2, 3, 4, 5000 + random() % 2000), segmented(), i);
  for (unsigned i = 0; i < 20; ++i) host.prepare_transmit(random_frame(random, 60 + random() % 1400), whole_frame(), 3);
  host.ring_transmit_doorbell();
}

void expect_works(nic_bench& bench, std::mt19937& random) {
  nic_host host(bench, shapes);
  host.set_up();
  EXPECT_EQ(bench.read32(regs::connection_entries), 0U) << "the table is empty";
  EXPECT_EQ(host.counter(regs::counter_tx_frames), 0U);
  host.enable(true, true);
  bench.sent.clear();
  std::vector<frame_bytes> expected;
  for (unsigned i = 0; i < 5; ++i) {
    host.receive(random_frame(random, 200), bench.clock() + 50 * i);
    expected.push_back(random_frame(random, 100 + 300 * i));
    host.transmit(expected.back(), whole_frame());
  }
  EXPECT_TRUE(bench.run_until([&] { return bench.sent.size() == 5 && host.records.size() >= 6; }, 20'000));
  bench.run(500);
  ASSERT_EQ(bench.sent.size(), 5U);
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(bench.sent[i].bytes, expected[i]);
  EXPECT_EQ(host.missing() + host.not_seen(), 0U);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 3U);
}

void reset_after(std::uint32_t seed, std::uint64_t clocks, bool by_pcie) {
  std::mt19937 random(seed);
  nic_bench bench({.seed = seed,
                   .aw_ready_percent = 30 + seed * 7 % 71,
                   .w_ready_percent = 30 + seed * 13 % 71,
                   .ar_ready_percent = 30 + seed * 11 % 71,
                   .mac_ready_percent = 40 + seed * 17 % 61,
                   .mac_valid_percent = 80,
                   .write_latency_min_clocks = 1,
                   .write_latency_max_clocks = 80,
                   .read_latency_min_clocks = 10,
                   .read_latency_max_clocks = 120});
  auto host = std::make_unique<nic_host>(bench, shapes);
  host->set_up();
  host->enable(true, true);
  make_traffic(bench, *host, random);
  bench.run(clocks);
  const std::uint64_t before = bench.read64(regs::device_timestamp);
  const std::uint64_t started = bench.clock();
  if (by_pcie) {
    bench.drive_flr(true);
    ASSERT_TRUE(bench.run_until([&] { return bench.flr_done(); }, 5000));
  } else {
    bench.write32(regs::device_function_reset, 1);
    EXPECT_EQ(bench.read32(regs::device_function_reset), 0U) << "answered when the reset has ended";
  }
  EXPECT_EQ(bench.outstanding(), 0U);
  EXPECT_FALSE(bench.sending()) << "a frame was cut off";
  if (by_pcie) {
    const std::uint64_t left = bench.sent.empty() ? 0 : bench.sent.back().clock;
    EXPECT_LE(bench.clock(), std::max({started, bench.last_answer_clock(), left}) + bound_clocks) << "not in time";
    bench.run(50);
    EXPECT_TRUE(bench.flr_done()) << "until it is acknowledged";
    bench.drive_flr(false);
  }
  const std::uint64_t last = bench.last_answer_clock();
  const std::size_t sent = bench.sent.size();
  bench.run(3000);
  EXPECT_EQ(bench.last_answer_clock(), last) << "DMA after the reset";
  EXPECT_EQ(bench.outstanding(), 0U);
  EXPECT_EQ(bench.sent.size(), sent);
  EXPECT_FALSE(bench.flr_done());
  EXPECT_GT(bench.read64(regs::device_timestamp), before) << "time goes on";
  EXPECT_EQ(bench.read32(regs::queues_control(0)), 0U);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 0U);
  ASSERT_TRUE(bench.run_until([&] { return !bench.receiving(); }));
  host.reset();
  expect_works(bench, random);
}

TEST(NicReset, AtAnyMomentByTheHost) {
  for (std::uint32_t seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed)
    reset_after(seed, seed * seed * 37 % 2500, false);
}

TEST(NicReset, AtAnyMomentByPcie) {
  for (std::uint32_t seed = 101; seed <= 160 && !testing::Test::HasFailure(); ++seed)
    reset_after(seed, seed * seed * 41 % 2500, true);
}

TEST(NicReset, OfAnIdleNic) {
  std::mt19937 random(1);
  nic_bench bench({});
  bench.drive_flr(true);
  ASSERT_TRUE(bench.run_until([&] { return bench.flr_done(); }, bound_clocks));
  bench.drive_flr(false);
  bench.run(2);
  EXPECT_FALSE(bench.flr_done());
  expect_works(bench, random);
}

TEST(NicReset, OfAHaltedQueue) {
  std::mt19937 random(2);
  nic_bench bench({});
  nic_host host(bench, shapes);
  host.compare_frames = false;
  host.set_up();
  host.enable(true, true);
  bench.refused_writes.push_back({nic_host::rx_base, 1U << 16});
  bench.refused_reads.push_back({nic_host::tx_base, 0x1000});
  host.receive(random_frame(random, 100));
  host.transmit(random_frame(random, 100), whole_frame());
  bench.run(1000);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 0xfU);
  bench.refused_writes.clear();
  bench.refused_reads.clear();
  bench.write32(regs::device_function_reset, 1);
  EXPECT_EQ(bench.read32(regs::device_event_status), 0U);
  expect_works(bench, random);
}

}  // namespace
}  // namespace fourtuple::tb
