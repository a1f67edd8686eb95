// SPDX-License-Identifier: Apache-2.0
// Shows that records reach their places in the completion rings of their queues in order, each once and with its phase,
// a frame's never before its bytes, an answer only behind everything before it; that two neighbours share a beat when
// both are there, whatever other queues' records come between them; and that a single one goes at once when the bus is
// idle, and after a bounded time when it is not.
#include <gtest/gtest.h>
#include <verilated.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>

#include "Vcompletion_writer.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

constexpr unsigned queues = 4;
constexpr std::uint64_t first_page = 0x12'3456'7fff;  // its carry goes through all of the address when lines are added
constexpr std::uint64_t flush_clocks = 64;

class writer_bench {
 public:
  explicit writer_bench(unsigned entries_log2) : entries(std::uint64_t{1} << entries_log2) {
    for (unsigned queue = 0; queue < queues; ++queue) {
      const std::uint64_t page = page_of(queue);
      for (unsigned bit = 0; bit < 52; ++bit) {
        const unsigned at = 52 * queue + bit;
        block_->base_i[at / 32] |= static_cast<std::uint32_t>(page >> bit & 1U) << (at % 32);
      }
      block_->entries_log2_i |= entries_log2 << (5 * queue);
    }
    block_->rst_ni = 0;
    edge();
    edge();
    block_->rst_ni = 1;
    edge();
    block_->start_i = (1U << queues) - 1;
    edge();
    block_->start_i = 0;
  }
  ~writer_bench() { block_->final(); }
  writer_bench(const writer_bench&) = delete;
  writer_bench& operator=(const writer_bench&) = delete;

  struct inputs {
    bool record = false;  ///< The next one waits; it must until it is taken.
    unsigned queue = 0;
    bool is_frame = false;
    bool is_answer = false;
    bool frame_done = false;
    bool flush = false;
    bool ready = true;
  };

  /// One clock; true if the record was taken.
  bool step(const inputs& in) {
    block_->record_valid_i = in.record;
    block_->record_queue_i = static_cast<std::uint8_t>(in.queue);
    block_->record_is_frame_i = in.is_frame;
    block_->record_is_answer_i = in.is_answer;
    for (int word = 0; word < 8; ++word) block_->record_i[word] = content(in.queue, taken[in.queue]);
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
    if (take && in.is_answer) taken_before_answer = taken;
    edge();
    taken[in.queue] += take ? 1 : 0;
    answer_place = take && in.is_answer ? taken[in.queue] : answer_place;
    frames_done += in.frame_done ? 1 : 0;
    return take;
  }

  [[nodiscard]] bool quiet() {
    block_->record_valid_i = block_->frame_done_i = 0;
    block_->eval();
    return block_->quiet_o;
  }
  [[nodiscard]] std::uint64_t all_taken() const { return sum(taken); }
  [[nodiscard]] std::uint64_t all_written() const { return sum(written); }

  std::uint64_t entries;
  std::array<std::uint64_t, queues> taken{};
  std::array<std::uint64_t, queues> written{};
  std::array<std::uint64_t, queues> taken_before_answer{};
  std::uint64_t answer_place = 0;  ///< How many records queue 0 has with the last answer.
  std::uint64_t pairs = 0;
  std::uint64_t frames_taken = 0;
  std::uint64_t frames_done = 0;

 private:
  static std::uint64_t page_of(unsigned queue) { return first_page + queue * 0x10'0000'0000ULL; }
  static std::uint32_t content(unsigned queue, std::uint64_t number) {
    return static_cast<std::uint32_t>(number * queues + queue) & 0x7fff'ffffU;
  }
  static std::uint64_t sum(const std::array<std::uint64_t, queues>& counts) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts) all += count;
    return all;
  }

  void check_beat() {
    const unsigned queue = block_->beat_queue_o;
    const unsigned halves = block_->beat_halves_o;
    ASSERT_LT(queue, queues);
    EXPECT_NE(halves, 0U);
    pairs += halves == 3 ? 1 : 0;
    for (unsigned half = 0; half < 2; ++half) {
      if ((halves >> half & 1U) == 0) continue;
      const std::uint64_t number = written[queue];
      EXPECT_EQ(number % 2, half);
      EXPECT_EQ(block_->beat_address_o, page_of(queue) * 64 + number % entries / 2);
      for (unsigned word = 0; word < 7; ++word) EXPECT_EQ(block_->beat_data_o[8 * half + word], content(queue, number));
      const bool phase = number / entries % 2 == 0;
      EXPECT_EQ(block_->beat_data_o[8 * half + 7], content(queue, number) | (phase ? 1U << 31U : 0U));
      ++written[queue];
      if (queue == 0 && written[0] == answer_place) check_answer();
    }
  }
  void check_answer() {
    for (unsigned queue = 1; queue < queues; ++queue)
      EXPECT_GE(written[queue], taken_before_answer[queue]) << "an answer before what came before it";
  }
  void edge() {
    block_->clk_i = 0;
    block_->eval();
    block_->clk_i = 1;
    block_->eval();
  }

  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vcompletion_writer> block_ = std::make_unique<Vcompletion_writer>(context_.get());
  coverage_recorder coverage_{*block_};
};

class completion_rings : public testing::TestWithParam<unsigned> {};

TEST_P(completion_rings, random_records_arrive_in_order) {
  std::mt19937 random(GetParam());
  writer_bench bench(GetParam());
  writer_bench::inputs in;
  std::uint64_t frames_offered = 0;
  std::uint64_t answers = 0;
  for (int i = 0; i < 100'000; ++i) {
    const unsigned busy = i / 1000 % 5;
    if (!in.record && random() % (1 + busy) == 0) {
      in.record = true;
      in.is_frame = random() % 2 == 0;
      in.is_answer = !in.is_frame && random() % 8 == 0;
      in.queue = in.is_answer ? 0 : static_cast<unsigned>(random() % queues);
      frames_offered += in.is_frame ? 1 : 0;
    }
    in.frame_done = bench.frames_done < frames_offered + 3 && random() % (2 + busy) == 0;
    in.flush = random() % 3 == 0;
    in.ready = random() % 4 != 0;
    if (bench.step(in)) {
      in.record = false;
      answers += in.is_answer ? 1 : 0;
    }
    ASSERT_FALSE(HasFailure());
  }
  for (int i = 0; i < 60; ++i) bench.step({.flush = true});
  EXPECT_EQ(bench.all_written(), bench.all_taken());
  EXPECT_TRUE(bench.quiet());
  EXPECT_GT(answers, 300U);
  EXPECT_GT(bench.all_written(), 5'000U);
  EXPECT_GT(bench.pairs, 500U);
  EXPECT_LT(bench.pairs * 2, bench.all_written());
}
INSTANTIATE_TEST_SUITE_P(sizes, completion_rings, testing::Values(4U, 5U, 10U, 15U));

TEST(completion_writer, takes_a_record_a_clock_and_pairs_neighbours_of_one_queue_and_of_many) {
  for (const unsigned spread : {1U, 2U, 4U}) {
    writer_bench bench(8);
    std::mt19937 random(spread);
    for (unsigned i = 0; i < 4000; ++i) ASSERT_TRUE(bench.step({.record = true, .queue = i % spread}));
    for (int i = 0; i < 200; ++i) bench.step({});
    EXPECT_EQ(bench.all_written(), 4000U);
    EXPECT_EQ(bench.pairs * 2, bench.all_written());
  }
}

TEST(completion_writer, a_single_record_goes_at_once_when_the_bus_is_idle) {
  writer_bench bench(8);
  EXPECT_TRUE(bench.step({.record = true, .queue = 2}));
  for (int i = 0; i < 20; ++i) bench.step({});
  EXPECT_EQ(bench.all_written(), 0U);
  for (int i = 0; i < 10; ++i) bench.step({.flush = true});
  EXPECT_EQ(bench.written[2], 1U);
  bench.step({.record = true, .queue = 2});  // its neighbour's line is complete then
  for (int i = 0; i < 10; ++i) bench.step({});
  EXPECT_EQ(bench.written[2], 2U);
  EXPECT_EQ(bench.pairs, 0U);
}

TEST(completion_writer, a_single_record_goes_after_a_bounded_time_behind_a_busy_bus) {
  writer_bench bench(8);
  for (unsigned queue = 0; queue < queues; ++queue) EXPECT_TRUE(bench.step({.record = true, .queue = queue}));
  std::uint64_t clocks = 0;
  for (; bench.all_written() < queues && clocks < 1000; ++clocks) bench.step({});
  EXPECT_GE(clocks, flush_clocks - queues);
  EXPECT_LE(clocks, 2 * flush_clocks + 20);
  EXPECT_TRUE(bench.quiet());
}

TEST(completion_writer, an_answer_makes_everything_before_it_leave) {
  writer_bench bench(8);
  for (unsigned queue = 0; queue < queues; ++queue) EXPECT_TRUE(bench.step({.record = true, .queue = queue}));
  std::uint64_t clocks = 0;
  while (!bench.step({.record = true, .queue = 0, .is_answer = true})) ASSERT_LT(++clocks, flush_clocks);
  for (int i = 0; i < 20; ++i) bench.step({.flush = true});
  EXPECT_EQ(bench.all_written(), queues + 1);
}

}  // namespace
}  // namespace fourtuple::tb
