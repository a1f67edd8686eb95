// SPDX-License-Identifier: Apache-2.0
// Shows that the register slice and the FIFO hand on every word once and in order under random backpressure, reach one
// word per clock, take as much as they say when the sink stops, and hold a word until it is taken.
#include <gtest/gtest.h>
#include <verilated.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "Vaxis_skid.h"
#include "Vsync_fifo.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

/// A ready/valid block between a source of the numbers 0, 1, 2, ... and a sink that expects them.
template <class Block>
class stream_bench {
 public:
  stream_bench() {
    block_->rst_ni = 0;
    for (int i = 0; i < 3; ++i) clock();
    block_->rst_ni = 1;
  }
  ~stream_bench() { block_->final(); }
  stream_bench(const stream_bench&) = delete;
  stream_bench& operator=(const stream_bench&) = delete;

  /// One clock in which the source offers a word or not, and the sink takes one or not.
  void step(bool offer, bool take) {
    block_->s_valid_i = offer;
    block_->s_data_i = static_cast<std::uint32_t>(accepted);
    block_->m_ready_i = take;
    block_->clk_i = 0;
    block_->eval();
    if (held_) {
      EXPECT_TRUE(block_->m_valid_o) << "valid withdrawn";
    }
    if (block_->m_valid_o) {
      EXPECT_EQ(block_->m_data_o, delivered);
    }
    held_ = block_->m_valid_o && !take;
    const bool in = offer && block_->s_ready_o;
    const bool out = block_->m_valid_o && take;
    block_->clk_i = 1;
    block_->eval();
    accepted += in ? 1 : 0;
    delivered += out ? 1 : 0;
  }

  /// A source that keeps a word on offer until it is taken, as AXI-Stream asks for.
  void random_clocks(std::mt19937& random, unsigned offer_percent, unsigned take_percent, int clocks) {
    std::uniform_int_distribution<unsigned> percent(0, 99);
    bool offering = false;
    for (int i = 0; i < clocks; ++i) {
      const std::uint64_t before = accepted;
      offering = offering || percent(random) < offer_percent;
      step(offering, percent(random) < take_percent);
      if (accepted != before) offering = false;
    }
  }

  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;

 private:
  void clock() {
    block_->s_valid_i = 0;
    block_->m_ready_i = 0;
    block_->clk_i = 0;
    block_->eval();
    block_->clk_i = 1;
    block_->eval();
  }

  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Block> block_ = std::make_unique<Block>(context_.get());
  coverage_recorder coverage_{*block_};
  bool held_ = false;
};

template <class Block>
class stream : public testing::Test {};
using blocks = testing::Types<Vaxis_skid, Vsync_fifo>;
TYPED_TEST_SUITE(stream, blocks);

TYPED_TEST(stream, loses_and_reorders_nothing) {
  std::mt19937 random(1);
  stream_bench<TypeParam> bench;
  for (const unsigned offer : {10U, 50U, 90U, 100U}) {
    for (const unsigned take : {10U, 50U, 90U, 100U}) bench.random_clocks(random, offer, take, 2000);
  }
  for (int i = 0; i < 100; ++i) bench.step(false, true);
  EXPECT_GT(bench.accepted, 10'000U);
  EXPECT_EQ(bench.delivered, bench.accepted);
}

TYPED_TEST(stream, passes_a_word_every_clock) {
  stream_bench<TypeParam> bench;
  for (int i = 0; i < 1000; ++i) bench.step(true, true);
  EXPECT_EQ(bench.accepted, 1000U);
  EXPECT_GE(bench.delivered, 998U);
}

TYPED_TEST(stream, passes_a_word_every_clock_that_the_sink_is_ready_in) {
  stream_bench<TypeParam> bench;
  for (int i = 0; i < 1000; ++i) bench.step(true, i % 2 == 0);
  EXPECT_GE(bench.delivered, 498U);
}

TEST(axis_skid, keeps_two_words) {
  stream_bench<Vaxis_skid> bench;
  for (int i = 0; i < 50; ++i) bench.step(true, false);
  EXPECT_EQ(bench.accepted, 2U);
}

TEST(sync_fifo, keeps_its_depth_and_the_word_that_is_shown) {
  stream_bench<Vsync_fifo> bench;
  for (int i = 0; i < 50; ++i) bench.step(true, false);
  EXPECT_EQ(bench.accepted, 9U);
}

}  // namespace
}  // namespace fourtuple::tb
