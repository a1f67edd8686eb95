// SPDX-License-Identifier: Apache-2.0
//
// Shows the receive path: lists of frames with the device's verdicts, in place and in order, over ring ends and phases;
// space given back once a poll; no interrupt lost.
#include <gtest/gtest.h>

#include "tests/unit/driver/fake_nic.hpp"

namespace fourtuple::driver::test {
namespace {

TEST(NicReceive, OneListAPollAndOneWriteForItsSpace) {
  nic_fixture nic;
  nic.device.forget();
  for (unsigned i = 0; i < 5; ++i) ASSERT_TRUE(nic.device.receive(frame_of(100, i)));
  EXPECT_EQ(nic.wakes, 1U) << "one interrupt for all, because the queue was armed once";
  EXPECT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.poll(64), 5U);
  EXPECT_EQ(nic.receiver.lists, std::vector<std::size_t>{5});
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(nic.receiver.frames[i], frame_of(100, i));
  EXPECT_EQ(nic.device.writes_to(regs::queues_rx_head(0)), std::vector<std::uint32_t>{5 * 128});
  EXPECT_EQ(nic.device.writes_to(regs::queues_completion_head(0)), std::vector<std::uint32_t>{5});
  EXPECT_EQ(nic.driver.counters().rx_frames, 5U);
  EXPECT_EQ(nic.driver.counters().rx_bytes, 500U);
}

TEST(NicReceive, FramesAreNotCopied) {
  nic_fixture nic;
  ASSERT_TRUE(nic.device.receive(frame_of(60, 1)));
  nic.driver.poll(1);
  ASSERT_EQ(nic.receiver.skbs.size(), 1U);
  EXPECT_EQ(nic.receiver.skbs[0].frame.data(), nic.memory.at(nic.device.reg64(regs::queues_rx_base(0)), 60));
}

TEST(NicReceive, SaysWhatTheDeviceFoundOut) {
  nic_fixture nic;
  regs::frame_completion good;
  good.packet_class = regs::packet_class::ipv4_tcp;
  good.hash = 0xcafef00d;
  good.hit = true;
  good.handle = 0x10002;
  good.raw_sum = 0xbeef;
  good.ip_checked = good.ip_good = good.l4_checked = good.l4_good = true;
  good.timestamp = 250'000'001;
  ASSERT_TRUE(nic.device.receive(frame_of(60, 1), good));
  regs::frame_completion bad;
  bad.packet_class = regs::packet_class::ipv4_udp;
  bad.ip_checked = bad.l4_checked = true;
  ASSERT_TRUE(nic.device.receive(frame_of(60, 2), bad));
  regs::frame_completion other;
  other.packet_class = regs::packet_class::arp;
  other.timestamp = 0xffff'ffff'ffff;
  ASSERT_TRUE(nic.device.receive(frame_of(60, 3), other));
  ASSERT_EQ(nic.driver.poll(8), 3U);

  const auto& first = nic.receiver.skbs[0];
  EXPECT_EQ(first.network_checksum, packet::ip_summed::unnecessary);
  EXPECT_EQ(first.transport_checksum, packet::ip_summed::unnecessary);
  EXPECT_TRUE(first.hash_valid);
  EXPECT_EQ(first.hash, 0xcafef00d);
  EXPECT_TRUE(first.table_hit);
  EXPECT_EQ(first.handle, 0x10002U);
  EXPECT_TRUE(first.raw_sum_valid);
  EXPECT_EQ(first.raw_sum, 0xbeef);
  EXPECT_EQ(first.timestamp_ns, 1'000'000'004U);
  const auto& second = nic.receiver.skbs[1];
  EXPECT_EQ(second.network_checksum, packet::ip_summed::bad);
  EXPECT_EQ(second.transport_checksum, packet::ip_summed::bad);
  EXPECT_TRUE(second.hash_valid);
  EXPECT_FALSE(second.table_hit);
  const auto& third = nic.receiver.skbs[2];
  EXPECT_EQ(third.network_checksum, packet::ip_summed::none);
  EXPECT_EQ(third.transport_checksum, packet::ip_summed::none);
  EXPECT_FALSE(third.hash_valid);
  EXPECT_EQ(third.timestamp_ns, 0xffff'ffff'ffffU * 4);
}

TEST(NicReceive, RingsAndPhaseWrap) {
  nic_fixture nic;
  unsigned sent = 0;
  // 32 KiB of receive ring and 16 completions, some thousand times round; 16-bit indices wrap as well.
  for (unsigned round = 0; round < 9000; ++round) {
    const unsigned burst = 1 + round % 11;
    for (unsigned i = 0; i < burst; ++i, ++sent) {
      ASSERT_TRUE(nic.device.receive(frame_of(60 + sent * 37 % 1455, sent))) << "frame " << sent;
    }
    ASSERT_TRUE(nic.driver.poll_pending());
    ASSERT_EQ(nic.driver.poll(64), burst);
    nic.driver.complete();
    for (unsigned i = 0; i < burst; ++i) {
      const unsigned number = sent - burst + i;
      ASSERT_EQ(nic.receiver.frames[i], frame_of(60 + number * 37 % 1455, number));
    }
    nic.receiver.frames.clear();
    nic.receiver.skbs.clear();
  }
  EXPECT_GT(sent, 50'000U);
  EXPECT_EQ(nic.driver.counters().bad_completions, 0U);
}

TEST(NicReceive, BudgetLeavesTheRestForTheNextPoll) {
  nic_fixture nic;
  for (unsigned i = 0; i < 10; ++i) ASSERT_TRUE(nic.device.receive(frame_of(60, i)));
  EXPECT_EQ(nic.driver.poll(4), 4U);
  EXPECT_EQ(nic.driver.poll(4), 4U);
  EXPECT_EQ(nic.driver.poll(4), 2U);
  EXPECT_EQ(nic.receiver.lists, (std::vector<std::size_t>{4, 4, 2}));
  EXPECT_EQ(nic.driver.counters().polls_out_of_budget, 2U);
}

TEST(NicReceive, WhatComesBetweenPollAndCompleteInterruptsAtOnce) {
  nic_fixture nic;
  ASSERT_TRUE(nic.device.receive(frame_of(60, 1)));
  EXPECT_EQ(nic.wakes, 1U);
  EXPECT_EQ(nic.driver.poll(8), 1U);
  ASSERT_TRUE(nic.device.receive(frame_of(60, 2)));
  EXPECT_EQ(nic.wakes, 1U) << "not armed";
  nic.driver.complete();
  EXPECT_EQ(nic.wakes, 2U);
  EXPECT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.poll(8), 1U);
  nic.driver.complete();
  EXPECT_FALSE(nic.driver.poll_pending());
  EXPECT_EQ(nic.wakes, 2U);
}

TEST(NicReceive, FullRingsDropAndRecover) {
  nic_fixture nic;
  unsigned taken = 0;
  while (nic.device.receive(frame_of(60, taken))) ++taken;
  EXPECT_EQ(taken, 16U);
  EXPECT_EQ(nic.driver.poll(64), 16U);
  EXPECT_TRUE(nic.device.receive(frame_of(60, 99)));
  EXPECT_EQ(nic.driver.poll(64), 1U);
  EXPECT_EQ(nic.receiver.frames.back(), frame_of(60, 99));
}

TEST(NicReceive, CompletionsThatCanNotBeAreSkipped) {
  nic_fixture nic;
  ASSERT_TRUE(nic.device.receive(frame_of(100, 1)));
  ASSERT_TRUE(nic.device.receive(frame_of(100, 2)));
  ASSERT_TRUE(nic.device.receive(frame_of(100, 3)));
  // The first one's place is made to reach beyond the ring, the second one's kind to be unknown.
  std::byte* records = nic.memory.at(nic.device.reg64(regs::queues_completion_base(0)), 64);
  auto first = regs::frame_completion::decode(std::span<const std::byte, 32>(records, 32));
  first.ring_offset = (1U << 15) - 64;
  first.encode(std::span<std::byte, 32>(records, 32));
  auto second = regs::frame_completion::decode(std::span<const std::byte, 32>(records + 32, 32));
  second.kind = static_cast<regs::completion_kind>(3);
  second.encode(std::span<std::byte, 32>(records + 32, 32));
  EXPECT_EQ(nic.driver.poll(8), 1U);
  ASSERT_EQ(nic.receiver.frames.size(), 1U);
  EXPECT_EQ(nic.receiver.frames[0], frame_of(100, 3));
  EXPECT_EQ(nic.driver.counters().bad_completions, 2U);
}

}  // namespace
}  // namespace fourtuple::driver::test
