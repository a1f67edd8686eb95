// SPDX-License-Identifier: Apache-2.0
//
// Shows that commands for the device's connection table leave in order, never too many at once, that removes are never
// lost, and that what cancels out is not sent.
#include <gtest/gtest.h>

#include "tests/unit/driver/fake_nic.hpp"

namespace fourtuple::driver::test {
namespace {

using regs::command_op;
using regs::command_result;

packet::connection_tuple tuple(std::uint16_t number) {
  return {{0xc0a80001}, {0x0a000002}, 80, static_cast<std::uint16_t>(0x1000 + number)};
}

TEST(ConnectionCommands, TupleAsTheDeviceWantsIt) {
  nic_fixture nic;
  nic.driver.connection_insert({{0xc0a80001}, {0x0a000002}, 0x1234, 0xabcd}, 0xfeed0001);
  ASSERT_EQ(nic.device.commands.size(), 1U);
  const auto& command = nic.device.commands.front();
  EXPECT_EQ(command.op, command_op::insert);
  EXPECT_EQ(command.local_address, 0x0100a8c0U);  // first byte in bits 7:0
  EXPECT_EQ(command.foreign_address, 0x0200000aU);
  EXPECT_EQ(command.ports, 0x1234cdabU);  // local a number, foreign in network order
  EXPECT_EQ(command.handle, 0xfeed0001U);
}

TEST(ConnectionCommands, NeverMoreThanTheDeviceTakes) {
  nic_fixture nic;
  constexpr std::uint16_t count = 100;
  for (std::uint16_t i = 0; i < count; ++i) nic.driver.connection_insert(tuple(i), i);
  EXPECT_EQ(nic.device.commands.size(), 4U);
  EXPECT_EQ(nic.driver.table().waiting(), count - 4U);
  for (std::uint16_t i = 0; i < count; ++i) {
    ASSERT_FALSE(nic.device.commands.empty());
    ASSERT_EQ(nic.device.commands.front().handle, i) << "in order";
    nic.device.answer();
    nic.driver.poll(1);
  }
  EXPECT_EQ(nic.device.commands_refused, 0U);
  EXPECT_EQ(nic.driver.table().outstanding(), 0U);
  EXPECT_EQ(nic.driver.table().counters().inserts_done, count);
  EXPECT_EQ(nic.driver.table().entries(), count);
}

TEST(ConnectionCommands, RemoveOfAnInsertThatWaitsCancelsBoth) {
  nic_fixture nic;
  for (std::uint16_t i = 0; i < 6; ++i) nic.driver.connection_insert(tuple(i), i);
  nic.driver.connection_delete(tuple(5));
  EXPECT_EQ(nic.driver.table().waiting(), 1U);
  for (int i = 0; i < 4; ++i) nic.device.answer();
  nic.driver.poll(1);
  nic.device.answer();
  nic.driver.poll(1);
  EXPECT_TRUE(nic.device.commands.empty());
  EXPECT_EQ(nic.driver.table().counters().issued, 5U);
  EXPECT_EQ(nic.driver.table().counters().cancelled, 1U);
  EXPECT_EQ(nic.driver.table().entries(), 5U);
}

TEST(ConnectionCommands, RemoveIsSentWhileItsInsertIsUnanswered) {
  nic_fixture nic;
  nic.driver.connection_insert(tuple(0), 7);
  nic.driver.connection_delete(tuple(0));
  ASSERT_EQ(nic.device.commands.size(), 2U);
  EXPECT_EQ(nic.device.commands.back().op, command_op::remove);
  nic.device.answer(command_result::full);
  nic.device.answer(command_result::not_found);
  nic.driver.poll(1);
  EXPECT_EQ(nic.driver.table().counters().inserts_full, 1U);
  EXPECT_EQ(nic.driver.table().counters().removes_not_found, 1U);
  EXPECT_EQ(nic.driver.table().entries(), 0U);
}

TEST(ConnectionCommands, RemoveIsNotLostWhenANewerInsertIsCancelled) {
  nic_fixture nic;
  nic.driver.connection_insert(tuple(0), 1);
  for (std::uint16_t i = 1; i < 4; ++i) nic.driver.connection_insert(tuple(i), i);
  nic.driver.connection_insert(tuple(0), 2);  // waits: a new handle for a connection that the device has
  nic.driver.connection_delete(tuple(0));     // cancels it, and removes what the device has
  nic.driver.connection_insert(tuple(0), 3);  // waits behind the remove
  nic.driver.connection_insert(tuple(0), 4);  // replaces it
  nic.driver.connection_delete(tuple(0));     // cancels that; the remove still waits
  nic.driver.connection_delete(tuple(0));
  for (int i = 0; i < 4; ++i) nic.device.answer();
  nic.driver.poll(1);
  ASSERT_EQ(nic.device.commands.size(), 1U);
  EXPECT_EQ(nic.device.commands.front().op, command_op::remove);
  nic.device.answer();
  nic.driver.poll(1);
  EXPECT_TRUE(nic.device.commands.empty());
  EXPECT_EQ(nic.driver.table().counters().removes_done, 1U);
  EXPECT_EQ(nic.driver.table().entries(), 3U);
  EXPECT_EQ(nic.driver.table().waiting(), 0U);
}

TEST(ConnectionCommands, NothingIsSentForAConnectionThatTheDeviceDoesNotHave) {
  nic_fixture nic;
  nic.driver.connection_delete(tuple(1));
  nic.driver.connection_insert(tuple(2), 2);
  nic.device.answer(command_result::full);
  nic.driver.poll(1);
  nic.driver.connection_delete(tuple(2));
  EXPECT_TRUE(nic.device.commands.empty());
  EXPECT_EQ(nic.driver.table().counters().issued, 1U);
}

TEST(ConnectionCommands, AnswerToAnOldInsertDoesNotForgetANewOne) {
  nic_fixture nic;
  nic.driver.connection_insert(tuple(0), 1);
  nic.driver.connection_delete(tuple(0));
  nic.driver.connection_insert(tuple(0), 2);
  nic.device.answer(command_result::full);
  nic.device.answer(command_result::not_found);
  nic.driver.poll(1);
  EXPECT_EQ(nic.driver.table().entries(), 1U);
  nic.driver.connection_delete(tuple(0));
  EXPECT_EQ(nic.device.commands.size(), 2U);
}

TEST(ConnectionCommands, AnswerToNothingIsCounted) {
  nic_fixture nic;
  nic.driver.connection_insert(tuple(0), 1);
  nic.device.commands.front().tag = static_cast<std::uint16_t>(nic.device.commands.front().tag + 1);
  nic.device.answer();
  nic.driver.poll(1);
  EXPECT_EQ(nic.driver.table().counters().unexpected_answers, 1U);
  EXPECT_EQ(nic.driver.table().outstanding(), 1U);
}

}  // namespace
}  // namespace fourtuple::driver::test
