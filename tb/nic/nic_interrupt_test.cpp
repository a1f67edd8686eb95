// SPDX-License-Identifier: Apache-2.0
// Shows when the NIC interrupts: armed before and after completions, masked, moderated by count and by time, and for
// events; never before the completions that it is about are in memory.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::tb {
namespace {

class nic_interrupt : public testing::Test {
 protected:
  void SetUp() override {
    host.set_up();
    host.enable(true, false);
  }
  void receive(int frames) {
    const std::size_t before = host.records.size();
    for (int i = 0; i < frames; ++i) host.receive(random_frame(random, 100));
    ASSERT_TRUE(bench.run_until([&] { return host.records.size() == before + static_cast<std::size_t>(frames); }));
  }

  std::mt19937 random{1};
  nic_bench bench{surroundings{}};
  nic_host host{bench, {.rx_bytes_log2 = 15, .completion_entries_log2 = 6}};
};

TEST_F(nic_interrupt, comes_once_behind_the_first_completion_after_arming) {
  receive(1);
  bench.run(200);
  EXPECT_TRUE(host.messages.empty()) << "not armed";
  host.give_back(1, true);
  bench.run(200);
  EXPECT_TRUE(host.messages.empty()) << "nothing new";
  receive(3);
  bench.run(200);
  ASSERT_EQ(host.messages.size(), 1U);
  EXPECT_GE(host.messages[0].records, 2U);
  EXPECT_EQ(host.messages[0].address, nic_host::message_address);
  EXPECT_EQ(host.messages[0].data, 0x11223344U);
  EXPECT_EQ(host.counter(regs::counter_interrupts), 1U);
}

TEST_F(nic_interrupt, comes_at_once_if_there_is_more_already) {
  receive(2);
  bench.run(200);
  host.give_back(1, true);
  bench.run(50);
  EXPECT_EQ(host.messages.size(), 1U);
  bench.run(500);
  EXPECT_EQ(host.messages.size(), 1U);
}

TEST_F(nic_interrupt, waits_while_masked) {
  bench.write32(regs::msix_control(0), 1);
  host.arm();
  receive(1);
  bench.run(200);
  EXPECT_TRUE(host.messages.empty());
  EXPECT_EQ(bench.read64(regs::msix_pba_pending), 1U);
  bench.write32(regs::msix_control(0), 0);
  bench.run(50);
  EXPECT_EQ(host.messages.size(), 1U);
  EXPECT_EQ(bench.read64(regs::msix_pba_pending), 0U);
}

TEST_F(nic_interrupt, waits_for_enough_completions) {
  bench.write32(regs::queues_moderation(0), 5U | (60'000U << 16U));
  host.arm();
  receive(4);
  bench.run(500);
  EXPECT_TRUE(host.messages.empty());
  receive(1);
  bench.run(100);
  ASSERT_EQ(host.messages.size(), 1U);
  EXPECT_EQ(host.messages[0].records, 5U);
}

TEST_F(nic_interrupt, waits_for_the_limit_of_time_and_no_longer) {
  std::uint64_t without = 0;
  for (const std::uint32_t clocks : {0U, 1U, 700U, 5000U}) {
    bench.write32(regs::queues_moderation(0), 50U | (clocks << 16U));
    host.messages.clear();
    host.give_back(host.unread(), true);
    receive(1);
    const std::uint64_t from = host.records.back().clock;
    ASSERT_TRUE(bench.run_until([&] { return !host.messages.empty(); }));
    const std::uint64_t waited = host.messages[0].clock - from;
    if (clocks == 0) without = waited;
    EXPECT_EQ(waited, without + clocks);
  }
  EXPECT_LT(without, 20U);
}

TEST_F(nic_interrupt, event_vector_tells_of_enabled_events_only) {
  (void)bench.read32(0xfff0);
  bench.run(100);
  EXPECT_TRUE(host.messages.empty()) << "not enabled";
  EXPECT_EQ(bench.read32(regs::device_event_status), 0x10U);
  bench.write32(regs::device_event_enable, 0x10);
  bench.run(100);
  EXPECT_TRUE(host.messages.empty()) << "the bit did not rise";
  bench.write32(regs::device_event_status, 0x10);
  (void)bench.read32(0xfff0);
  bench.run(100);
  ASSERT_EQ(host.messages.size(), 1U);
  EXPECT_EQ(host.messages[0].address, nic_host::message_address + 0x24);
  EXPECT_EQ(host.messages[0].data, 0x55667788U);
}

TEST_F(nic_interrupt, a_refused_message_is_only_reported) {
  bench.refused_writes.push_back({0xfee0'0000, 64});
  host.arm();
  receive(1);
  bench.run(200);
  EXPECT_EQ(bench.read32(regs::device_event_status), 1U);
  EXPECT_EQ(bench.read32(regs::device_dma_error_source), 2U);
  EXPECT_EQ(bench.read64(regs::device_dma_error_address), nic_host::message_address);
  receive(2);
  EXPECT_EQ(bench.read32(regs::queues_status(0)), 1U);
}

}  // namespace
}  // namespace fourtuple::tb
