// SPDX-License-Identifier: Apache-2.0
// What is made of a NIC's events: which frame a completion or a drop is about, how long it took, what is in the table,
// how full the rings are.
#include "model/observe/nic_tracker.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/observe/names.hpp"

namespace fourtuple::model::observe {
namespace {

struct listener final : story_listener {
  void on_happening(const happening& what) override {
    std::string line(what.name);
    if (!what.reason.empty()) line.append(" ").append(what.reason);
    if (what.frame != nullptr) line.append(" of ").append(std::to_string(what.frame->length_bytes));
    if (what.latency_ps != 0) line.append(" after ").append(std::to_string(what.latency_ps));
    if (what.tuple) line.append(" ").append(connection_name(*what.tuple));
    lines.push_back(line);
  }
  void on_ring_fill(std::uint64_t, std::string_view, const ring_fill& now) override { fill = now; }
  void on_table_entries(std::uint64_t, std::string_view, std::uint64_t now) override { entries = now; }
  std::vector<std::string> lines;
  ring_fill fill;
  std::uint64_t entries = 0;
};

struct nic_tracker_test : ::testing::Test {
  template <typename Body>
  void tell(std::uint64_t time_ps, Body body) {
    tracker.on_event({.time_ps = time_ps, .body = body}, listeners);
  }
  static nic_arrival arrival(std::uint32_t length, bool bad = false) {
    return {.frame = {.length_bytes = length, .bad = bad}};
  }
  static nic_completion completion(std::uint16_t length, std::uint32_t ring_offset = 0) {
    return {.queue = 0, .record = regs::frame_completion{.ring_offset = ring_offset, .length = length}};
  }
  nic_tracker tracker{"server"};
  listener seen;
  std::vector<story_listener*> listeners{&seen};
};

TEST_F(nic_tracker_test, frames_and_drops_find_each_other) {
  tell(1'000, arrival(100));
  tell(2'000, arrival(200, true));
  tell(3'000, arrival(40));
  tell(4'000, arrival(300));
  tell(5'000, arrival(300));
  tell(6'000, nic_drop{.counter = regs::counter_rx_drop_mac_error});
  tell(6'500, nic_drop{.counter = regs::counter_rx_drop_too_short});
  tell(7'000, completion(100));
  tell(7'500, nic_drop{.counter = regs::counter_rx_drop_ring_full});
  tell(8'000, completion(300));
  tell(9'000, arrival(400));
  tell(9'500, nic_drop{.counter = regs::counter_rx_drop_fifo_full});
  const std::vector<std::string> expected = {
      "frame_dropped rx_drop_mac_error of 200", "frame_dropped rx_drop_too_short of 40",
      "frame_received of 100 after 6000",       "frame_dropped rx_drop_ring_full of 300",
      "frame_received of 300 after 3000",       "frame_dropped rx_drop_fifo_full of 400"};
  EXPECT_EQ(seen.lines, expected);
}

TEST_F(nic_tracker_test, a_completion_of_nothing_that_arrived_is_told_without_a_frame) {
  tell(1'000, completion(100));
  tell(2'000, nic_drop{.counter = regs::counter_tx_drop_descriptor});
  const std::vector<std::string> expected = {"frame_received", "frame_dropped tx_drop_descriptor"};
  EXPECT_EQ(seen.lines, expected);
}

TEST_F(nic_tracker_test, follows_the_table_through_its_answers) {
  const auto command = [&](regs::command_op op, std::uint16_t tag, std::uint16_t port) {
    tell(tag, nic_command{
                  .op = op,
                  .tag = tag,
                  .tuple = {.local = {0x0a000001}, .foreign = {0x0a000002}, .local_port = port, .foreign_port = 80}});
  };
  const auto answer = [&](regs::command_op op, std::uint16_t tag, regs::command_result result) {
    tell(tag + 100U,
         nic_completion{.queue = 0, .record = regs::command_completion{.tag = tag, .op = op, .result = result}});
  };
  using regs::command_op;
  using regs::command_result;
  command(command_op::insert, 1, 1001);
  command(command_op::insert, 2, 1002);
  command(command_op::insert, 3, 1003);  // Dropped by the device: it never answers.
  command(command_op::remove, 4, 1001);
  answer(command_op::insert, 1, command_result::done);
  EXPECT_EQ(seen.entries, 1U);
  answer(command_op::insert, 2, command_result::full);
  EXPECT_EQ(seen.entries, 1U);
  answer(command_op::remove, 4, command_result::done);
  EXPECT_EQ(seen.entries, 0U);
  const std::vector<std::string> expected = {"table_insert done 10.0.0.1:1001-10.0.0.2:80",
                                             "table_insert full 10.0.0.1:1002-10.0.0.2:80",
                                             "table_remove done 10.0.0.1:1001-10.0.0.2:80"};
  EXPECT_EQ(seen.lines, expected);
}

TEST_F(nic_tracker_test, rings_fill_and_are_given_back) {
  using what = nic_ring_write::what;
  const auto write = [&](what index, std::uint32_t value) { tell(1, nic_ring_write{.index = index, .value = value}); };
  write(what::rx_size_log2, 16);
  write(what::completion_size_log2, 4);
  write(what::tx_size_log2, 6);
  write(what::start, 0);
  tell(2, completion(100, 0));
  tell(3, completion(60, 128));
  EXPECT_EQ(seen.fill.rx_bytes, 192U);
  EXPECT_EQ(seen.fill.rx_size_bytes, 65'536U);
  EXPECT_EQ(seen.fill.completions, 2U);
  EXPECT_EQ(seen.fill.completion_size, 16U);
  write(what::rx_head, 128);
  write(what::completion_head, 1);
  EXPECT_EQ(seen.fill.rx_bytes, 64U);
  EXPECT_EQ(seen.fill.completions, 1U);
  write(what::tx_tail, 5);
  EXPECT_EQ(seen.fill.descriptors, 5U);
  tell(4, nic_completion{.queue = 0, .record = regs::transmit_completion{.tx_index = 3}});
  EXPECT_EQ(seen.fill.descriptors, 2U);
  EXPECT_EQ(seen.fill.descriptor_size, 64U);
}

}  // namespace
}  // namespace fourtuple::model::observe
