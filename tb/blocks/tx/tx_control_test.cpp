// SPDX-License-Identifier: Apache-2.0
//
// Shows how tx_engine is switched on and off, and when it calls itself quiet.
#include <gtest/gtest.h>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

tx_frame numbered_frame(unsigned number, std::size_t length) {
  tx_frame frame{.bytes = std::vector<std::byte>(length), .pieces = {length}};
  for (std::size_t i = 0; i < length; ++i) frame.bytes[i] = static_cast<std::byte>(number + i * 7);
  return frame;
}

TEST(TxControl, NothingIsReadWhileDisabled) {
  tx_bench bench(21, 4);
  bench.send(numbered_frame(1, 100));
  bench.clocks(500);
  EXPECT_FALSE(bench.active());
  EXPECT_TRUE(bench.sent().empty());
  EXPECT_EQ(bench.head(), 0);
  EXPECT_TRUE(bench.quiet());
}

TEST(TxControl, DisablingFinishesWhatWasBegun) {
  for (unsigned wait = 0; wait < 120; wait += 3) {
    tx_bench bench(22, 6, {.read_latency_min = 20, .read_latency_max = 40, .mac_ready_percent = 50});
    bench.enable();
    for (unsigned i = 0; i < 20; ++i) {
      tx_frame frame = numbered_frame(i, 300);
      frame.pieces = {100, 200};
      frame.completion = true;
      bench.send(frame);
    }
    bench.clocks(wait);
    bench.disable();
    unsigned waited = 0;
    while (bench.active() && waited < 5000) {
      bench.clock();
      ++waited;
    }
    ASSERT_FALSE(bench.active());
    // From now on its memory is not touched: nothing may depend on it.
    bench.refuse(tx_bench::memory_base, tx_bench::memory_bytes);
    const std::uint16_t head = bench.head();
    bench.clocks(1000);
    EXPECT_EQ(bench.counts().read_errors, 0U);
    EXPECT_EQ(bench.head(), head);
    ASSERT_EQ(bench.sent().size(), head / 2U) << "what was finished is what was sent";
    for (unsigned i = 0; i < bench.sent().size(); ++i) EXPECT_EQ(bench.sent()[i], numbered_frame(i, 300).bytes);
    if (head != 0) {
      ASSERT_FALSE(bench.completions().empty());
      EXPECT_EQ(bench.completions().back(), head);
    }

    bench.refuse_nothing();
    bench.forget_sent();
    bench.enable();
    bench.send(numbered_frame(99, 64));
    ASSERT_TRUE(bench.drain());
    ASSERT_EQ(bench.sent().size(), 1U);
    EXPECT_EQ(bench.sent()[0], numbered_frame(99, 64).bytes);
    EXPECT_EQ(bench.head(), 1);
  }
}

TEST(TxControl, AStoppedMacLosesNothing) {
  tx_bench bench(24, 8);
  bench.world().mac_ready_percent = 0;
  bench.enable();
  for (unsigned i = 0; i < 100; ++i) bench.send(numbered_frame(i, 1514), i == 99);
  bench.clocks(5000);
  EXPECT_TRUE(bench.sent().empty());
  EXPECT_LT(bench.head(), 100) << "the buffers can not hold them all";
  bench.world().mac_ready_percent = 100;
  ASSERT_TRUE(bench.drain());
  ASSERT_EQ(bench.sent().size(), 100U);
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(bench.sent()[i], numbered_frame(i, 1514).bytes);
}

TEST(TxControl, QuietWhileWaitingForMemory) {
  tx_bench bench(25, 6, {.read_latency_min = 500, .read_latency_max = 500});
  bench.enable();
  bench.clocks(50);
  EXPECT_TRUE(bench.quiet());
  bench.send(numbered_frame(1, 500));
  bench.clock();
  EXPECT_FALSE(bench.quiet()) << "there is a doorbell to follow";
  unsigned quiet_clocks = 0;
  while (bench.sent().empty()) {
    bench.clock();
    quiet_clocks += bench.quiet();
  }
  // Two round trips of 500 clocks; the rest is the engine's own time.
  EXPECT_GT(quiet_clocks, 900U);
  EXPECT_LT(quiet_clocks, 1000U);
}

TEST(TxControl, NothingChangesWhileQuiet) {
  // The engine's whole state, byte for byte: when it is quiet and no input changes, a clock changes nothing.
  tx_bench bench(26, 5, {.read_latency_min = 20, .read_latency_max = 60});
  bench.enable();
  unsigned compared = 0;
  for (unsigned i = 0; i < 250; ++i) {
    tx_frame frame = numbered_frame(i, bench.pick(10, 1600));
    if (i % 2 == 0) frame.pieces = {5, frame.bytes.size() - 5};
    frame.completion = i % 3 == 0;
    bench.send(frame);
    for (unsigned clock = bench.pick(0, 150); clock > 0; --clock) {
      if (!bench.quiet() || !bench.inputs_rest()) {
        bench.clock();
        continue;
      }
      const auto before = bench.state();
      bench.clock();
      ASSERT_TRUE(bench.state() == before) << "at clock " << bench.now();
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000U);
}

}  // namespace
}  // namespace fourtuple::tb
