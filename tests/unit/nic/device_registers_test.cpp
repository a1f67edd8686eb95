// SPDX-License-Identifier: Apache-2.0
// Shows which accesses to BAR0 are refused, which bits keep what is written, and that 64-bit values are read in one
// piece.
#include "model/nic/device_registers.hpp"

#include <gtest/gtest.h>

namespace fourtuple::model::nic {
namespace {

class device_registers_test : public ::testing::Test {
 protected:
  std::uint64_t hardware = 0;
  device_registers registers{regs::queues_count, [this](std::uint32_t) { return hardware; }};
};

TEST_F(device_registers_test, every_register_reads_and_only_writable_words_write) {
  for (const auto& info : regs::all_registers)
    for (std::uint32_t offset = info.offset; offset < info.offset + info.width_bits / 8; offset += 4) {
      EXPECT_TRUE(registers.read(offset)) << info.name;
      EXPECT_EQ(registers.write(offset, 0), info.writable) << info.name;
    }
}

TEST_F(device_registers_test, addresses_without_register_are_refused) {
  for (const std::uint32_t offset :
       {0x50U, 0x0ffcU, 0x1054U, 0x1800U, 0x2024U, 0x3110U, 0x4110U, 0x5008U, 0x6040U, 0xfffcU, 0x2U}) {
    EXPECT_EQ(registers.read(offset), std::nullopt) << offset;
    EXPECT_FALSE(registers.write(offset, 1)) << offset;
  }
}

TEST_F(device_registers_test, queues_and_vectors_that_are_not_there_are_refused) {
  device_registers four{4, [](std::uint32_t) { return 0; }};
  for (const auto& info : regs::all_registers) {
    const bool absent = (info.offset >= regs::queues_rx_base(4) && info.offset < regs::queues_rx_base(16)) ||
                        (info.offset >= regs::msix_address(5) && info.offset < regs::msix_address(17));
    EXPECT_EQ(four.read(info.offset).has_value(), !absent) << info.name;
    EXPECT_EQ(four.write(info.offset, 0), info.writable && !absent) << info.name;
  }
}

TEST_F(device_registers_test, only_the_fields_keep_what_is_written) {
  ASSERT_TRUE(registers.write(regs::device_mac_address + 4, 0xffff'ffff));
  EXPECT_EQ(registers.read(regs::device_mac_address + 4), 0xffffU);
  ASSERT_TRUE(registers.write(regs::queues_control(0), 0xffff'ffff));
  EXPECT_EQ(registers.read(regs::queues_control(0)), 3U);
  EXPECT_EQ(registers.read(regs::device_max_frame), 1518U);
  EXPECT_EQ(registers.read(regs::device_id), 0x5055'5434U);  // "4TUP"
}

TEST_F(device_registers_test, halves_are_written_one_by_one) {
  registers.write(regs::queues_rx_base(0) + 4, 0x11);
  registers.write(regs::queues_rx_base(0), 0x22);
  EXPECT_EQ(registers.stored(regs::queues_rx_base(0)), 0x11'0000'0022U);
}

TEST_F(device_registers_test, reading_the_low_word_holds_the_high_word_for_the_next_read) {
  hardware = 0x1'ffff'ffff;
  EXPECT_EQ(registers.read(regs::counter_rx_bytes), 0xffff'ffffU);
  hardware = 0x2'0000'0000;
  EXPECT_EQ(registers.read(regs::counter_rx_bytes + 4), 1U);
  EXPECT_EQ(registers.read(regs::counter_rx_bytes + 4), 2U);  // Held only once.
  (void)registers.read(regs::counter_rx_bytes);
  hardware = 0x3'0000'0000;
  (void)registers.read(regs::device_scratch);
  EXPECT_EQ(registers.read(regs::counter_rx_bytes + 4), 3U);  // Another read in between gives it up.
}

}  // namespace
}  // namespace fourtuple::model::nic
