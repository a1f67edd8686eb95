// SPDX-License-Identifier: Apache-2.0
// Shows that nearest_timer, whenever it is quiet, says exactly how many clocks may be skipped before the first of the
// timers acts, however they start, stop and run out, with clocks skipped and without; and that it gets quiet again.
#include <gtest/gtest.h>
#include <verilated.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <type_traits>

#include "Vnearest_timer.h"
#include "Vnearest_timer_one.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::uint64_t no_timer = 0xffff'ffff'ffff;
constexpr unsigned settles_within_clocks = 8;

/// Timers as interrupt_moderation has them: they stop when they have reached 0, and start again a clock later at least.
template <class Block, std::size_t timers>
class timer_bench {
 public:
  timer_bench() {
    block_->rst_ni = 0;
    edge(0);
    block_->rst_ni = 1;
  }
  ~timer_bench() { block_->final(); }
  timer_bench(const timer_bench&) = delete;
  timer_bench& operator=(const timer_bench&) = delete;

  void start(std::size_t timer, std::uint16_t clocks) { left[timer] = clocks; }
  void stop(std::size_t timer) { left[timer].reset(); }

  /// What may be skipped now; nothing while it is not quiet, or while a timer acts.
  std::optional<std::uint64_t> look() {
    show();
    if (!block_->quiet_o) return std::nullopt;
    if (std::ranges::any_of(left, [](const auto& timer) { return timer == 0; })) return std::nullopt;
    return block_->quiet_clocks_o;
  }

  [[nodiscard]] std::uint64_t expected() const {
    std::uint64_t shortest = no_timer;
    for (const auto& timer : left) {
      if (timer) shortest = std::min<std::uint64_t>(shortest, *timer - 1U);
    }
    return shortest;
  }

  void edge(std::uint16_t skip) {
    show();
    block_->skip_i = skip;
    block_->clk_i = 1;
    block_->eval();
    for (std::size_t i = 0; i < timers; ++i) {
      acted[i] = left[i] == 0;
      if (acted[i]) {
        left[i].reset();
      } else if (left[i]) {
        *left[i] = static_cast<std::uint16_t>(*left[i] - skip - 1U);
      }
    }
  }

  std::array<std::optional<std::uint16_t>, timers> left{};
  std::array<bool, timers> acted{};  ///< In the clock before.

 private:
  void show() {
    std::uint16_t timing = 0;
    for (std::size_t i = 0; i < timers; ++i) {
      if (left[i]) timing = static_cast<std::uint16_t>(timing | 1U << i);
      set_clocks(i, static_cast<std::uint16_t>(left[i].value_or(0) - 1U));
    }
    block_->timing_i = static_cast<std::remove_reference_t<decltype(block_->timing_i)>>(timing);
    block_->skip_i = 0;
    block_->clk_i = 0;
    block_->eval();
  }
  void set_clocks(std::size_t timer, std::uint16_t clocks) {
    if constexpr (timers == 1) {
      block_->quiet_clocks_i = clocks;
    } else {
      std::uint32_t& word = block_->quiet_clocks_i[timer / 2];
      const unsigned shift = 16 * (timer % 2);
      word = (word & ~(0xffffU << shift)) | static_cast<std::uint32_t>(clocks) << shift;
    }
  }

  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Block> block_ = std::make_unique<Block>(context_.get());
  coverage_recorder coverage_{*block_};
};

template <class Block, std::size_t timers>
void run_at_random() {
  std::mt19937 random(static_cast<std::uint32_t>(timers));
  timer_bench<Block, timers> bench;
  std::uint64_t looked = 0, skipped = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (random() % 32 == 0) {
      const std::size_t timer = random() % timers;
      if (random() % 4 == 0) {
        bench.stop(timer);
      } else if (!bench.left[timer] && !bench.acted[timer]) {
        bench.start(timer, static_cast<std::uint16_t>(random() % (random() % 3 == 0 ? 65'536 : 100)));
      }
    }
    std::uint16_t skip = 0;
    if (const auto quiet_clocks = bench.look()) {
      ASSERT_EQ(*quiet_clocks, bench.expected()) << "clock " << i;
      ++looked;
      if (random() % 4 == 0)
        skip = static_cast<std::uint16_t>(random() % (std::min<std::uint64_t>(*quiet_clocks, 40'000) + 1));
      skipped += skip;
    }
    bench.edge(skip);
  }
  EXPECT_GT(looked, 20'000U);
  EXPECT_GT(skipped, 100'000U);
}

TEST(nearest_timer, says_what_the_first_of_sixteen_leaves) { run_at_random<Vnearest_timer, 16>(); }
TEST(nearest_timer, says_what_the_only_one_leaves) { run_at_random<Vnearest_timer_one, 1>(); }

TEST(nearest_timer, gets_quiet_again) {
  timer_bench<Vnearest_timer, 16> bench;
  EXPECT_EQ(bench.look(), no_timer);
  bench.start(9, 5'000);
  EXPECT_FALSE(bench.look());
  for (unsigned clocks = 0; clocks < settles_within_clocks; ++clocks) bench.edge(0);
  EXPECT_EQ(bench.look(), 5'000U - settles_within_clocks - 1U);
  bench.stop(9);
  EXPECT_FALSE(bench.look());
  for (unsigned clocks = 0; clocks < settles_within_clocks; ++clocks) bench.edge(0);
  EXPECT_EQ(bench.look(), no_timer);
}

}  // namespace
}  // namespace fourtuple::tb
