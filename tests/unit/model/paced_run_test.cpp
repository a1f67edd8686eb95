// SPDX-License-Identifier: Apache-2.0
// Pacing, in a world whose time the test makes: simulated time follows it, sleeps instead of spinning, lags when the
// simulation is slow and says so, reads input on time and stops when told to.
#include "model/sim/paced_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <vector>

#include "model/sim/time.hpp"

namespace fourtuple::model {
namespace {

using sim::from_ns;
using sim::paced_end;

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

/// Time passes only while somebody waits, or when the simulation is said to have worked.
class made_wall final : public sim::wall {
 public:
  std::uint64_t now_ns() override { return now; }
  bool wait(std::span<const int> files, std::uint64_t timeout_ns) override {
    ++waits;
    if (!files.empty() && input_at && *input_at <= now + timeout_ns) {
      now = std::max(now, *input_at);
      return true;
    }
    now += timeout_ns;
    return false;
  }
  std::uint64_t now = 123 * ms;
  std::uint64_t waits = 0;
  std::optional<std::uint64_t> input_at;
};

struct bench {
  made_wall world;
  sim::paced_run run{world};
  std::atomic<bool> stop = false;
  const std::uint64_t start = world.now;
};

TEST(paced_run, an_idle_simulation_sleeps_and_keeps_level) {
  bench b;
  EXPECT_EQ(b.run.run(from_ns(100 * ms), b.stop), paced_end::duration_over);
  EXPECT_EQ(sc_core::sc_time_stamp(), from_ns(100 * ms));
  EXPECT_EQ(b.world.now - b.start, 100 * ms);
  EXPECT_LE(b.world.waits, 60U) << "50 slices of 2 ms";
  EXPECT_EQ(b.run.most_behind_ns(), 0U);
}

TEST(paced_run, events_happen_when_the_wall_clock_gets_there) {
  bench b;
  std::vector<std::uint64_t> wall_times;
  sc_core::sc_spawn([&] {
    for (const std::uint64_t pause : {1'500 * us, 10 * us, 7'000 * us}) {
      sc_core::wait(from_ns(pause));
      wall_times.push_back(b.world.now - b.start);
    }
  });
  b.run.run(from_ns(20 * ms), b.stop);
  EXPECT_EQ(wall_times, (std::vector<std::uint64_t>{1'500 * us, 1'510 * us, 8'510 * us}));
}

/// A simulation that needs `cost_ns` of wall time for each simulated microsecond.
void spawn_slow(bench& b, std::uint64_t cost_ns, std::function<void()> also = {}) {
  sc_core::sc_spawn([&b, cost_ns, also] {
    for (;;) {
      sc_core::wait(from_ns(us));
      b.world.now += cost_ns;
      if (also) also();
    }
  });
}

TEST(paced_run, a_slow_simulation_lags_and_says_so) {
  bench b;
  spawn_slow(b, 10 * us);
  EXPECT_EQ(b.run.run(from_ns(5 * ms), b.stop), paced_end::duration_over);
  // The first microsecond is waited for; from then on 5000 pieces of work of 10 us each.
  EXPECT_EQ(b.world.now - b.start, 50 * ms + us);
  EXPECT_EQ(b.run.behind_ns(), 45 * ms + us);
  EXPECT_EQ(b.run.most_behind_ns(), 45 * ms + us);
}

TEST(paced_run, catches_up_after_a_slow_stretch) {
  bench b;
  sc_core::sc_spawn([&] {
    sc_core::wait(from_ns(ms));
    b.world.now += 20 * ms;
  });
  b.run.run(from_ns(50 * ms), b.stop);
  EXPECT_EQ(b.world.now - b.start, 50 * ms);
  EXPECT_EQ(b.run.behind_ns(), 0U);
  EXPECT_EQ(b.run.most_behind_ns(), 20 * ms);
}

TEST(paced_run, a_very_slow_simulation_still_looks_up_every_few_milliseconds) {
  bench b;
  std::uint64_t asked_to_stop = 0;
  spawn_slow(b, 1 * ms, [&] {
    if (b.world.now - b.start >= 30'000 * ms && asked_to_stop == 0) {
      asked_to_stop = b.world.now;
      b.stop = true;
    }
  });
  EXPECT_EQ(b.run.run(from_ns(1'000 * ms), b.stop), paced_end::stop_requested);
  EXPECT_LE(b.world.now - asked_to_stop, 10 * ms);
}

TEST(paced_run, input_is_read_when_it_comes_at_that_simulated_time) {
  bench b;
  std::vector<sc_core::sc_time> times;
  b.world.input_at = b.start + 3'700 * us;
  b.run.add_input(0, [&] {
    times.push_back(sc_core::sc_time_stamp());
    b.world.input_at.reset();
    if (times.size() == 1) b.world.input_at = b.start + 9'000 * us;
  });
  b.run.run(from_ns(20 * ms), b.stop);
  EXPECT_EQ(times, (std::vector{from_ns(3'700 * us), from_ns(9'000 * us)}));
}

TEST(paced_run, ends_when_done_or_stopped) {
  bench b;
  EXPECT_EQ(b.run.run(from_ns(100 * ms), b.stop, [&] { return sc_core::sc_time_stamp() >= from_ns(10 * ms); }),
            paced_end::done);
  EXPECT_LE(sc_core::sc_time_stamp(), from_ns(12 * ms));
  b.stop = true;
  EXPECT_EQ(b.run.run(from_ns(100 * ms), b.stop), paced_end::stop_requested);
  b.stop = false;
  sc_core::sc_spawn([] {
    sc_core::wait(from_ns(ms));
    sc_core::sc_stop();
  });
  EXPECT_EQ(b.run.run(from_ns(100 * ms), b.stop), paced_end::simulation_stopped);
}

TEST(posix_wall, waits_for_input_or_the_time) {
  sim::posix_wall wall;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const std::uint64_t before = wall.now_ns();
  EXPECT_FALSE(wall.wait(std::span(ends).first(1), 2 * ms));
  EXPECT_GE(wall.now_ns() - before, 2 * ms);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_TRUE(wall.wait(std::span(ends).first(1), 3'600'000 * ms)) << "returns at once";
  char read_back = 0;
  ASSERT_EQ(read(ends[0], &read_back, 1), 1);
  close(ends[1]);
  const std::uint64_t broken = wall.now_ns();
  EXPECT_TRUE(wall.wait(std::span(ends).first(1), 2 * ms));
  EXPECT_GE(wall.now_ns() - broken, 2 * ms) << "does not spin on a broken file";
  close(ends[0]);
}

}  // namespace
}  // namespace fourtuple::model
