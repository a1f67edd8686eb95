// SPDX-License-Identifier: Apache-2.0
// Shows the NIC as a whole: it says what it is, looks connections up as commands told it, sends what descriptors say,
// answers every register access, and gives the same clock-exact results when idle clocks are left out.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::uint32_t local_address = 0x0a000001;
constexpr std::uint32_t foreign_address = 0x0a000002;

TEST(nic, says_what_it_is) {
  nic_bench bench({});
  EXPECT_EQ(bench.read32(regs::device_id), 0x50555434U);
  EXPECT_EQ(bench.read32(regs::device_capabilities), 16U | (17U << 8U) | (4U << 16U) | (15U << 24U));
  EXPECT_EQ(bench.read32(regs::device_table_size), 6U | (4U << 8U));
  EXPECT_EQ(bench.read32(regs::device_clock), 4000U);
  const std::uint64_t first = bench.read64(regs::device_timestamp);
  const std::uint64_t from = bench.clock();
  bench.run(1000);
  const std::uint64_t second = bench.read64(regs::device_timestamp);
  EXPECT_NEAR(static_cast<double>(second - first), static_cast<double>(bench.clock() - from), 20.0);
}

TEST(nic, takes_address_and_data_of_a_register_write_in_any_order) {
  for (const auto& [address_delay, data_delay] : {std::pair{0U, 5U}, std::pair{5U, 0U}}) {
    nic_bench bench({.register_address_delay_clocks = address_delay, .register_data_delay_clocks = data_delay});
    bench.write32(regs::queues_rx_size(0), 20);
    bench.write32(regs::msix_data(0), 0x11223344);
    bench.write32(regs::msix_data(1), 0x55667788);
    EXPECT_EQ(bench.read32(regs::queues_rx_size(0)), 20U);
    EXPECT_EQ(bench.read32(regs::msix_data(0)), 0x11223344U);
    EXPECT_EQ(bench.read32(regs::msix_data(1)), 0x55667788U);
  }
}

TEST(nic, gives_frames_the_clock_of_their_last_beat) {
  std::mt19937 random(1);
  nic_bench bench({});
  nic_host host(bench, {});
  host.set_up();
  host.enable(true, false);
  const std::uint64_t at = bench.clock() + 500;
  bench.receive(tcp_frame(foreign_address, local_address, 1, 2, 100), false, at);  // three beats
  host.compare_frames = false;
  bench.run(1000);
  ASSERT_EQ(host.records.size(), 1U);
  EXPECT_EQ(host.records[0].frame.timestamp, at + 2);
}

TEST(nic, finds_connections_that_commands_have_added) {
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 16, .completion_entries_log2 = 8});
  host.set_up();
  host.enable(true, false);
  constexpr std::uint16_t ports = 40;
  for (std::uint16_t i = 0; i < ports; ++i) {
    host.command(regs::command_op::insert, local_address, foreign_address, 80, static_cast<std::uint16_t>(1000 + i),
                 0xabc000U + i, i);
    ASSERT_TRUE(bench.run_until([&] { return host.records.size() == i + 1U; }));
    EXPECT_EQ(host.records.back().kind, regs::completion_kind::command);
    EXPECT_EQ(host.records.back().command.tag, i);
    EXPECT_EQ(host.records.back().command.result, regs::command_result::done);
  }
  EXPECT_EQ(bench.read32(regs::connection_entries), ports);
  EXPECT_EQ(bench.read32(regs::connection_result) >> 16U, ports - 1U);
  for (std::uint16_t i = 0; i < 2 * ports; ++i) {
    host.receive(tcp_frame(foreign_address, local_address, static_cast<std::uint16_t>(1000 + i), 80, i));
  }
  ASSERT_TRUE(bench.run_until([&] { return host.records.size() == 3U * ports; }));
  for (std::uint16_t i = 0; i < 2 * ports; ++i) {
    const regs::frame_completion& frame = host.records[ports + std::size_t{i}].frame;
    EXPECT_EQ(frame.packet_class, regs::packet_class::ipv4_tcp);
    EXPECT_TRUE(frame.ip_good && frame.l4_good);
    EXPECT_EQ(frame.hit, i < ports);
    EXPECT_EQ(frame.handle, i < ports ? 0xabc000U + i : 0U);
  }
  EXPECT_EQ(host.counter(regs::counter_table_inserted), ports);
  EXPECT_EQ(host.counter(regs::counter_table_hit), ports);
  EXPECT_EQ(host.counter(regs::counter_table_miss), ports);
  EXPECT_EQ(host.counter(regs::counter_rx_ipv4_good), 2U * ports);
  EXPECT_EQ(host.counter(regs::counter_rx_l4_good), 2U * ports);
}

// docs/device.md: frames whose completions come after the answer see the command's effect. Frames arrive all the time.
TEST(nic, answers_stand_before_the_frames_that_see_their_effect) {
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 17, .completion_entries_log2 = 10});
  host.set_up();
  host.enable(true, false);
  bench.options.mac_valid_percent = 50;
  for (unsigned i = 0; i < 400; ++i) host.receive(tcp_frame(foreign_address, local_address, 1000, 80, 100));
  for (std::uint16_t tag = 0; tag < 8; ++tag) {
    host.command(regs::command_op::insert, local_address, foreign_address, 80, 1000, tag + 1U, tag);
    bench.run(30);  // Only four may be unanswered.
  }
  ASSERT_TRUE(bench.run_until([&] { return host.records.size() == 408; }));
  std::uint32_t answered = 0;
  std::uint32_t different = 0;
  std::uint32_t handle = 0;
  for (const record& entry : host.records) {
    if (entry.kind == regs::completion_kind::command) {
      answered = entry.command.tag + 1U;
    } else {
      EXPECT_GE(entry.frame.handle, answered);
      EXPECT_GE(entry.frame.handle, handle);
      different += entry.frame.handle != handle ? 1 : 0;
      handle = entry.frame.handle;
    }
  }
  EXPECT_GE(different, 3U) << "the commands were too early or too late to show anything";
}

TEST(nic, counts_commands_beyond_its_depth_and_answers_wait_for_space) {
  std::mt19937 random(2);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 16, .completion_entries_log2 = 4});
  host.set_up();
  host.enable(true, false);
  for (int i = 0; i < 16; ++i) host.receive(random_frame(random, 60));
  bench.run(500);
  ASSERT_EQ(host.unread(), 16U);
  for (std::uint16_t tag = 0; tag < 6; ++tag) {
    host.command(regs::command_op::query, local_address, foreign_address, 80, 1000, 0, tag);
  }
  host.receive(random_frame(random, 60));  // dropped, although answers wait
  bench.run(500);
  EXPECT_EQ((bench.read32(regs::connection_result) >> 8U) & 0xffU, 4U);
  EXPECT_EQ(host.counter(regs::counter_commands_dropped), 2U);
  EXPECT_EQ(host.counter(regs::counter_rx_drop_completion_full), 1U);
  EXPECT_EQ(host.records.size(), 16U);
  host.give_back(16);
  bench.run(200);
  ASSERT_EQ(host.records.size(), 20U);
  for (std::uint16_t tag = 0; tag < 4; ++tag) {
    EXPECT_EQ(host.records[16U + tag].command.tag, tag);
    EXPECT_EQ(host.records[16U + tag].command.result, regs::command_result::not_found);
  }
  EXPECT_EQ((bench.read32(regs::connection_result) >> 8U) & 0xffU, 0U);
}

TEST(nic, answers_only_in_result_while_the_queue_is_disabled) {
  nic_bench bench({});
  nic_host host(bench, {});
  host.set_up();
  host.command(regs::command_op::insert, local_address, foreign_address, 80, 1000, 55, 9);
  bench.run(200);
  host.command(regs::command_op::query, local_address, foreign_address, 80, 1000, 0, 10);
  bench.run(200);
  EXPECT_EQ(bench.read32(regs::connection_result), 10U << 16U);
  EXPECT_EQ(bench.read32(regs::connection_result_handle), 55U);
  host.enable(true, false);
  bench.run(200);
  EXPECT_TRUE(host.records.empty());
}

TEST(nic, sends_what_descriptors_say_while_it_receives) {
  std::mt19937 random(3);
  surroundings around;
  around.ar_ready_percent = 70;
  around.mac_ready_percent = 80;
  around.aw_ready_percent = around.w_ready_percent = 60;
  around.read_latency_max_clocks = 200;
  nic_bench bench(around);
  nic_host host(bench, {.rx_bytes_log2 = 16, .completion_entries_log2 = 7, .tx_entries_log2 = 6});
  host.set_up();
  host.enable(true, true);
  std::vector<frame_bytes> expected;
  for (int i = 0; i < 40; ++i) {
    frame_bytes frame = random_frame(random, 60 + random() % 1459);
    const std::size_t split = 1 + random() % (frame.size() - 1);
    const auto middle = frame.begin() + static_cast<std::ptrdiff_t>(split);
    host.transmit(frame_bytes(frame.begin(), middle), {});
    regs::transmit_descriptor last;
    last.end_of_frame = true;
    last.completion = true;
    host.transmit(frame_bytes(middle, frame.end()), last);
    host.receive(random_frame(random, 60 + random() % 400));
    expected.push_back(std::move(frame));
    ASSERT_TRUE(bench.run_until([&] { return bench.sent.size() + 10 > expected.size(); }));
    if (host.unread() > 30) host.give_back(20);
  }
  ASSERT_TRUE(bench.run_until([&] { return bench.sent.size() == expected.size(); }));
  bench.run(1000);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(bench.sent[i].bytes, expected[i]) << i;
  EXPECT_EQ(host.counter(regs::counter_tx_frames), expected.size());
  EXPECT_EQ(host.counter(regs::counter_rx_delivered), expected.size());
  EXPECT_EQ(bench.read32(regs::queues_tx_head(0)), 2 * expected.size());
  const auto last = std::find_if(host.records.rbegin(), host.records.rend(),
                                 [](const record& entry) { return entry.kind == regs::completion_kind::transmit; });
  ASSERT_NE(last, host.records.rend());
  EXPECT_EQ(last->transmit.tx_index, 2 * expected.size());
  host.disable();
}

TEST(nic, merges_transmit_completions_that_wait_for_space) {
  std::mt19937 random(6);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 16, .completion_entries_log2 = 4, .tx_entries_log2 = 5});
  host.set_up();
  host.enable(true, true);
  for (int i = 0; i < 16; ++i) host.receive(random_frame(random, 60));
  bench.run(300);
  ASSERT_EQ(host.unread(), 16U);
  regs::transmit_descriptor descriptor;
  descriptor.end_of_frame = descriptor.completion = true;
  for (int i = 0; i < 9; ++i) host.transmit(random_frame(random, 200), descriptor);
  ASSERT_TRUE(bench.run_until([&] { return bench.sent.size() == 9; }));
  bench.run(100);
  EXPECT_EQ(host.records.size(), 16U);
  EXPECT_EQ(bench.read32(regs::queues_status(0)) & 2U, 2U);
  host.give_back(2);
  bench.run(200);
  ASSERT_EQ(host.records.size(), 17U);
  EXPECT_EQ(host.records[16].kind, regs::completion_kind::transmit);
  EXPECT_EQ(host.records[16].transmit.tx_index, 9U);
  EXPECT_LT(host.records[16].transmit.timestamp, bench.sent.back().clock + 20);
  host.disable();
}

// A host that goes down does not read completions any more: what waits for space must not keep the queue active.
TEST(nic, goes_down_with_a_full_completion_ring) {
  std::mt19937 random(7);
  nic_bench bench({});
  nic_host host(bench, {.rx_bytes_log2 = 16, .completion_entries_log2 = 4});
  host.set_up();
  for (int round = 0; round < 2; ++round) {
    host.enable(true, true);
    for (int i = 0; i < 16; ++i) host.receive(random_frame(random, 60));
    bench.run(300);
    ASSERT_EQ(host.unread(), 16U);
    regs::transmit_descriptor descriptor;
    descriptor.end_of_frame = descriptor.completion = true;
    host.transmit(random_frame(random, 200), descriptor);
    host.command(regs::command_op::query, local_address, foreign_address, 80, 1000, 0, 3);
    bench.run(500);
    EXPECT_EQ((bench.read32(regs::connection_result) >> 8U) & 0xffU, 1U);
    host.disable();
    bench.run(100);
    EXPECT_EQ((bench.read32(regs::connection_result) >> 8U) & 0xffU, 0U);
    EXPECT_EQ(host.records.size(), 16U);
  }
  EXPECT_EQ(host.counter(regs::counter_tx_frames), 2U);
}

TEST(nic, a_refused_descriptor_halts_transmit_only) {
  std::mt19937 random(4);
  nic_bench bench({});
  nic_host host(bench, {});
  host.set_up();
  host.enable(true, true);
  bench.refused_reads.push_back({nic_host::tx_base, 64});
  regs::transmit_descriptor descriptor;
  descriptor.end_of_frame = true;
  host.transmit(random_frame(random, 100), descriptor);
  host.receive(random_frame(random, 100));
  bench.run(500);
  EXPECT_EQ(bench.read32(regs::queues_status(0)) & 0xcU, 8U);
  EXPECT_EQ(bench.read32(regs::device_event_status), 0xaU);
  EXPECT_EQ(bench.read32(regs::device_dma_error_source), 3U);
  EXPECT_EQ(host.counter(regs::counter_dma_read_errors), 1U);
  EXPECT_EQ(host.counter(regs::counter_rx_delivered), 1U);
}

TEST(nic, refuses_what_is_no_register) {
  nic_bench bench({});
  (void)bench.read32(0x0900);
  EXPECT_EQ(bench.last_response(), 2U);
  bench.write32(regs::device_id, 1);
  EXPECT_EQ(bench.last_response(), 2U);
  bench.run(10);
  EXPECT_EQ(bench.read64(regs::counter_register_errors), 2U);
  EXPECT_EQ(bench.last_response(), 0U);
  EXPECT_EQ(bench.read32(regs::device_event_status), 0x10U);
}

/// The same story at the same clocks: bring-up, frames, commands, interrupts by time, transmit, registers read.
std::vector<std::uint64_t> story(bool skip, std::uint64_t& evaluated) {
  surroundings around;
  around.skip_idle_clocks = skip;
  around.write_latency_min_clocks = around.write_latency_max_clocks = 333;
  around.read_latency_min_clocks = around.read_latency_max_clocks = 1234;
  nic_bench bench(around);
  nic_host host(bench, {.rx_bytes_log2 = 15, .completion_entries_log2 = 5});
  host.set_up();
  host.enable(true, true);
  bench.write32(regs::queues_moderation(0), 10U | (3000U << 16U));
  std::mt19937 random(5);
  for (std::uint32_t i = 0; i < 60; ++i) {
    host.receive(random_frame(random, 60 + random() % 1000));
    regs::transmit_descriptor descriptor;
    descriptor.end_of_frame = descriptor.completion = true;
    host.transmit(random_frame(random, 60 + random() % 1000), descriptor);
    const std::uint64_t at = bench.clock() + 1 + random() % 10'000;
    bench.schedule_write(at, regs::queues_completion_head(0),
                         static_cast<std::uint32_t>(host.records.size()) | (1U << 31U));
    bench.schedule_write(at + random() % 500, regs::connection_ports, i % 7);
    bench.schedule_write(at + 500 + random() % 400, regs::connection_command, (i % 3) | (i << 16U));
    bench.schedule_read(at + 900 + random() % 5000, regs::device_timestamp);
    bench.schedule_read(at + 6000, regs::queues_completion_tail(0));
    bench.receive(random_frame(random, 40), false, at + random() % 9000);
    bench.run(20'000 + random() % 30'000);
    if (host.unread() > 0) host.give_back(host.unread(), i % 2 == 0);
  }
  bench.run(50'000);
  evaluated = bench.evaluated();
  EXPECT_EQ(bench.sent.size(), 60U);
  EXPECT_GT(host.messages.size(), 5U);
  return bench.trace();
}

TEST(nic, leaves_idle_clocks_out_exactly) {
  std::uint64_t all = 0;
  std::uint64_t some = 0;
  const std::vector<std::uint64_t> without = story(false, all);
  const std::vector<std::uint64_t> with = story(true, some);
  EXPECT_EQ(with.size(), without.size());
  const auto [left, right] = std::ranges::mismatch(without, with);
  EXPECT_TRUE(left == without.end() && right == with.end())
      << "first difference at trace entry " << (left - without.begin()) / 3 << ", clock "
      << without[static_cast<std::size_t>((left - without.begin()) / 3 * 3)];
  EXPECT_LT(some * 5, all) << "hardly anything was left out";
  RecordProperty("clocks", static_cast<int>(all));
  RecordProperty("clocks_evaluated", static_cast<int>(some));
}

}  // namespace
}  // namespace fourtuple::tb
