// SPDX-License-Identifier: Apache-2.0
//
// Shows how the driver takes the device up and down, what it refuses, and how it recovers a queue that has halted.
#include <gtest/gtest.h>

#include "tests/unit/driver/fake_nic.hpp"

namespace fourtuple::driver::test {
namespace {

/// What open() says about `device`; checks that nothing is held after an error.
nic_result open_result(fake_memory& memory, fake_nic& device, const nic_options& options = small_options()) {
  nic_driver driver(
      device, memory, device, options, [] {}, [](std::string_view) {});
  const nic_result result = driver.open();
  EXPECT_EQ(driver.is_open(), result == nic_result::ok);
  if (result != nic_result::ok) {
    EXPECT_EQ(memory.allocations, 0U);
    EXPECT_EQ(device.reg(regs::queues_control(0)), 0U);
    EXPECT_FALSE(describe(result).empty());
  }
  return result;
}

TEST(NicOpen, BringsTheDeviceUpInOrder) {
  nic_fixture nic;
  fake_nic& device = nic.device;
  EXPECT_EQ(device.reg64(regs::device_mac_address), 0x5544'3322'1102U);
  EXPECT_EQ(device.reg(regs::device_max_frame), 1518U);
  EXPECT_EQ(device.reg(regs::device_rx_filter), 0U);
  EXPECT_EQ(device.reg(regs::device_hash_secret), 0x1234abcdU);
  EXPECT_EQ(device.reg(regs::queues_rx_size(0)), 15U);
  EXPECT_EQ(device.reg(regs::queues_ring_sizes(0)), 0x0404U);
  EXPECT_EQ(device.reg(regs::queues_control(0)), 3U);
  EXPECT_EQ(device.reg(regs::device_event_enable), 0x1fU);
  EXPECT_EQ(device.reg(regs::msix_control(0)), 0U);
  EXPECT_EQ(device.reg(regs::msix_control(1)), 0U);
  EXPECT_NE(device.reg(regs::msix_data(0)), device.reg(regs::msix_data(1)));
  for (const auto base : {regs::queues_rx_base(0), regs::queues_completion_base(0), regs::queues_tx_base(0)}) {
    EXPECT_EQ(device.reg64(base) % 4096, 0U);
    EXPECT_NE(nic.memory.at(device.reg64(base), 1), nullptr);
  }
  // The secret is changed only while the table is empty; receive is enabled after its ring is known, transmit after it.
  const std::size_t flush = device.position_of_write(regs::connection_command, 3);
  const std::size_t secret = device.position_of_write(regs::device_hash_secret, 0x1234abcd);
  const std::size_t rx = device.position_of_write(regs::queues_control(0), 1);
  const std::size_t both = device.position_of_write(regs::queues_control(0), 3);
  const std::size_t armed = device.position_of_write(regs::queues_completion_head(0), 0x80000000);
  EXPECT_LT(flush, secret);
  EXPECT_LT(secret, rx);
  EXPECT_LT(rx, both);
  EXPECT_LT(both, armed);
  EXPECT_TRUE(nic.driver.features().rx_checksum);
  EXPECT_TRUE(nic.driver.features().tx_checksum);
  EXPECT_TRUE(nic.driver.features().connection_table);
  EXPECT_TRUE(nic.driver.features().tso);
}

TEST(NicOpen, RefusesWhatItDoesNotKnow) {
  fake_memory memory;
  {
    fake_nic device(memory);
    device.set_reg(regs::device_id, 0x12345678);
    EXPECT_EQ(open_result(memory, device), nic_result::wrong_device);
  }
  {
    fake_nic device(memory);
    device.set_reg(regs::device_version, 0x0001'0000);
    EXPECT_EQ(open_result(memory, device), nic_result::unknown_version);
  }
  {
    fake_nic device(memory);
    device.set_reg(regs::device_version, 0x0000'0009);  // a newer minor is fine
    EXPECT_EQ(open_result(memory, device), nic_result::ok);
  }
  {
    fake_nic device(memory);
    device.answers = false;
    EXPECT_EQ(open_result(memory, device), nic_result::no_answer);
  }
}

TEST(NicOpen, GivesUpOnADeviceThatDoesNotGetReady) {
  fake_memory memory;
  fake_nic table(memory);
  table.table_clears = false;
  EXPECT_EQ(open_result(memory, table), nic_result::table_not_ready);
  fake_nic active(memory);
  active.stops = false;
  EXPECT_EQ(open_result(memory, active), nic_result::still_active);
}

TEST(NicOpen, NeedsAllOfItsMemory) {
  for (std::size_t allowed = 0; allowed < 4; ++allowed) {
    fake_memory memory;
    memory.allocations_left = allowed;
    fake_nic device(memory);
    EXPECT_EQ(open_result(memory, device), nic_result::no_memory);
  }
}

TEST(NicOpen, RefusesOptionsOutOfRange) {
  fake_memory memory;
  fake_nic device(memory);
  const auto with = [](auto change) {
    nic_options options = small_options();
    change(options);
    return options;
  };
  for (const nic_options& options : {
           with([](nic_options& o) { o.rx_ring_bytes_log2 = 14; }),
           with([](nic_options& o) { o.rx_ring_bytes_log2 = 31; }),
           with([](nic_options& o) { o.completion_entries_log2 = 3; }),
           with([](nic_options& o) { o.tx_entries_log2 = 16; }),
           with([](nic_options& o) { o.tx_completion_every = 0; }),
           with([](nic_options& o) { o.tx_completion_every = 9; }),
           with([](nic_options& o) { o.mtu = 67; }),
           with([](nic_options& o) { o.mtu = 16384; }),
           with([](nic_options& o) { o.address.bytes[0] = 1; }),
       }) {
    EXPECT_EQ(open_result(memory, device, options), nic_result::bad_option);
  }
}

TEST(NicClose, GivesEverythingBackAndOpensAgain) {
  nic_fixture nic;
  EXPECT_EQ(nic.memory.allocations, 4U);
  EXPECT_EQ(nic.driver.close(), nic_result::ok);
  EXPECT_EQ(nic.memory.allocations, 0U);
  EXPECT_EQ(nic.device.reg(regs::queues_control(0)), 0U);
  EXPECT_EQ(nic.device.reg(regs::msix_control(0)), 1U);
  EXPECT_EQ(nic.driver.close(), nic_result::ok);

  packet::tx_sk_buff skb;
  [[maybe_unused]] const auto header = skb.push(60);
  EXPECT_EQ(nic.driver.xmit(skb), ip::netdev_tx::ok);
  nic.driver.flush();
  EXPECT_EQ(nic.driver.counters().tx_dropped_down, 1U);

  EXPECT_EQ(nic.driver.open(), nic_result::ok);
  EXPECT_TRUE(nic.device.receive(frame_of(60, 1)));
  EXPECT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.poll(8), 1U);
}

TEST(NicClose, SaysWhenTheDeviceDoesNotStop) {
  nic_fixture nic;
  nic.device.stops = false;
  EXPECT_EQ(nic.driver.close(), nic_result::still_active);
  EXPECT_EQ(nic.memory.allocations, 0U);
  EXPECT_FALSE(nic.driver.is_open());
}

TEST(NicClose, InterruptsAfterTheDriverIsGoneReachNobody) {
  fake_memory memory;
  fake_nic device(memory);
  unsigned wakes = 0;
  {
    nic_driver driver(
        device, memory, device, small_options(), [&] { ++wakes; }, [](std::string_view) {});
    ASSERT_EQ(driver.open(), nic_result::ok);
  }
  device.write32(regs::msix_control(1), 0);
  device.write32(regs::device_event_enable, 0x1f);
  device.halt(false, 0);
  EXPECT_EQ(device.interrupts, 1U);
  EXPECT_EQ(wakes, 0U);
}

TEST(NicEvents, HaltedReceiveIsRestarted) {
  nic_fixture nic;
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(nic.device.receive(frame_of(100, i)));
  nic.driver.connection_insert({{1}, {2}, 3, 4}, 5);
  nic.device.halt(true, 0xdead0000);
  ASSERT_TRUE(nic.driver.event_pending());
  EXPECT_FALSE(nic.device.receive(frame_of(100, 9)));
  nic.driver.handle_event();
  EXPECT_FALSE(nic.driver.event_pending());
  EXPECT_EQ(nic.receiver.frames.size(), 3U) << "what had arrived is not lost";
  EXPECT_EQ(nic.device.reg(regs::queues_control(0)), 3U);
  EXPECT_EQ(nic.device.reg(regs::device_event_status), 0U);
  EXPECT_EQ(nic.driver.counters().queue_restarts, 1U);
  EXPECT_EQ(nic.driver.table().outstanding(), 0U);
  EXPECT_EQ(nic.driver.table().counters().unanswered, 1U);
  ASSERT_EQ(nic.log.size(), 2U);
  EXPECT_EQ(nic.log[0], "NIC: DMA write failed, receive data at 0x00000000dead0000");

  ASSERT_TRUE(nic.device.receive(frame_of(100, 7)));
  EXPECT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.poll(8), 1U);
  EXPECT_EQ(nic.receiver.frames.back(), frame_of(100, 7));
}

TEST(NicEvents, HaltedTransmitIsRestartedAndTheStackWoken) {
  nic_fixture nic;
  packet::tx_sk_buff skb;
  std::ranges::fill(skb.push(60), std::byte{1});
  nic.device.halt(false, 0x1000);
  while (nic.driver.xmit(skb) == ip::netdev_tx::ok) {
  }
  nic.driver.handle_event();
  EXPECT_EQ(nic.driver.counters().tx_lost_in_restart, 16U);
  EXPECT_EQ(nic.receiver.wakes, 1U);
  EXPECT_EQ(nic.driver.xmit(skb), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  EXPECT_EQ(nic.device.sent.size(), 1U);
}

TEST(NicReset, BringsEverythingUpAgain) {
  nic_fixture nic;
  const auto tuple = [](std::uint16_t port) { return packet::connection_tuple{{1}, {2}, 80, port}; };
  for (std::uint16_t port = 0; port < 7; ++port) nic.driver.connection_insert(tuple(port), 100U + port);
  for (int i = 0; i < 4; ++i) nic.device.answer(i == 1 ? regs::command_result::full : regs::command_result::done);
  nic.driver.poll(8);
  nic.driver.connection_delete(tuple(0));
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(nic.device.receive(frame_of(100, i)));
  packet::tx_sk_buff skb;
  std::ranges::fill(skb.push(60), std::byte{1});
  while (nic.driver.xmit(skb) == ip::netdev_tx::ok) {
  }
  nic.device.forget();

  EXPECT_EQ(nic.driver.reset(), nic_result::ok);
  EXPECT_EQ(nic.receiver.frames.size(), 3U) << "what had arrived is not lost";
  EXPECT_EQ(nic.receiver.wakes, 1U);
  EXPECT_EQ(nic.driver.counters().tx_lost_in_restart, 16U);
  EXPECT_EQ(nic.driver.counters().function_resets, 1U);
  EXPECT_EQ(nic.device.reg(regs::queues_control(0)), 3U);
  EXPECT_EQ(nic.device.reg(regs::device_hash_secret), small_options().hash_secret);
  EXPECT_EQ(nic.device.reg(regs::msix_control(0)), 0U);
  // Everything but what was removed, and what the device had no place for, as many at a time as it takes.
  std::vector<std::uint32_t> inserted;
  while (!nic.device.commands.empty()) {
    EXPECT_EQ(nic.device.commands.front().op, regs::command_op::insert);
    inserted.push_back(nic.device.commands.front().handle);
    nic.device.answer(regs::command_result::done);
    nic.driver.poll(8);
  }
  EXPECT_EQ(inserted, (std::vector<std::uint32_t>{102, 103, 104, 105, 106}));
  EXPECT_EQ(nic.device.commands_refused, 0U);
  EXPECT_EQ(nic.driver.table().entries(), 5U);

  ASSERT_TRUE(nic.device.receive(frame_of(100, 7)));
  EXPECT_EQ(nic.driver.poll(8), 1U);
  EXPECT_EQ(nic.driver.xmit(skb), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  EXPECT_EQ(nic.device.sent.size(), 1U);
}

TEST(NicReset, ADeviceThatDoesNotEndItStaysDown) {
  nic_fixture nic;
  nic.device.resets = false;
  EXPECT_EQ(nic.driver.reset(), nic_result::still_active);
  EXPECT_FALSE(nic.driver.is_open());
  EXPECT_EQ(nic.memory.allocations, 0U);
}

TEST(NicReset, HelpsAgainstAQueueThatDoesNotStop) {
  nic_fixture nic;
  nic.device.halt(true, 0);
  nic.device.stops = false;
  nic.driver.handle_event();
  EXPECT_TRUE(nic.driver.is_open());
  EXPECT_EQ(nic.driver.counters().function_resets, 1U);
  ASSERT_TRUE(nic.device.receive(frame_of(100, 7)));
  EXPECT_EQ(nic.driver.poll(8), 1U);
}

TEST(NicEvents, AQueueThatDoesNotStopStaysDown) {
  nic_fixture nic;
  nic.device.halt(true, 0);
  nic.device.stops = false;
  nic.device.resets = false;
  nic.driver.handle_event();
  EXPECT_FALSE(nic.driver.is_open());
  EXPECT_EQ(nic.memory.allocations, 0U);
  EXPECT_EQ(nic.driver.poll(8), 0U);
}

TEST(NicEvents, ADeviceThatIsGoneIsSaidSo) {
  nic_fixture nic;
  nic.device.halt(true, 0);
  nic.device.answers = false;
  nic.driver.handle_event();
  ASSERT_EQ(nic.log.size(), 1U);
  EXPECT_EQ(nic.log[0], "NIC: the device does not answer");
}

TEST(NicStatistics, ReadsEveryCounterOfTheDevice) {
  nic_fixture nic;
  nic.device.set_reg(regs::counter_rx_frames, 5);
  nic.device.set_reg(regs::counter_rx_bytes, 0x89abcdef);
  nic.device.set_reg(regs::counter_rx_bytes + 4, 0x01234567);
  nic.device.set_reg(regs::connection_entries, 17);
  std::map<std::string_view, std::uint64_t> values;
  for (const auto& [name, value] : nic.driver.device_counters()) values[name] = value;
  EXPECT_EQ(values.at("rx_frames"), 5U);
  EXPECT_EQ(values.at("rx_bytes"), 0x0123456789abcdefU);
  EXPECT_EQ(values.at("entries"), 17U);
  EXPECT_EQ(values.count("tx_drop_descriptor"), 1U);
  EXPECT_EQ(values.size(), 40U) << "34 counters, connections, overflow lines, 4 counters of the queue";
}

}  // namespace
}  // namespace fourtuple::driver::test
