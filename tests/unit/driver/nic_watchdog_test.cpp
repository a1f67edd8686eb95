// SPDX-License-Identifier: Apache-2.0
//
// Shows that the driver finds what a lost interrupt should have told of, and nothing where none was lost; that it
// resets a device that does not send; and that it holds still while the link is down and brings the device up after it.
#include <gtest/gtest.h>

#include "tests/unit/driver/fake_nic.hpp"

namespace fourtuple::driver::test {
namespace {

packet::tx_sk_buff some_frame() {
  packet::tx_sk_buff skb;
  std::ranges::fill(skb.push(60), std::byte{1});
  return skb;
}

TEST(NicWatchdog, FindsFramesWhoseInterruptWasLost) {
  nic_fixture nic;
  nic.device.loses_interrupts = true;
  ASSERT_TRUE(nic.device.receive(frame_of(100, 1)));
  EXPECT_FALSE(nic.driver.poll_pending());
  nic.driver.watchdog();
  EXPECT_FALSE(nic.driver.poll_pending()) << "its interrupt may still be on its way";
  nic.driver.watchdog();
  ASSERT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.counters().missed_interrupts, 1U);
  EXPECT_EQ(nic.log.size(), 1U);
  nic.device.loses_interrupts = false;
  EXPECT_EQ(nic.driver.poll(8), 1U);
  nic.driver.complete();

  ASSERT_TRUE(nic.device.receive(frame_of(100, 2)));
  EXPECT_TRUE(nic.driver.poll_pending()) << "it has been asked for again";
}

TEST(NicWatchdog, IsContentWhereNothingWasLost) {
  nic_fixture nic;
  for (unsigned i = 0; i < 5; ++i) {
    ASSERT_TRUE(nic.device.receive(frame_of(100, i)));
    ASSERT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::ok);
    nic.driver.flush();
    nic.driver.watchdog();
    nic.device.transmit();
    nic.driver.poll(8);
    nic.driver.complete();
    nic.driver.watchdog();
  }
  EXPECT_EQ(nic.driver.counters().missed_interrupts, 0U);
  EXPECT_EQ(nic.driver.counters().missed_events, 0U);
  EXPECT_EQ(nic.driver.counters().tx_timeouts, 0U);
  EXPECT_TRUE(nic.log.empty());
}

TEST(NicWatchdog, AsksNothingOfADeviceThatIsIdle) {
  nic_fixture nic;
  ASSERT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::ok);
  nic.driver.flush();
  nic.device.transmit();
  nic.driver.poll(8);
  nic.driver.watchdog();
  nic.device.answers = false;  // A read would give all ones.
  for (int i = 0; i < 10; ++i) nic.driver.watchdog();
  EXPECT_TRUE(nic.driver.running());
  EXPECT_EQ(nic.driver.counters().tx_timeouts, 0U) << "a frame without a completion waits for nothing";
}

TEST(NicWatchdog, FindsAnEventWhoseInterruptWasLost) {
  nic_fixture nic;
  ASSERT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::ok);
  nic.device.loses_interrupts = true;
  nic.device.halt(false, 0x1000);
  nic.device.loses_interrupts = false;
  EXPECT_FALSE(nic.driver.event_pending());
  nic.driver.watchdog();
  ASSERT_TRUE(nic.driver.event_pending());
  EXPECT_EQ(nic.driver.counters().missed_events, 1U);
  nic.driver.handle_event();
  EXPECT_EQ(nic.driver.counters().queue_restarts, 1U);
}

TEST(NicWatchdog, ResetsADeviceThatDoesNotSend) {
  nic_fixture nic;
  while (nic.driver.xmit(some_frame()) == ip::netdev_tx::ok) {
  }
  for (int i = 0; i < 3; ++i) {
    nic.driver.watchdog();
    EXPECT_EQ(nic.driver.counters().tx_timeouts, 0U);
  }
  nic.driver.watchdog();
  EXPECT_EQ(nic.driver.counters().tx_timeouts, 1U);
  EXPECT_EQ(nic.driver.counters().function_resets, 1U);
  EXPECT_EQ(nic.receiver.wakes, 1U);
  EXPECT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::ok);
}

TEST(NicLinkError, NothingIsAskedUntilTheLinkIsBack) {
  nic_fixture nic;
  nic.driver.connection_insert({{1}, {2}, 3, 4}, 5);
  nic.device.answers = false;
  nic.driver.error_detected();
  EXPECT_FALSE(nic.driver.running());
  EXPECT_TRUE(nic.driver.is_open());
  nic.device.forget();
  EXPECT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::busy);
  nic.driver.handle_event();
  nic.driver.watchdog();
  EXPECT_NE(nic.driver.reset(), nic_result::ok);
  EXPECT_TRUE(nic.driver.is_open()) << "the link is down, so the device need not be given up";

  nic.device.answers = true;
  EXPECT_EQ(nic.driver.slot_reset(), nic_result::ok);
  EXPECT_TRUE(nic.driver.running());
  EXPECT_EQ(nic.receiver.wakes, 1U);
  EXPECT_EQ(nic.driver.counters().link_errors, 1U);
  EXPECT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::ok);
  ASSERT_FALSE(nic.device.commands.empty());
  EXPECT_EQ(nic.device.commands.back().handle, 5U) << "the table is filled again";
  ASSERT_TRUE(nic.device.receive(frame_of(100, 7)));
  EXPECT_TRUE(nic.driver.poll_pending());
  EXPECT_EQ(nic.driver.poll(8), 1U);
}

TEST(NicLinkError, ADeviceThatDoesNotComeBackStaysDown) {
  nic_fixture nic;
  nic.driver.error_detected();
  nic.device.answers = false;
  EXPECT_NE(nic.driver.slot_reset(), nic_result::ok);
  EXPECT_FALSE(nic.driver.is_open());
  EXPECT_EQ(nic.memory.allocations, 0U);
  EXPECT_EQ(nic.driver.xmit(some_frame()), ip::netdev_tx::ok) << "dropped, and counted";
  EXPECT_EQ(nic.driver.counters().tx_dropped_down, 1U);
}

}  // namespace
}  // namespace fourtuple::driver::test
