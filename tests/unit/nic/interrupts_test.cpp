// SPDX-License-Identifier: Apache-2.0
// Shows when an armed queue interrupts, and that a masked vector holds its message back (docs/device.md, Interrupts).
#include "model/nic/interrupts.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace fourtuple::model::nic {
namespace {

TEST(queue_interrupt, only_when_armed_and_only_once) {
  queue_interrupt interrupt;
  EXPECT_FALSE(interrupt.update(1, 0));
  interrupt.arm(1);
  EXPECT_FALSE(interrupt.update(1, 0));  // Index 1 has not been written.
  EXPECT_TRUE(interrupt.update(2, 0));
  EXPECT_FALSE(interrupt.update(3, 0));
}

TEST(queue_interrupt, at_once_if_there_is_one_already_and_across_the_wrap) {
  queue_interrupt interrupt;
  interrupt.arm(0xfffe);
  EXPECT_TRUE(interrupt.update(1, 0));
  interrupt.arm(5);
  EXPECT_FALSE(interrupt.update(2, 0));  // The index lies ahead.
}

TEST(queue_interrupt, moderation_by_count_or_time) {
  queue_interrupt interrupt;
  interrupt.configure(3, 100);
  interrupt.arm(0);
  EXPECT_FALSE(interrupt.update(1, 10));
  EXPECT_EQ(interrupt.deadline(), 110U);
  EXPECT_FALSE(interrupt.update(2, 20));
  EXPECT_EQ(interrupt.deadline(), 110U);  // From the first.
  EXPECT_TRUE(interrupt.update(3, 30));
  EXPECT_EQ(interrupt.deadline(), std::nullopt);

  interrupt.arm(3);
  EXPECT_FALSE(interrupt.update(4, 200));
  EXPECT_FALSE(interrupt.update(4, 299));
  EXPECT_TRUE(interrupt.update(4, 300));
}

TEST(queue_interrupt, time_does_not_count_for_one_completion) {
  queue_interrupt interrupt;
  interrupt.configure(1, 1000);
  interrupt.arm(0);
  EXPECT_TRUE(interrupt.update(1, 0));
}

TEST(msix_table, masked_messages_become_pending_and_go_once) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> sent;
  msix_table table(2, [&](std::uint64_t address, std::uint32_t data) { sent.emplace_back(address, data); });
  table.set_message(1, 0xfee0'0000, 42);
  table.raise(1);
  table.raise(1);
  EXPECT_EQ(table.pending_bits(), 2U);
  EXPECT_TRUE(sent.empty());
  table.set_masked(1, false);
  table.set_masked(1, false);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0], (std::pair<std::uint64_t, std::uint32_t>{0xfee0'0000, 42}));
  EXPECT_EQ(table.pending_bits(), 0U);
  table.raise(1);
  EXPECT_EQ(sent.size(), 2U);
}

}  // namespace
}  // namespace fourtuple::model::nic
