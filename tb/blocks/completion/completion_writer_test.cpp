// SPDX-License-Identifier: Apache-2.0
// Shows that records reach their places in the completion ring in order, each once and with its phase, a frame's never
// before its bytes; that two share a beat when both are there; and that a single one does not wait when the bus is
// idle.
#include <gtest/gtest.h>
#include <verilated.h>

#include <cstdint>
#include <memory>
#include <random>

#include "Vcompletion_writer.h"

namespace fourtuple::tb {
namespace {

constexpr std::uint64_t base_page = 0x12'3456'7fff;  // its carry goes through all of the address when lines are added

class writer_bench {
 public:
  explicit writer_bench(unsigned entries_log2) : entries(std::uint64_t{1} << entries_log2) {
    block_->base_i = base_page;
    block_->entries_log2_i = static_cast<std::uint8_t>(entries_log2);
    block_->rst_ni = 0;
    edge();
    edge();
    block_->rst_ni = 1;
    edge();
    block_->start_i = 1;
    edge();
    block_->start_i = 0;
  }
  ~writer_bench() { block_->final(); }
  writer_bench(const writer_bench&) = delete;
  writer_bench& operator=(const writer_bench&) = delete;

  struct inputs {
    bool record = false;  ///< The next one waits; it must until it is taken.
    bool is_frame = false;
    bool frame_done = false;
    bool flush = false;
    bool ready = true;
  };

  /// One clock; true if the record was taken.
  bool step(const inputs& in) {
    block_->record_valid_i = in.record;
    block_->record_is_frame_i = in.is_frame;
    for (int word = 0; word < 8; ++word) block_->record_i[word] = static_cast<std::uint32_t>(taken);
    block_->record_i[7] &= 0x7fff'ffffU;
    block_->frame_done_i = in.frame_done;
    block_->flush_i = in.flush;
    block_->beat_ready_i = in.ready;
    block_->clk_i = 0;
    block_->eval();
    const bool take = in.record && block_->record_ready_o;
    if (take && in.is_frame) {
      EXPECT_LT(frames_taken, frames_done) << "before its bytes";
      ++frames_taken;
    }
    if (block_->beat_valid_o && in.ready) check_beat();
    edge();
    taken += take ? 1 : 0;
    frames_done += in.frame_done ? 1 : 0;
    return take;
  }

  std::uint64_t entries;
  std::uint64_t taken = 0;
  std::uint64_t written = 0;
  std::uint64_t pairs = 0;
  std::uint64_t frames_taken = 0;
  std::uint64_t frames_done = 0;

 private:
  void check_beat() {
    const unsigned halves = block_->beat_halves_o;
    EXPECT_NE(halves, 0U);
    pairs += halves == 3 ? 1 : 0;
    for (unsigned half = 0; half < 2; ++half) {
      if ((halves >> half & 1U) == 0) continue;
      EXPECT_EQ(written % 2, half);
      EXPECT_EQ(block_->beat_address_o, base_page * 64 + written % entries / 2);
      for (unsigned word = 0; word < 7; ++word) EXPECT_EQ(block_->beat_data_o[8 * half + word], written);
      const bool phase = written / entries % 2 == 0;
      EXPECT_EQ(block_->beat_data_o[8 * half + 7], static_cast<std::uint32_t>(written) | (phase ? 1U << 31U : 0U));
      ++written;
    }
  }
  void edge() {
    block_->clk_i = 0;
    block_->eval();
    block_->clk_i = 1;
    block_->eval();
  }

  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vcompletion_writer> block_ = std::make_unique<Vcompletion_writer>(context_.get());
};

class completion_rings : public testing::TestWithParam<unsigned> {};

TEST_P(completion_rings, random_records_arrive_in_order) {
  std::mt19937 random(GetParam());
  writer_bench bench(GetParam());
  bool waiting = false;
  bool is_frame = false;
  std::uint64_t frames_offered = 0;
  for (int i = 0; i < 60'000; ++i) {
    const unsigned busy = i / 1000 % 5;
    if (!waiting && random() % (1 + busy) == 0) {
      waiting = true;
      is_frame = random() % 2 == 0;
      frames_offered += is_frame ? 1 : 0;
    }
    const bool done = bench.frames_done < frames_offered + 3 && random() % (2 + busy) == 0;
    if (bench.step({waiting, is_frame, done, random() % 3 == 0, random() % 4 != 0})) waiting = false;
  }
  for (int i = 0; i < 20; ++i) bench.step({.flush = true});
  EXPECT_EQ(bench.written, bench.taken);
  EXPECT_GT(bench.written, 5'000U);
  EXPECT_GT(bench.pairs, 500U);
  EXPECT_LT(bench.pairs * 2, bench.written);
}
INSTANTIATE_TEST_SUITE_P(sizes, completion_rings, testing::Values(4U, 5U, 10U, 15U));

TEST(completion_writer, pairs_what_is_there_at_two_records_per_three_clocks) {
  writer_bench bench(8);
  for (int i = 0; i < 3000; ++i) bench.step({.record = true});
  EXPECT_GE(bench.written, 1990U);
  EXPECT_EQ(bench.pairs * 2, bench.written);
}

TEST(completion_writer, a_single_record_goes_at_once_when_the_bus_is_idle_and_waits_when_it_is_not) {
  writer_bench bench(8);
  EXPECT_TRUE(bench.step({.record = true}));
  for (int i = 0; i < 100; ++i) bench.step({});
  EXPECT_EQ(bench.written, 0U);
  for (int i = 0; i < 3; ++i) bench.step({.flush = true});
  EXPECT_EQ(bench.written, 1U);
  bench.step({.record = true});  // its neighbour's line is complete then
  for (int i = 0; i < 3; ++i) bench.step({});
  EXPECT_EQ(bench.written, 2U);
}

}  // namespace
}  // namespace fourtuple::tb
