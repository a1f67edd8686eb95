// SPDX-License-Identifier: Apache-2.0
// Timers fire once, at their time, in order of expiry and then of arming, whatever is armed, put off, disarmed or
// destroyed, also from within callbacks: the wheel against a sorted list that does the same by the definition.
#include "host/base/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/seeded_random.hpp"

namespace fourtuple::base {
namespace {

struct test_timer : timer {
  explicit test_timer(std::function<void()> action = {}) : timer(&on_expiry), action_(std::move(action)) {}
  static void on_expiry(timer& t) noexcept { static_cast<test_timer&>(t).action_(); }
  std::function<void()> action_;
};

/// The definition: all armed timers in order of (expiry, number of the arming).
class reference {
 public:
  void arm(std::size_t id, std::uint64_t expires_ns) {
    disarm(id);
    keys_[id] = order_.emplace(std::pair{expires_ns, armings_++}, id).first->first;
  }
  void disarm(std::size_t id) {
    if (const auto k = keys_.find(id); k != keys_.end()) {
      order_.erase(k->second);
      keys_.erase(k);
    }
  }
  [[nodiscard]] std::uint64_t next_expiry_ns() const { return order_.empty() ? never_ns : order_.begin()->first.first; }
  std::optional<std::size_t> fire(std::uint64_t now_ns) {
    if (next_expiry_ns() > now_ns || order_.empty()) return std::nullopt;
    const std::size_t id = order_.begin()->second;
    disarm(id);
    return id;
  }

 private:
  using key = std::pair<std::uint64_t, std::uint64_t>;
  std::map<key, std::size_t> order_;
  std::map<std::size_t, key> keys_;
  std::uint64_t armings_ = 0;
};

/// Wheel and reference, driven alike and compared after each step. A third of the callbacks arm or disarm another
/// timer.
class comparison {
 public:
  comparison(std::uint64_t seed, std::uint64_t start_ns) : random_(seed), now_ns_(start_ns), wheel_(start_ns) {
    for (std::size_t id = 0; id < timer_count; ++id)
      timers_.push_back(std::make_unique<test_timer>([this, id] { fired(id); }));
  }

  void step() {
    const std::size_t id = random_.next() % timer_count;
    switch (random_.next() % 8) {
      case 0:
        disarm(id);
        break;
      case 1:
      case 2:
        advance();
        break;
      case 3:  // A timer that is destroyed disarms itself.
        expected_.disarm(id);
        timers_[id] = std::make_unique<test_timer>([this, id] { fired(id); });
        break;
      default:
        arm(id);
    }
    ASSERT_EQ(wheel_.next_expiry_ns(), expected_.next_expiry_ns());
  }

  [[nodiscard]] std::size_t fired_count() const { return fired_count_; }

 private:
  static constexpr std::size_t timer_count = 200;

  /// Distances of all magnitudes, few enough values that many timers are equally late.
  std::uint64_t some_time() {
    const std::uint64_t distance = (random_.next() % 8) << random_.next() % 40;
    if (random_.next() % 16 == 0) return now_ns_ - std::min(now_ns_, distance);
    return now_ns_ + distance;
  }
  void arm(std::size_t id) {
    const std::uint64_t expires_ns = some_time();
    wheel_.arm(*timers_[id], expires_ns);
    expected_.arm(id, expires_ns);
    EXPECT_TRUE(timers_[id]->pending());
    EXPECT_EQ(timers_[id]->expires_ns(), expires_ns);
  }
  void disarm(std::size_t id) {
    wheel_.disarm(*timers_[id]);
    expected_.disarm(id);
    EXPECT_FALSE(timers_[id]->pending());
  }
  void advance() {
    switch (random_.next() % 3) {
      case 0:
        if (wheel_.next_expiry_ns() != never_ns) now_ns_ = std::max(now_ns_, wheel_.next_expiry_ns());
        break;
      case 1:
        now_ns_ += random_.next() % 4;
        break;
      default:
        now_ns_ += random_.next() >> (24 + random_.next() % 40);
    }
    wheel_.advance(now_ns_);
    ASSERT_FALSE(expected_.fire(now_ns_).has_value()) << "a timer did not fire";
  }
  void fired(std::size_t id) {
    ++fired_count_;
    const auto expected = expected_.fire(now_ns_);
    ASSERT_TRUE(expected.has_value());
    ASSERT_EQ(id, *expected);
    EXPECT_FALSE(timers_[id]->pending());
    const std::size_t other = random_.next() % timer_count;
    if (random_.next() % 6 == 0) disarm(other);
    if (random_.next() % 6 == 0) arm(other);
  }

  seeded_random random_;
  std::uint64_t now_ns_;
  timer_wheel wheel_;
  reference expected_;
  std::vector<std::unique_ptr<test_timer>> timers_;
  std::size_t fired_count_ = 0;
};

TEST(timer_wheel, does_what_a_sorted_list_does) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    comparison run(seed, seed % 2 == 0 ? 0 : (std::uint64_t{1} << 42) - 5);
    for (int i = 0; i < 5000; ++i) {
      run.step();
      if (testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
    EXPECT_GT(run.fired_count(), 1000U);
  }
}

TEST(timer_wheel, fires_equally_late_timers_in_order_of_arming_however_early_they_were_armed) {
  timer_wheel wheel(0);
  std::vector<int> order;
  test_timer first([&] { order.push_back(1); });
  test_timer second([&] { order.push_back(2); });
  test_timer third([&] { order.push_back(3); });
  const std::uint64_t when_ns = 5 * ns_per_s + 12'345;
  wheel.arm(first, when_ns);
  wheel.advance(5 * ns_per_s);
  wheel.arm(second, when_ns);
  wheel.advance(when_ns - 1);
  wheel.arm(third, when_ns);
  EXPECT_TRUE(order.empty());
  wheel.advance(when_ns);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(timer_wheel, reaches_the_end_of_time) {
  timer_wheel wheel(0);
  int fired = 0;
  test_timer last([&] { ++fired; });
  test_timer never([&] { ADD_FAILURE(); });
  wheel.arm(last, never_ns - 1);
  wheel.arm(never, never_ns);
  EXPECT_FALSE(never.pending());
  EXPECT_EQ(wheel.next_expiry_ns(), never_ns - 1);
  wheel.advance(never_ns - 2);
  EXPECT_EQ(fired, 0);
  wheel.advance(never_ns);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(wheel.next_expiry_ns(), never_ns);
}

TEST(timer_wheel, lets_a_callback_destroy_its_timer) {
  timer_wheel wheel(0);
  std::unique_ptr<test_timer> owned;
  owned = std::make_unique<test_timer>([&] { owned.reset(); });
  wheel.arm(*owned, 10);
  wheel.advance(10);
  EXPECT_EQ(owned, nullptr);
  EXPECT_EQ(wheel.next_expiry_ns(), never_ns);
}

TEST(timer_wheel, disarms_what_it_leaves_behind) {
  test_timer far([] { ADD_FAILURE(); });
  test_timer past([] { ADD_FAILURE(); });
  {
    timer_wheel wheel(100);
    wheel.arm(far, 1'000'000);
    wheel.arm(past, 1);
  }
  EXPECT_FALSE(far.pending());
  EXPECT_FALSE(past.pending());
}

}  // namespace
}  // namespace fourtuple::base
