// SPDX-License-Identifier: Apache-2.0
//
// Shows the transmit path: frames gathered into slots, checksums left to the device, one doorbell a batch, a full ring
// and the wake-up after it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/driver/fake_nic.hpp"

namespace fourtuple::driver::test {
namespace {

packet::tx_sk_buff skb_of(std::size_t header_bytes, unsigned seed) {
  packet::tx_sk_buff skb;
  std::ranges::copy(frame_of(header_bytes, seed), skb.push(header_bytes).begin());
  return skb;
}

TEST(NicTransmit, GathersHeadersAndPayload) {
  nic_fixture nic;
  const auto first = frame_of(300, 1);
  const auto second = frame_of(1000, 2);
  packet::tx_sk_buff skb;
  const auto payload_header = frame_of(20, 3);
  std::ranges::copy(payload_header, skb.push(20).begin());
  skb.set_checksum_partial(16);
  const auto outer = frame_of(34, 4);
  std::ranges::copy(outer, skb.push(34).begin());
  ASSERT_TRUE(skb.append(first));
  ASSERT_TRUE(skb.append(second));
  ASSERT_EQ(nic.driver.xmit(skb), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  ASSERT_EQ(nic.device.sent.size(), 1U);
  std::vector<std::byte> expected = outer;
  for (const auto& part : {payload_header, first, second}) expected.insert(expected.end(), part.begin(), part.end());
  const auto& sent = nic.device.sent[0];
  EXPECT_EQ(sent.bytes, expected);
  EXPECT_EQ(sent.descriptor.address % 64, 0U);
  EXPECT_TRUE(sent.descriptor.end_of_frame);
  EXPECT_TRUE(sent.descriptor.checksum);
  EXPECT_EQ(sent.descriptor.checksum_start, 34);
  EXPECT_EQ(sent.descriptor.checksum_offset, 16);
  EXPECT_FALSE(sent.descriptor.tso);
}

TEST(NicTransmit, NoChecksumUnlessAsked) {
  nic_fixture nic;
  ASSERT_EQ(nic.driver.xmit(skb_of(60, 1)), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  EXPECT_FALSE(nic.device.sent.at(0).descriptor.checksum);
  EXPECT_EQ(nic.device.sent[0].descriptor.checksum_start, 0);
}

TEST(NicTransmit, OneDoorbellABatch) {
  nic_fixture nic;
  nic.device.forget();
  for (unsigned i = 0; i < 5; ++i) ASSERT_EQ(nic.driver.xmit(skb_of(60, i)), ip::netdev_tx::ok);
  EXPECT_TRUE(nic.device.writes_to(regs::queues_tx_tail(0)).empty());
  nic.driver.flush();
  nic.driver.flush();
  EXPECT_EQ(nic.device.writes_to(regs::queues_tx_tail(0)), std::vector<std::uint32_t>{5});
  EXPECT_EQ(nic.driver.counters().tx_doorbells, 1U);
  nic.device.transmit();
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(nic.device.sent[i].bytes, frame_of(60, i));
}

TEST(NicTransmit, FullRingIsBusyAndWakesWhenThereIsRoom) {
  nic_fixture nic;
  for (unsigned i = 0; i < 16; ++i) ASSERT_EQ(nic.driver.xmit(skb_of(60, i)), ip::netdev_tx::ok);
  EXPECT_EQ(nic.driver.xmit(skb_of(60, 99)), ip::netdev_tx::busy);
  EXPECT_EQ(nic.device.reg(regs::queues_tx_tail(0)), 16U) << "busy announces what fills the ring";
  EXPECT_EQ(nic.driver.counters().tx_busy, 1U);
  nic.device.transmit(3);
  nic.driver.poll(8);
  EXPECT_EQ(nic.receiver.wakes, 0U) << "no completion yet";
  nic.device.transmit(1);
  EXPECT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.poll(8), 0U);
  EXPECT_EQ(nic.receiver.wakes, 1U);
  nic.device.transmit();
  nic.driver.poll(8);
  EXPECT_EQ(nic.receiver.wakes, 1U) << "one wake for one stop";
  EXPECT_EQ(nic.device.sent.size(), 16U);
}

TEST(NicTransmit, EveryFullRingHasACompletionComing) {
  // Batches of all sizes, so that the ring gets full at every distance from the last completion asked for.
  for (unsigned every = 1; every <= 8; ++every) {
    nic_options options = small_options();
    options.tx_completion_every = every;
    nic_fixture nic(options);
    unsigned number = 0;
    for (unsigned round = 0; round < 3000; ++round) {
      const unsigned batch = 1 + round % 23;
      for (unsigned i = 0; i < batch; ++i) {
        if (nic.driver.xmit(skb_of(60 + number % 80, number)) == ip::netdev_tx::ok) {
          ++number;
          continue;
        }
        const unsigned wakes = nic.receiver.wakes;
        nic.device.transmit();
        nic.driver.poll(8);
        ASSERT_EQ(nic.receiver.wakes, wakes + 1) << "stuck with a completion every " << every;
      }
      nic.driver.flush();
      if (round % 3 == 0) nic.device.transmit(round % 7);
      nic.driver.poll(8);
    }
    nic.device.transmit();
    ASSERT_EQ(nic.device.sent.size(), number);
    for (unsigned i = 0; i < number; ++i) ASSERT_EQ(nic.device.sent[i].bytes, frame_of(60 + i % 80, i));
    EXPECT_EQ(nic.driver.counters().bad_completions, 0U);
  }
}

TEST(NicTransmit, TheEndOfABatchCompletesWhenTheRingGetsFull) {
  nic_options options = small_options();
  options.tx_completion_every = 8;
  nic_fixture nic(options);
  for (unsigned i = 0; i < 10; ++i) ASSERT_EQ(nic.driver.xmit(skb_of(60, i)), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  EXPECT_TRUE(nic.device.sent[7].descriptor.completion);
  EXPECT_FALSE(nic.device.sent[8].descriptor.completion);
  EXPECT_TRUE(nic.device.sent[9].descriptor.completion);
}

/// Headers that the device may cut up after, with `sum` in the TCP checksum field, and payload behind.
packet::tx_sk_buff segmented_skb(std::span<const std::byte> payload, std::uint16_t sum) {
  packet::tx_sk_buff skb;
  const auto tcp = skb.push(32);
  std::ranges::copy(frame_of(32, 7), tcp.begin());
  tcp[16] = static_cast<std::byte>(sum >> 8);
  tcp[17] = static_cast<std::byte>(sum & 0xff);
  skb.set_checksum_partial(16);
  std::ranges::copy(frame_of(34, 8), skb.push(34).begin());
  EXPECT_TRUE(skb.append(payload));
  skb.gso_size = 1448;
  return skb;
}

TEST(NicTransmit, WhatTheDeviceCutsUpIsAChainOfDescriptors) {
  nic_fixture nic;
  EXPECT_TRUE(nic.driver.features().tso);
  const auto payload = frame_of(5000, 1);
  const packet::tx_sk_buff skb = segmented_skb(payload, 0x1234);
  ASSERT_EQ(nic.driver.xmit(skb), ip::netdev_tx::ok);
  ASSERT_EQ(nic.driver.xmit(skb_of(60, 5)), ip::netdev_tx::ok);
  nic.driver.flush();
  EXPECT_EQ(nic.device.writes_to(regs::queues_tx_tail(0)).back(), 4U);
  nic.device.transmit();
  ASSERT_EQ(nic.device.sent.size(), 2U);
  const auto& sent = nic.device.sent[0];
  std::vector<std::byte> expected(skb.headers().begin(), skb.headers().end());
  expected.insert(expected.end(), payload.begin(), payload.end());
  // 0x1234 - 5032 = -372, which is 0xfe8b in ones' complement: the length is taken out of the pseudo-header's sum.
  expected[50] = std::byte{0xfe};
  expected[51] = std::byte{0x8b};
  EXPECT_EQ(sent.bytes, expected);
  EXPECT_TRUE(sent.descriptor.tso);
  EXPECT_TRUE(sent.descriptor.checksum);
  EXPECT_EQ(sent.descriptor.header_length, 66);
  EXPECT_EQ(sent.descriptor.mss, 1448);
  EXPECT_EQ(sent.descriptor.checksum_start, 34);
  EXPECT_EQ(sent.descriptor.checksum_offset, 16);
  EXPECT_FALSE(nic.device.sent[1].descriptor.tso);
  EXPECT_EQ(nic.driver.counters().tx_tso_frames, 1U);
}

TEST(NicTransmit, ADeviceWithoutSegmentationGetsNothingToCutUp) {
  fake_memory memory;
  fake_nic device(memory);
  device.set_reg(regs::device_capabilities,
                 device.reg(regs::device_capabilities) & ~regs::device_capabilities::tso_mask);
  nic_driver driver(
      device, memory, device, small_options(), [] {}, [](std::string_view) {});
  ASSERT_EQ(driver.open(), nic_result::ok);
  // So that what is in front of it cuts up itself.
  EXPECT_FALSE(driver.features().tso);
  EXPECT_TRUE(driver.features().tx_checksum);
  const auto payload = frame_of(5000, 1);
  ASSERT_EQ(driver.xmit(segmented_skb(payload, 0x1234)), ip::netdev_tx::ok);
  ASSERT_EQ(driver.xmit(skb_of(60, 5)), ip::netdev_tx::ok);
  driver.flush();
  device.transmit();
  EXPECT_EQ(device.sent.size(), 1U);
  EXPECT_EQ(driver.counters().tx_dropped_size, 1U);
  EXPECT_EQ(driver.counters().tx_tso_frames, 0U);
}

TEST(NicTransmit, ChainsOfAnyLengthFindRoomAtLast) {
  for (unsigned every = 1; every <= 8; ++every) {
    nic_options options = small_options();
    options.tx_completion_every = every;
    nic_fixture nic(options);
    const auto payload = frame_of(nic.driver.features().tso_max_size - 1, 1);
    std::size_t number = 0;
    for (unsigned round = 0; round < 500; ++round) {
      const auto skb = segmented_skb(std::span(payload).first(1 + round * 977 % payload.size()), 1);
      for (unsigned tries = 0; nic.driver.xmit(skb) != ip::netdev_tx::ok; ++tries) {
        ASSERT_LT(tries, 40U) << "stuck with a completion every " << every;
        nic.device.transmit(1 + round % 5);
        nic.driver.poll(8);
      }
      ++number;
      if (round % 3 == 0) nic.driver.flush();
    }
    nic.driver.flush();
    nic.device.transmit();
    EXPECT_EQ(nic.device.sent.size(), number);
    EXPECT_EQ(nic.driver.counters().bad_completions, 0U);
  }
}

TEST(NicTransmit, FramesOfTheWrongSizeAreDroppedAndCounted) {
  nic_fixture nic;
  EXPECT_EQ(nic.driver.xmit(skb_of(13, 1)), ip::netdev_tx::ok);
  const auto payload = frame_of(1461, 2);
  packet::tx_sk_buff skb = skb_of(54, 1);
  ASSERT_TRUE(skb.append(payload));
  EXPECT_EQ(nic.driver.xmit(skb), ip::netdev_tx::ok);
  packet::tx_sk_buff segmented = skb_of(60, 1);
  segmented.gso_size = 1448;
  EXPECT_EQ(nic.driver.xmit(segmented), ip::netdev_tx::ok);
  const auto much = frame_of(nic.driver.features().tso_max_size, 3);
  EXPECT_EQ(nic.driver.xmit(segmented_skb(much, 1)), ip::netdev_tx::ok);
  packet::tx_sk_buff large_segments = segmented_skb(payload, 1);
  large_segments.gso_size = 1449;
  EXPECT_EQ(nic.driver.xmit(large_segments), ip::netdev_tx::ok);
  EXPECT_EQ(nic.driver.counters().tx_dropped_size, 5U);
  EXPECT_EQ(nic.driver.counters().tx_frames, 0U);
  packet::tx_sk_buff longest = skb_of(54, 1);
  ASSERT_TRUE(longest.append(std::span(payload).first(1460)));
  EXPECT_EQ(nic.driver.xmit(longest), ip::netdev_tx::ok);
  EXPECT_EQ(nic.driver.counters().tx_frames, 1U);
}

TEST(NicTransmit, CompletionsThatCanNotBeAreIgnored) {
  nic_fixture nic;
  for (unsigned i = 0; i < 4; ++i) ASSERT_EQ(nic.driver.xmit(skb_of(60, i)), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  std::byte* record = nic.memory.at(nic.device.reg64(regs::queues_completion_base(0)), 32);
  auto completion = regs::transmit_completion::decode(std::span<const std::byte, 32>(record, 32));
  completion.tx_index = 5;
  completion.encode(std::span<std::byte, 32>(record, 32));
  nic.driver.poll(8);
  EXPECT_EQ(nic.driver.counters().bad_completions, 1U);
}

}  // namespace
}  // namespace fourtuple::driver::test
