// SPDX-License-Identifier: Apache-2.0
// Shows that the model's table finds exactly what was inserted, and says full exactly where docs/device.md does.
#include "model/nic/connection_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace fourtuple::model::nic {
namespace {

connection_tuple tuple_of(std::uint32_t number) {
  return {.local_address = number, .foreign_address = ~number, .local_port = 80, .foreign_port = 1};
}

/// A handle, and steering that follows from it.
connection_entry entry_of(std::uint32_t handle) {
  return {
      .handle = handle, .steer = handle % 2 != 0, .steer_queue = static_cast<std::uint8_t>(handle % 2 * (handle % 16))};
}

TEST(connection_table, a_bucket_takes_eight_and_says_full_to_the_ninth) {
  connection_table table(4, 2);
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(table.insert(5, tuple_of(i), entry_of(i)), insert_result::inserted);
  EXPECT_EQ(table.insert(5, tuple_of(8), entry_of(8)), insert_result::full);
  EXPECT_EQ(table.insert(5, tuple_of(3), entry_of(33)), insert_result::updated);
  EXPECT_EQ(table.find(5, tuple_of(3)), entry_of(33));
  EXPECT_EQ(table.find(5, tuple_of(8)), std::nullopt);
  EXPECT_EQ(table.entries(), 8U);
  EXPECT_EQ(table.overflow_lines_used(), 1U);
}

TEST(connection_table, overflow_lines_come_from_a_common_pool) {
  connection_table table(4, 1);  // Two overflow lines.
  for (std::uint32_t bucket = 0; bucket < 3; ++bucket)
    for (std::uint32_t i = 0; i < 4; ++i)
      ASSERT_EQ(table.insert(bucket, tuple_of(bucket * 8 + i), entry_of(0)), insert_result::inserted);
  EXPECT_EQ(table.insert(0, tuple_of(100), entry_of(0)), insert_result::inserted);
  EXPECT_EQ(table.insert(1, tuple_of(101), entry_of(0)), insert_result::inserted);
  EXPECT_EQ(table.insert(2, tuple_of(102), entry_of(0)), insert_result::full);
  EXPECT_TRUE(table.remove(0, tuple_of(100)));  // Its line goes back.
  EXPECT_EQ(table.overflow_lines_used(), 1U);
  EXPECT_EQ(table.insert(2, tuple_of(102), entry_of(0)), insert_result::inserted);
}

TEST(connection_table, entries_do_not_move_so_an_overflow_line_stays_while_it_has_one) {
  connection_table table(4, 0);  // One overflow line.
  for (std::uint32_t i = 0; i < 5; ++i) ASSERT_EQ(table.insert(1, tuple_of(i), entry_of(i)), insert_result::inserted);
  EXPECT_TRUE(table.remove(1, tuple_of(0)));
  EXPECT_EQ(table.overflow_lines_used(), 1U);  // The fifth entry is still there.
  EXPECT_EQ(table.find(1, tuple_of(4)), entry_of(4));
  EXPECT_EQ(table.insert(1, tuple_of(5), entry_of(5)), insert_result::inserted);  // Into the main line.
  EXPECT_TRUE(table.remove(1, tuple_of(4)));
  EXPECT_EQ(table.overflow_lines_used(), 0U);
}

TEST(connection_table, agrees_with_a_map_over_random_commands) {
  connection_table table(3, 2);
  std::map<connection_tuple, std::uint32_t> reference;
  std::mt19937 random(4711);
  unsigned full = 0;
  for (std::uint32_t step = 0; step < 50'000; ++step) {
    const auto tuple = tuple_of(static_cast<std::uint32_t>(random() % 60));
    const auto hash = connection_hash(tuple, 1);
    if (random() % 1000 == 0) {
      table.flush();
      reference.clear();
    }
    if (random() % 5 < 3) {
      const bool known = reference.contains(tuple);
      const auto result = table.insert(hash, tuple, entry_of(step));
      EXPECT_EQ(result == insert_result::updated, known);
      full += result == insert_result::full;
      if (result != insert_result::full) reference[tuple] = step;
    } else {
      EXPECT_EQ(table.remove(hash, tuple), reference.erase(tuple) == 1);
    }
    const auto probe = tuple_of(static_cast<std::uint32_t>(random() % 60));
    const auto found = reference.find(probe);
    EXPECT_EQ(table.find(connection_hash(probe, 1), probe),
              found == reference.end() ? std::nullopt : std::optional{entry_of(found->second)});
    EXPECT_EQ(table.entries(), reference.size());
  }
  EXPECT_GT(full, 0U);
}

}  // namespace
}  // namespace fourtuple::model::nic
