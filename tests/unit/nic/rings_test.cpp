// SPDX-License-Identifier: Apache-2.0
// Shows where frames and completions go in their rings, and when there is no space (docs/device.md).
#include "model/nic/rings.hpp"

#include <gtest/gtest.h>

namespace fourtuple::model::nic {
namespace {

TEST(receive_ring, frames_follow_each_other_in_whole_lines) {
  receive_ring ring;
  ring.configure(0x10000, 15, 0);
  EXPECT_EQ(ring.place(60), 0U);
  EXPECT_EQ(ring.place(65), 64U);
  EXPECT_EQ(ring.place(64), 192U);
  EXPECT_EQ(ring.tail(), 256U);
  EXPECT_EQ(ring.address_of(32768 + 64), 0x10040U);
}

TEST(receive_ring, a_frame_is_in_one_piece_and_a_dropped_one_moves_nothing) {
  receive_ring ring;
  ring.configure(0, 15, 0);
  EXPECT_EQ(ring.place(16000), 0U);
  EXPECT_EQ(ring.place(16000), 16000U);  // 768 bytes are left at the end.
  EXPECT_EQ(ring.place(832), std::nullopt);
  EXPECT_EQ(ring.tail(), 32000U);
  ring.configure(0, 15, 64);
  EXPECT_EQ(ring.place(832), std::nullopt);  // 768 skipped + 832 > 832 free.
  ring.configure(0, 15, 832);
  EXPECT_EQ(ring.place(832), 32768U);
  EXPECT_EQ(ring.place(64), std::nullopt);
}

TEST(receive_ring, exactly_full_and_exactly_to_the_end) {
  receive_ring ring;
  ring.configure(0, 15, 0);
  for (std::uint32_t i = 0; i < 512; ++i) ASSERT_EQ(ring.place(64), i * 64);
  EXPECT_EQ(ring.place(1), std::nullopt);
  ring.configure(0, 15, 64);
  EXPECT_EQ(ring.place(64), 32768U);
}

TEST(receive_ring, counts_wrap_at_two_to_the_32) {
  receive_ring ring;
  ring.configure(0, 15, 0);
  std::uint32_t expected = 0;
  for (std::uint64_t i = 0; i < (std::uint64_t{1} << 32) / 8192 + 10; ++i) {
    ring.configure(0, 15, expected);
    ASSERT_EQ(ring.place(8192), expected);
    expected += 8192;
  }
}

TEST(completion_ring, phase_changes_each_round_and_unread_entries_stop_it) {
  completion_ring ring;
  ring.configure(0x2000, 4, 0);
  for (std::uint32_t i = 0; i < 16; ++i) {
    ASSERT_TRUE(ring.has_space());
    const auto slot = ring.take();
    EXPECT_EQ(slot.address, 0x2000 + 32 * i);
    EXPECT_TRUE(slot.phase);
  }
  EXPECT_FALSE(ring.has_space());
  ring.configure(0x2000, 4, 1);
  ASSERT_TRUE(ring.has_space());
  const auto slot = ring.take();
  EXPECT_EQ(slot.address, 0x2000U);
  EXPECT_FALSE(slot.phase);
}

TEST(completion_ring, the_largest_ring_is_full_with_all_its_entries) {
  completion_ring ring;
  ring.configure(0, 15, 0);
  for (std::uint32_t i = 0; i < 32768; ++i) {
    ASSERT_TRUE(ring.has_space());
    (void)ring.take();
  }
  EXPECT_FALSE(ring.has_space());
}

}  // namespace
}  // namespace fourtuple::model::nic
