// SPDX-License-Identifier: Apache-2.0
// A processor's time: steps one after the other in the order in which they were asked for, what leaves in the middle of
// one leaves then, and who is never charged never waits.
#include "model/host/processor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "model/host/simulated_threading.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::host {
namespace {

class processor_test : public testing::Test {
 protected:
  void spawn(std::function<void()> body) {
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn(std::move(body), sc_core::sc_gen_unique_name("thread"), &in_thread);
  }
  void note(const std::string& what) {
    log_.push_back(what + " " + std::to_string(sim::to_ns(sc_core::sc_time_stamp())));
  }
  static void run() { sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS)); }

  processor cpu_;
  std::vector<std::string> log_;
};

TEST_F(processor_test, steps_follow_one_another_in_the_order_of_asking) {
  for (const char* name : {"a", "b", "c"}) {
    spawn([this, name] {
      for (int i = 0; i < 2; ++i) {
        cpu_.acquire();
        cpu_.charge(100);
        note(name);
        cpu_.settle();
      }
    });
  }
  run();
  EXPECT_EQ(log_, (std::vector<std::string>{"a 0", "b 100", "c 200", "a 300", "b 400", "c 500"}));
  EXPECT_EQ(cpu_.busy_ns(), 600U);
}

TEST_F(processor_test, what_leaves_in_a_step_leaves_when_it_has_come_so_far) {
  spawn([this] {
    cpu_.acquire();
    EXPECT_EQ(cpu_.ahead(), sc_core::SC_ZERO_TIME);
    cpu_.charge(30);
    EXPECT_EQ(cpu_.ahead(), sim::from_ns(30));
    cpu_.charge(20);
    EXPECT_EQ(cpu_.ahead(), sim::from_ns(50));
    cpu_.settle();
    note("settled");
    sc_core::wait(sim::from_ns(100));
    cpu_.charge(5);
    EXPECT_EQ(cpu_.ahead(), sim::from_ns(5)) << "idle time is not made up for";
  });
  run();
  EXPECT_EQ(log_, std::vector<std::string>{"settled 50"});
}

TEST_F(processor_test, a_sleeper_waits_for_its_turn_when_it_is_woken) {
  simulated_threading threads(&cpu_, 10);
  const auto queue = threads.make_wait_queue();
  spawn([&] {
    threads.lock();
    queue->wait_until(base::never_ns);
    note("woken");
    threads.unlock();
  });
  spawn([&] {
    sc_core::wait(sim::from_ns(1'000));
    threads.lock();
    cpu_.charge(500);
    queue->wake_all();
    threads.unlock();
    note("waker");
  });
  run();
  EXPECT_THAT(log_, testing::UnorderedElementsAre("woken 1510", "waker 1510"));
}

TEST_F(processor_test, costs_nothing_when_nothing_is_charged) {
  simulated_threading threads(&cpu_, 0);
  for (int i = 0; i < 3; ++i) {
    spawn([&] {
      threads.lock();
      threads.unlock();
      note("done");
    });
  }
  run();
  EXPECT_EQ(log_, (std::vector<std::string>{"done 0", "done 0", "done 0"}));
  EXPECT_EQ(cpu_.busy_ns(), 0U);
}

}  // namespace
}  // namespace fourtuple::model::host
