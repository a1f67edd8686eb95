// SPDX-License-Identifier: Apache-2.0
// Shows that frames reach the receive ring whole, in order and before their completions, whatever the bus and the host
// do; that every frame that does not is counted for the right reason; and that the receive side halts, stops and starts
// as docs/device.md says. nic_host checks every write of the device by itself.
#include <gtest/gtest.h>

#include <random>

#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::tb {
namespace {

std::size_t random_size(std::mt19937& random) {
  const unsigned kind = random() % 4;
  if (kind == 0) return 60 + random() % 5;
  if (kind == 1) return 60 + random() % 200;
  return 60 + random() % 1459;
}

unsigned random_percent(std::mt19937& random) { return std::uniform_int_distribution<unsigned>(20, 100)(random); }

class random_receive : public testing::TestWithParam<std::uint32_t> {};

// The host gives space back in random amounts at random times; everything else stalls at random, too.
TEST_P(random_receive, delivers_in_order_and_counts_the_rest) {
  std::mt19937 random(GetParam());
  surroundings around;
  around.seed = GetParam();
  around.aw_ready_percent = random_percent(random);
  around.w_ready_percent = random_percent(random);
  around.mac_valid_percent = random_percent(random);
  around.write_latency_min_clocks = 1;
  around.write_latency_max_clocks = 1 + random() % 100;
  nic_bench bench(around);
  nic_host host(bench, {.rx_bytes_log2 = 15, .completion_entries_log2 = 4 + GetParam() % 3});
  host.set_up();
  host.enable(true, false);

  constexpr std::size_t frames = 400;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < frames; ++i) {
    host.receive(random_frame(random, random_size(random)));
    bench.run(random() % 60);
    if (random() % 3 == 0) host.give_back(random() % (host.unread() + 1));
  }
  ASSERT_TRUE(bench.run_until([&] { return !bench.receiving(); }));
  bench.run(20'000);
  for (const record& entry : host.records) bytes += entry.frame.length;

  EXPECT_GT(host.records.size(), frames / 4);
  EXPECT_EQ(host.counter(regs::counter_rx_frames), frames);
  EXPECT_EQ(host.counter(regs::counter_rx_delivered), host.records.size());
  EXPECT_EQ(host.counter(regs::counter_rx_bytes), bytes);
  EXPECT_EQ(host.dropped(), host.missing() + host.not_seen());
  EXPECT_EQ(host.dropped() + host.records.size(), frames);
  EXPECT_EQ(bench.read32(regs::queues_completion_tail(0)), host.records.size() & 0xffffU);
}
INSTANTIATE_TEST_SUITE_P(seeds, random_receive, testing::Range(1U, 9U));

// With room for every frame none may be dropped, through many rounds of both rings.
TEST(nic_receive, loses_nothing_when_there_is_room) {
  std::mt19937 random(7);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 15, .completion_entries_log2 = 4});
  host.set_up();
  host.enable(true, false);
  for (std::size_t i = 0; i < 500; ++i) {
    host.receive(random_frame(random, random_size(random)));
    if (i % 8 != 7) continue;
    ASSERT_TRUE(bench.run_until([&] { return host.unread() == 8; }));
    host.give_back(8 - random() % 3);
    host.give_back(host.unread());
  }
  bench.run(2000);
  EXPECT_EQ(host.records.size(), 500U);
  EXPECT_EQ(host.dropped(), 0U);
}

// Frames of up to 9600 bytes: several bursts each, cut at the borders of 4096 bytes; 9601 are too many, whatever
// max_frame says.
TEST(nic_receive, delivers_the_longest_frames) {
  std::mt19937 random(11);
  surroundings around;
  around.w_ready_percent = 70;
  nic_bench bench(around);
  nic_host host(bench, {.rx_bytes_log2 = 16, .completion_entries_log2 = 4});
  host.set_up();
  bench.write32(regs::device_max_frame, 16383);
  host.enable(true, false);
  for (std::size_t i = 0; i < 60; ++i) {
    host.receive(random_frame(random, i % 5 == 0 ? 9600 : 60 + random() % 9541));
    ASSERT_TRUE(bench.run_until([&] { return host.unread() == 1; }));
    host.give_back(1);
    bench.receive(random_frame(random, i % 2 == 0 ? 9601 : 12000));
  }
  bench.run(1000);
  EXPECT_EQ(host.dropped(), 60U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_too_long), 60U);
  EXPECT_EQ(host.counter(regs::counter_rx_delivered), 60U);
}

TEST(nic_receive, drops_when_the_ring_is_full_and_goes_on_with_space) {
  std::mt19937 random(1);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 15, .completion_entries_log2 = 10});
  host.set_up();
  host.enable(true, false);
  for (int i = 0; i < 520; ++i) host.receive(random_frame(random, 60));
  bench.run(3000);
  EXPECT_EQ(host.records.size(), 512U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_ring_full), 8U);
  EXPECT_EQ(bench.read32(regs::queues_rx_tail(0)), 1U << 15U);

  host.give_back(3);
  for (int i = 0; i < 5; ++i) host.receive(random_frame(random, 64));
  bench.run(500);
  EXPECT_EQ(host.records.size(), 515U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_ring_full), 10U);
}

// A frame that would have to skip to the ring's start and does not fit there leaves the tail where it is.
TEST(nic_receive, a_dropped_frame_does_not_skip) {
  std::mt19937 random(2);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 15, .completion_entries_log2 = 10});
  host.set_up();
  host.enable(true, false);
  for (int i = 0; i < 21; ++i) host.receive(random_frame(random, 1500));  // 21 * 1536 = 32256: 512 are left
  bench.run(2000);
  ASSERT_EQ(host.records.size(), 21U);
  host.give_back(1);
  host.receive(random_frame(random, 1518));  // 512 to skip and 1536: exactly what is free
  bench.run(500);
  EXPECT_EQ(host.records.size(), 22U);
  EXPECT_EQ(bench.read32(regs::queues_rx_tail(0)), (1U << 15U) + 1536);
  host.receive(random_frame(random, 64));
  bench.run(500);
  EXPECT_EQ(host.records.size(), 22U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_ring_full), 1U);
  EXPECT_EQ(bench.read32(regs::queues_rx_tail(0)), (1U << 15U) + 1536);
}

TEST(nic_receive, drops_when_the_completion_ring_is_full) {
  std::mt19937 random(3);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 18, .completion_entries_log2 = 4});
  host.set_up();
  host.enable(true, false);
  for (int i = 0; i < 20; ++i) host.receive(random_frame(random, 300));
  bench.run(1000);
  EXPECT_EQ(host.records.size(), 16U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_completion_full), 4U);
  host.give_back(1);
  host.receive(random_frame(random, 300));
  host.receive(random_frame(random, 300));
  bench.run(500);
  EXPECT_EQ(host.records.size(), 17U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_completion_full), 5U);
}

TEST(nic_receive, drops_when_its_buffer_is_full_and_keeps_what_was_in_it) {
  std::mt19937 random(4);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 18, .completion_entries_log2 = 8});
  host.set_up();
  host.enable(true, false);
  bench.options.aw_ready_percent = bench.options.w_ready_percent = 0;
  for (int i = 0; i < 40; ++i) host.receive(random_frame(random, 1500));  // 960 beats for 512
  bench.run(2000);
  bench.options.aw_ready_percent = bench.options.w_ready_percent = 100;
  bench.run(2000);
  const std::uint64_t full = host.counter(regs::counter_rx_drop_fifo_full);
  EXPECT_GE(full, 15U);
  EXPECT_LE(full, 20U);
  EXPECT_EQ(host.records.size() + full, 40U);
  EXPECT_EQ(host.missing() + host.not_seen(), full);
}

TEST(nic_receive, counts_each_reason_to_drop) {
  std::mt19937 random(5);
  nic_bench bench({});
  nic_host host(bench, {});
  host.set_up();
  bench.receive(random_frame(random, 100));  // not enabled yet
  bench.run(200);
  host.enable(true, false);
  bench.run(20);
  bench.receive(random_frame(random, 100), true);
  bench.receive(random_frame(random, 59));
  bench.receive(random_frame(random, 1519));
  frame_bytes other = random_frame(random, 100);
  other[0] = 0x02;
  bench.receive(other);
  host.receive(random_frame(random, 100));
  bench.run(300);
  EXPECT_EQ(host.counter(regs::counter_rx_frames), 6U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_disabled), 1U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_mac_error), 1U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_too_short), 1U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_too_long), 1U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_filtered), 1U);
  EXPECT_EQ(host.counter(regs::counter_rx_delivered), 1U);
}

TEST(nic_receive, a_refused_write_halts_until_enabled_again) {
  std::mt19937 random(6);
  nic_bench bench({});
  nic_host host(bench, {});
  host.set_up();
  bench.write32(regs::device_event_enable, 0x1f);
  bench.refused_writes.push_back({nic_host::rx_base + 1024, 64});
  host.enable(true, false);
  host.receive(random_frame(random, 1000));
  bench.run(300);
  ASSERT_EQ(host.records.size(), 1U);
  host.compare_frames = false;
  bench.receive(random_frame(random, 64));  // into the refused beat
  bench.run(300);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 5U);  // active and halted
  EXPECT_EQ(bench.read32(regs::device_event_status), 5U);
  EXPECT_EQ(bench.read64(regs::device_dma_error_address), nic_host::rx_base + 1024);
  EXPECT_EQ(bench.read32(regs::device_dma_error_source), 0U);
  EXPECT_EQ(host.counter(regs::counter_dma_write_errors), 1U);
  ASSERT_EQ(host.messages.size(), 2U);  // dma_write_error, then rx_halted
  EXPECT_EQ(host.messages[0].address, nic_host::message_address + 0x24);
  EXPECT_EQ(host.messages[0].data, 0x55667788U);

  const std::size_t records = host.records.size();
  bench.receive(random_frame(random, 64));
  bench.run(300);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_disabled), 1U);
  EXPECT_EQ(host.records.size(), records);

  bench.refused_writes.clear();
  host.compare_frames = true;
  host.disable();
  bench.write32(regs::device_event_status, 0x1f);
  host.enable(true, false);
  for (int i = 0; i < 3; ++i) host.receive(random_frame(random, 500));
  bench.run(500);
  EXPECT_EQ(host.records.size(), 3U);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 1U);
  EXPECT_EQ(bench.read32(regs::device_event_status), 0U);
}

TEST(nic_receive, a_refused_completion_is_attributed) {
  std::mt19937 random(8);
  nic_bench bench({});
  nic_host host(bench, {});
  host.set_up();
  bench.refused_writes.push_back({nic_host::completion_base, 64});
  host.enable(true, false);
  bench.receive(random_frame(random, 1000));
  bench.run(300);
  EXPECT_EQ(bench.read32(regs::device_dma_error_source), 1U);
  EXPECT_EQ(bench.read64(regs::device_dma_error_address), nic_host::completion_base);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 5U);
}

TEST(nic_receive, is_active_until_everything_begun_has_been_answered) {
  std::mt19937 random(9);
  surroundings around;
  around.aw_ready_percent = around.w_ready_percent = 10;
  around.write_latency_min_clocks = around.write_latency_max_clocks = 500;
  nic_bench bench(around);
  nic_host host(bench, {.rx_bytes_log2 = 18, .completion_entries_log2 = 8});
  host.set_up();
  host.enable(true, false);
  for (int i = 0; i < 20; ++i) host.receive(random_frame(random, 1500));
  bench.run(300);
  std::uint64_t last_write = 0;
  const auto check = bench.on_write;
  bench.on_write = [&](const write_burst& burst) {
    last_write = burst.clock;
    check(burst);
  };
  host.disable();
  EXPECT_GE(bench.clock(), last_write + 500);
  const std::uint64_t before = last_write;
  bench.run(3000);
  EXPECT_EQ(last_write, before);
  EXPECT_EQ(host.counter(regs::counter_rx_delivered), host.records.size());
  EXPECT_EQ(host.counter(regs::counter_rx_delivered) + host.dropped(), 20U);
}

// 60-byte frames at one a clock from the MAC: two of three bus beats carry frames, the third two completions.
TEST(nic_receive, takes_smallest_frames_at_more_than_600_per_1000_clocks) {
  std::mt19937 random(10);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 19, .completion_entries_log2 = 12});
  host.set_up();
  host.enable(true, false);
  for (int i = 0; i < 3000; ++i) host.receive(random_frame(random, 60));
  ASSERT_TRUE(bench.run_until([&] { return host.records.size() >= 200; }));
  const std::uint64_t from = bench.clock();
  const std::size_t before = host.records.size();
  bench.run(1000);
  const auto frames = static_cast<double>(host.records.size() - before);
  const double rate = frames / static_cast<double>(bench.clock() - from);
  RecordProperty("frames_per_1000_clocks", static_cast<int>(rate * 1000));
  EXPECT_GE(rate, 0.6);
}

}  // namespace
}  // namespace fourtuple::tb
