// SPDX-License-Identifier: Apache-2.0
// The timeline: one order for what is told in any order and ahead of time, and nothing of what did not happen.
#include "model/observe/timeline.hpp"

#include <gtest/gtest.h>

#include <string>
#include <systemc>
#include <vector>

namespace fourtuple::model::observe {
namespace {

TEST(timeline, orders_by_time_then_lane_then_sequence) {
  timeline events;
  const std::uint32_t first = events.add_lane({.host = "a", .part = layer::nic});
  const std::uint32_t second = events.add_lane({.host = "b", .part = layer::nic});
  std::vector<std::string> seen;
  events.add_consumer([&](const event& event) {
    seen.push_back(events.lane(event.lane).host + std::to_string(std::get<nic_interrupt>(event.body).vector) + "@" +
                   std::to_string(event.time_ps));
  });
  events.post(second, 200, nic_interrupt{.vector = 0});
  events.post(first, 300, nic_interrupt{.vector = 1});
  events.post(first, 200, nic_interrupt{.vector = 2});
  events.post(first, 200, nic_interrupt{.vector = 3});
  events.post(second, 100, nic_interrupt{.vector = 4});
  EXPECT_TRUE(seen.empty()) << "the kernel's time is 0: all of it lies in the future";
  sc_core::sc_start(sc_core::sc_time(300, sc_core::SC_PS));
  events.release();
  const std::vector<std::string> expected = {"b4@100", "a2@200", "a3@200", "b0@200"};
  EXPECT_EQ(seen, expected) << "what happens now may still get company";
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_PS));
  events.release();
  EXPECT_EQ(seen.back(), "a1@300");
}

}  // namespace
}  // namespace fourtuple::model::observe
