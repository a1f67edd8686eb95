// SPDX-License-Identifier: Apache-2.0
//
// Shows that the queues of tx_engine share it fairly, do not hold each other up, and are switched on and off, halted
// and counted each by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

constexpr unsigned queues = tx_bench::queues;

tx_frame marked_frame(unsigned queue, unsigned number, std::size_t length) {
  tx_frame frame{.bytes = std::vector<std::byte>(length), .pieces = {length}};
  for (std::size_t i = 0; i < length; ++i) frame.bytes[i] = static_cast<std::byte>(number + i * 7);
  frame.bytes[0] = static_cast<std::byte>(queue);
  frame.bytes[1] = static_cast<std::byte>(number >> 8);
  frame.bytes[2] = static_cast<std::byte>(number);
  return frame;
}

unsigned queue_of(const std::vector<std::byte>& frame) { return std::to_integer<unsigned>(frame[0]); }
unsigned number_of(const std::vector<std::byte>& frame) {
  return std::to_integer<unsigned>(frame[1]) << 8 | std::to_integer<unsigned>(frame[2]);
}

void enable_all(tx_bench& bench) {
  for (unsigned queue = 0; queue < queues; ++queue) bench.enable(queue);
}

TEST(TxQueues, EachInItsOwnOrderNothingLost) {
  tx_bench bench(41, 6,
                 {.read_latency_min = 4,
                  .read_latency_max = 60,
                  .ar_ready_percent = 70,
                  .r_valid_percent = 80,
                  .mac_ready_percent = 80});
  enable_all(bench);
  std::array<std::vector<tx_frame>, queues> frames;
  std::array<std::uint16_t, queues> completed{};
  std::array<std::uint16_t, queues> index{};
  for (int i = 0; i < 1500; ++i) {
    const unsigned queue = bench.pick(0, queues - 1);
    tx_frame frame = marked_frame(queue, static_cast<unsigned>(frames[queue].size()), bench.pick(20, 400));
    if (bench.pick(0, 3) == 0) frame.pieces = {10, frame.bytes.size() - 10};
    frame.completion = bench.pick(0, 4) == 0;
    index[queue] = static_cast<std::uint16_t>(index[queue] + frame.pieces.size());
    if (frame.completion) completed[queue] = index[queue];
    bench.send(frame, bench.pick(0, 1) != 0, queue);
    frames[queue].push_back(std::move(frame));
    bench.clocks(bench.pick(0, 9) == 0 ? bench.pick(0, 60) : 0);
  }
  for (unsigned queue = 0; queue < queues; ++queue) bench.doorbell(queue);
  ASSERT_TRUE(bench.drain());
  std::array<std::size_t, queues> seen{};
  for (const auto& sent : bench.sent()) {
    const unsigned queue = queue_of(sent);
    ASSERT_LT(queue, queues);
    ASSERT_LT(seen[queue], frames[queue].size());
    ASSERT_EQ(sent, expected_on_wire(frames[queue][seen[queue]])) << "queue " << queue;
    ++seen[queue];
  }
  for (unsigned queue = 0; queue < queues; ++queue) {
    EXPECT_EQ(seen[queue], frames[queue].size());
    EXPECT_EQ(bench.head(queue), index[queue]);
    ASSERT_FALSE(bench.completions(queue).empty());
    EXPECT_EQ(bench.completions(queue).back(), completed[queue]);
  }
}

TEST(TxQueues, TakeTurnsFrameByFrame) {
  tx_bench bench(42, 8, {.read_latency_min = 100, .read_latency_max = 100, .mac_ready_percent = 20});
  enable_all(bench);
  for (unsigned queue = 0; queue < queues; ++queue)
    for (unsigned i = 0; i < 200; ++i) bench.send(marked_frame(queue, i, 100), false, queue);
  for (unsigned queue = 0; queue < queues; ++queue) bench.doorbell(queue);
  ASSERT_TRUE(bench.drain());
  ASSERT_EQ(bench.sent().size(), 200U * queues);
  // In any stretch in which all have work, each has had its share, give or take what came before the others began.
  std::array<unsigned, queues> seen{};
  for (std::size_t i = 0; i < bench.sent().size() * 3 / 4; ++i) {
    ++seen[queue_of(bench.sent()[i])];
    if (i < 200) continue;
    const auto [least, most] = std::minmax_element(seen.begin(), seen.end());
    ASSERT_LE(*most - *least, 60U) << "after " << i << " frames";
  }
}

TEST(TxQueues, AFrameThatIsNotCompleteHoldsNobodyUp) {
  tx_bench bench(43, 7);
  enable_all(bench);
  regs::transmit_descriptor open_ended;
  open_ended.address = bench.place(std::vector<std::byte>(100));
  open_ended.length = 100;
  bench.write_descriptor(open_ended, 1);
  for (unsigned i = 0; i < 100; ++i) bench.write_descriptor(open_ended, 2);  // more than a frame may have
  bench.doorbell(1);
  bench.doorbell(2);
  bench.clocks(100);
  for (unsigned i = 0; i < 50; ++i) bench.send(marked_frame(0, i, 200), true, 0);
  bench.clocks(2000);
  EXPECT_EQ(bench.sent().size(), 50U);
  EXPECT_EQ(bench.head(1), 0);
  EXPECT_EQ(bench.head(2), 0);
  open_ended.end_of_frame = true;
  bench.write_descriptor(open_ended, 1);
  bench.write_descriptor(open_ended, 2);
  bench.doorbell(1);
  bench.doorbell(2);
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.sent().size(), 51U);
  EXPECT_EQ(bench.sent().back().size(), 200U);
  EXPECT_EQ(bench.counts().drop_descriptor, 1U);
}

TEST(TxQueues, OneHaltsAndTheOthersGoOn) {
  tx_bench bench(44, 6);
  enable_all(bench);
  bench.refuse(bench.descriptor_address(8, 2), 16);
  for (unsigned i = 0; i < 30; ++i)
    for (unsigned queue = 0; queue < queues; ++queue) bench.send(marked_frame(queue, i, 90), false, queue);
  for (unsigned queue = 0; queue < queues; ++queue) bench.doorbell(queue);
  bench.clocks(3000);
  std::array<unsigned, queues> seen{};
  for (const auto& sent : bench.sent()) ++seen[queue_of(sent)];
  EXPECT_EQ(seen, (std::array<unsigned, queues>{30, 30, 8, 30}));
  EXPECT_TRUE(bench.halted(2));
  for (const unsigned queue : {0U, 1U, 3U}) EXPECT_FALSE(bench.halted(queue));
  EXPECT_EQ(bench.counts().halted, 1U);
  EXPECT_TRUE(bench.quiet());

  // Down and up again, while the others work.
  bench.forget_sent();
  bench.refuse_nothing();
  bench.disable(2);
  for (unsigned i = 0; i < 20; ++i) bench.send(marked_frame(0, i, 300), true, 0);
  unsigned waited = 0;
  while (bench.active(2) && ++waited < 1000) bench.clock();
  ASSERT_FALSE(bench.active(2));
  bench.enable(2);
  EXPECT_FALSE(bench.halted(2));
  bench.send(marked_frame(2, 77, 100), true, 2);
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.sent().size(), 21U);
}

TEST(TxQueues, DisablingOneFinishesWhatItHasBegun) {
  for (unsigned wait = 0; wait < 200; wait += 7) {
    tx_bench bench(45, 7, {.read_latency_min = 20, .read_latency_max = 40, .mac_ready_percent = 60});
    enable_all(bench);
    for (unsigned i = 0; i < 60; ++i)
      for (unsigned queue = 0; queue < queues; ++queue) bench.send(marked_frame(queue, i, 150), false, queue);
    for (unsigned queue = 0; queue < queues; ++queue) bench.doorbell(queue);
    bench.clocks(wait);
    bench.disable(1);
    unsigned waited = 0;
    while (bench.active(1) && ++waited < 20'000) bench.clock();
    ASSERT_FALSE(bench.active(1));
    const std::uint16_t head = bench.head(1);
    bench.refuse(bench.descriptor_address(0, 1), 128 * 16);
    bench.clocks(5000);
    EXPECT_EQ(bench.head(1), head);
    EXPECT_EQ(bench.counts().read_errors, 0U);
    std::array<unsigned, queues> seen{};
    for (const auto& sent : bench.sent()) EXPECT_EQ(number_of(sent), seen[queue_of(sent)]++);
    EXPECT_EQ(seen, (std::array<unsigned, queues>{60, head, 60, 60}));
  }
}

/// Frames a clock, with `active` queues that all have work, host memory answering after 225 clocks.
double frames_per_clock(unsigned active, int lane) {
  tx_bench bench(46, 12, {.read_latency_min = 225, .read_latency_max = 225});
  enable_all(bench);
  const std::vector<std::byte> bytes(60, std::byte{1});
  for (unsigned i = 0; i < 2000; ++i) {
    regs::transmit_descriptor descriptor;
    descriptor.address = bench.place(bytes, lane);
    descriptor.length = 60;
    descriptor.end_of_frame = true;
    bench.write_descriptor(descriptor, i % active);
  }
  for (unsigned queue = 0; queue < active; ++queue) bench.doorbell(queue);
  while (bench.sent().size() < 500) bench.clock();
  const std::uint64_t start = bench.now();
  const std::size_t first = bench.sent().size();
  while (bench.sent().size() < 1500) bench.clock();
  return static_cast<double>(bench.sent().size() - first) / static_cast<double>(bench.now() - start);
}

TEST(TxQueues, SmallFramesFromOneOrAll) {
  EXPECT_GE(frames_per_clock(1, 0), 0.6);
  EXPECT_GE(frames_per_clock(queues, 0), 0.6);
  EXPECT_GE(frames_per_clock(1, 34), 0.3);
  EXPECT_GE(frames_per_clock(queues, 34), 0.3);
}

}  // namespace
}  // namespace fourtuple::tb
