// SPDX-License-Identifier: Apache-2.0
// Shows that frames are placed in the receive ring exactly as docs/device.md says - the same frames fit, at the same
// place - for all sizes of frames and many of rings, whenever the host gives space back, with a frame in every clock.
#include <gtest/gtest.h>
#include <verilated.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>

#include "Vrx_ring_space.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

/// The rules of docs/device.md, in beats.
struct reference_ring {
  std::uint32_t size = 0;
  std::uint32_t tail = 0;
  std::uint32_t head = 0;

  [[nodiscard]] std::uint32_t skipped(std::uint32_t beats) const {
    const std::uint32_t place = tail % size;
    return place + beats > size ? size - place : 0;
  }
  [[nodiscard]] bool fits(std::uint32_t beats) const { return skipped(beats) + beats <= size - (tail - head); }
};

class ring_bench {
 public:
  explicit ring_bench(unsigned bytes_log2) {
    ring.size = 1U << (bytes_log2 - 6);
    block_->rst_ni = 0;
    block_->bytes_log2_i = static_cast<std::uint8_t>(bytes_log2);
    edge();
    block_->rst_ni = 1;
    restart(0);
  }
  ~ring_bench() { block_->final(); }
  ring_bench(const ring_bench&) = delete;
  ring_bench& operator=(const ring_bench&) = delete;

  /// One clock with a frame of `beats`.
  void step(std::uint32_t beats) {
    block_->frame_beats_i = static_cast<std::uint16_t>(beats);
    block_->take_i = 0;
    block_->clk_i = 0;
    block_->eval();
    EXPECT_EQ(block_->fits_o, ring.fits(beats)) << "tail " << ring.tail << " head " << ring.head << " beats " << beats;
    const bool fits = ring.fits(beats);
    block_->take_i = fits;
    edge();
    if (fits) {
      ring.tail += ring.skipped(beats);
      EXPECT_EQ(block_->frame_offset_o, ring.tail & 0x3ff'ffffU);
      EXPECT_EQ(block_->frame_place_o, ring.tail % ring.size);
      placed.push_back(ring.tail + beats);
      ring.tail += beats;
    } else {
      ++refused;
    }
    EXPECT_EQ(block_->tail_o, ring.tail & 0x3ff'ffffU);
  }

  /// What rx_admission does when there is something to count: three clocks without a frame. Frames come before, and
  /// right behind.
  void count_returned() {
    block_->take_i = 0;
    edge();  // ring_returned notices
    EXPECT_TRUE(block_->return_waits_o);
    edge();
    block_->return_i = 1;
    edge();
    block_->return_i = 0;
    edge();
    block_->clk_i = 0;
    block_->eval();
    EXPECT_FALSE(block_->return_waits_o);
    EXPECT_TRUE(block_->quiet_o);
  }

  void give_back(std::size_t frames) {
    const std::uint32_t before = ring.head;
    for (; frames > 0 && !placed.empty(); --frames) {
      ring.head = placed.front();
      placed.pop_front();
    }
    block_->head_i = ring.head & 0x3ff'ffffU;
    if (ring.head != before) count_returned();
  }

  /// Starts with a head that was left there.
  void restart(std::uint32_t head) {
    block_->take_i = 0;
    block_->head_i = head;
    block_->start_i = 1;
    edge();
    block_->start_i = 0;
    block_->clk_i = 0;
    block_->eval();
  }
  void clock() { edge(); }
  [[nodiscard]] bool quiet() const { return block_->quiet_o != 0; }
  [[nodiscard]] bool return_waits() const { return block_->return_waits_o != 0; }

  reference_ring ring;
  std::deque<std::uint32_t> placed;  ///< Where each frame that was not given back ends.
  std::uint64_t refused = 0;

 private:
  void edge() {
    block_->clk_i = 0;
    block_->eval();
    block_->clk_i = 1;
    block_->eval();
  }

  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vrx_ring_space> block_ = std::make_unique<Vrx_ring_space>(context_.get());
  coverage_recorder coverage_{*block_};
};

class ring_sizes : public testing::TestWithParam<unsigned> {};

TEST_P(ring_sizes, places_as_the_rules_say) {
  std::mt19937 random(GetParam());
  ring_bench bench(GetParam());
  const std::uint32_t longest = std::uniform_int_distribution<std::uint32_t>(1, 256)(random);
  std::uint64_t frames = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto beats = static_cast<std::uint32_t>(1 + random() % (i % 3 == 0 ? 256 : longest));
    bench.step(beats);
    ASSERT_FALSE(HasFailure());
    ++frames;
    // As much as keeps the ring between nearly full and nearly empty by turns.
    if (random() % 4 == 0) bench.give_back(i % 2000 < 1000 ? 3 : 8);
  }
  EXPECT_GT(frames, bench.refused);
  if (GetParam() < 20) {
    EXPECT_GT(bench.refused, 0U);
  }
}
INSTANTIATE_TEST_SUITE_P(all, ring_sizes, testing::Values(15U, 16U, 17U, 20U, 22U));

TEST(rx_ring_space, passes_one_beat_frames_one_a_clock) {
  ring_bench bench(20);
  for (int frames = 0; frames < 16'000; ++frames) bench.step(1);
  EXPECT_EQ(bench.refused, 0U);
  EXPECT_EQ(bench.ring.tail, 16'000U);
}

TEST(rx_ring_space, a_full_ring_refuses_and_stays_as_it_is) {
  ring_bench bench(15);
  for (int frames = 0; frames < 512; ++frames) bench.step(1);
  bench.step(256);
  EXPECT_EQ(bench.refused, 1U);
  EXPECT_EQ(bench.ring.tail, 512U);
}

TEST(rx_ring_space, is_not_quiet_before_it_has_looked_at_the_head) {
  ring_bench bench(20);
  bench.restart(5);
  EXPECT_FALSE(bench.quiet()) << "the head is not the one that was seen last";
  bench.clock();
  EXPECT_FALSE(bench.quiet());
  EXPECT_TRUE(bench.return_waits());

  bench.restart(0);
  EXPECT_FALSE(bench.quiet());
  bench.clock();
  EXPECT_TRUE(bench.quiet());
  EXPECT_FALSE(bench.return_waits());
}

}  // namespace
}  // namespace fourtuple::tb
