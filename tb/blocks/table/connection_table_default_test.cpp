// SPDX-License-Identifier: Apache-2.0
// Shows that connection_table with as many connections as the NIC has by default answers every lookup right, seven
// clocks later, while it is three quarters full and commands come as fast as it takes them: with lookups in every clock
// or in random ones, and answers that are taken at random; and that commands give what the functional model's table
// gives, overflow lines that go from bucket to bucket included.
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "Vdefault_connection_table.h"
#include "model/nic/connection_table.hpp"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

using model::nic::connection_entry;
using model::nic::connection_tuple;
using model::nic::insert_result;

constexpr std::size_t latency_clocks = 7;
constexpr std::uint32_t buckets = 1U << DEFAULT_BUCKETS_LOG2;
constexpr std::uint32_t secret = 0x5eed'1234;
constexpr std::uint32_t crowded_buckets = 64;
constexpr std::size_t connections_of_crowded_bucket = 10;

enum class op : std::uint32_t { insert = 0, remove = 1 };
enum class result : std::uint32_t { done = 0, full = 1, not_found = 2 };

std::uint32_t hash_of(const connection_tuple& connection) { return model::nic::connection_hash(connection, secret); }

class default_connection_table : public testing::Test {
 protected:
  default_connection_table() {
    dut_.hash_secret_i = secret;
    dut_.answer_ready_i = 1;
    dut_.rst_ni = 0;
    clock();
    clock();
    dut_.rst_ni = 1;
    for (std::uint32_t i = 0; i < buckets; ++i) clock();
    EXPECT_TRUE(dut_.ready_o);
  }

  void clock() {
    dut_.clk_i = 0;
    dut_.eval();
    dut_.clk_i = 1;
    dut_.eval();
  }

  connection_tuple random_tuple() {
    return {static_cast<std::uint32_t>(random_()), static_cast<std::uint32_t>(random_()),
            static_cast<std::uint16_t>(random_()), static_cast<std::uint16_t>(random_())};
  }

  /// Connections of the first few buckets, more than fit there.
  std::vector<connection_tuple> crowd() {
    std::vector<std::size_t> counts(crowded_buckets);
    std::vector<connection_tuple> found;
    while (found.size() < crowded_buckets * connections_of_crowded_bucket) {
      const connection_tuple candidate = random_tuple();
      const std::uint32_t bucket = hash_of(candidate) % buckets;
      if (bucket >= crowded_buckets || counts[bucket] == connections_of_crowded_bucket) continue;
      ++counts[bucket];
      found.push_back(candidate);
    }
    return found;
  }

  struct expected_lookup {
    bool valid = false;
    std::optional<connection_entry> before;
    std::optional<connection_entry> after;  ///< The same, unless the command that is being executed changes it.
  };

  [[nodiscard]] std::optional<connection_entry> find(const connection_tuple& connection) {
    return model_.find(hash_of(connection), connection);
  }

  /// One clock, with a lookup if one is given.
  void step(const std::optional<connection_tuple>& connection) {
    dut_.lookup_valid_i = connection.has_value();
    expected_lookup lookup;
    if (connection) {
      dut_.lookup_tuple_i[2] = connection->local_address;
      dut_.lookup_tuple_i[1] = connection->foreign_address;
      dut_.lookup_tuple_i[0] = std::uint32_t{connection->local_port} << 16U | connection->foreign_port;
      dut_.lookup_bucket_i = hash_of(*connection) % buckets;
      const auto known = find(*connection);
      const bool changes = subject_ && *subject_ == *connection;
      // The model has executed the command already.
      lookup = {true, changes ? before_ : known, known};
    }
    in_flight_.push_back(lookup);
    clock();
    const expected_lookup leaving = in_flight_.front();
    in_flight_.pop_front();
    ASSERT_EQ(dut_.result_valid_o != 0, leaving.valid);
    if (!leaving.valid) return;
    std::optional<connection_entry> found;
    if (dut_.result_hit_o) {
      const std::uint64_t value = dut_.result_value_o;
      found = connection_entry{static_cast<std::uint32_t>(value), (value >> 32U & 1U) != 0,
                               static_cast<std::uint8_t>(value >> 33U)};
    }
    ASSERT_TRUE(found == leaving.before || found == leaving.after) << "hit " << found.has_value();
    ++lookups_;
    hits_ += found ? 1 : 0;
  }

  /// Offers a command, and has the model execute it.
  void start(op what, const connection_tuple& connection) {
    const connection_entry says{static_cast<std::uint32_t>(random_()), true, static_cast<std::uint8_t>(random_() % 16)};
    dut_.command_valid_i = 1;
    dut_.command_i[0] = says.handle;
    dut_.command_i[1] = std::uint32_t{connection.local_port} << 16U | connection.foreign_port;
    dut_.command_i[2] = connection.foreign_address;
    dut_.command_i[3] = connection.local_address;
    dut_.command_i[4] = std::uint32_t{says.steer_queue} << 19U | 1U << 18U | static_cast<std::uint32_t>(what) << 16U;
    before_ = find(connection);
    subject_ = connection;
    const std::uint32_t hash = hash_of(connection);
    if (what == op::insert) {
      wanted_ = model_.insert(hash, connection, says) == insert_result::full ? result::full : result::done;
    } else {
      wanted_ = model_.remove(hash, connection) ? result::done : result::not_found;
    }
    ++results_[static_cast<std::size_t>(wanted_)];
  }

  /// Executes a command. `next_lookup` gives the lookup of each clock; its answer is taken in one of
  /// `take_one_of` clocks.
  template <typename NextLookup>
  void run(op what, const connection_tuple& connection, NextLookup next_lookup, unsigned take_one_of) {
    ASSERT_TRUE(dut_.command_ready_o);
    start(what, connection);
    dut_.answer_ready_i = 0;
    ASSERT_NO_FATAL_FAILURE(step(next_lookup()));
    dut_.command_valid_i = 0;
    for (int clocks = 0; !dut_.answer_valid_o; ++clocks) {
      ASSERT_LT(clocks, 100);
      ASSERT_NO_FATAL_FAILURE(step(next_lookup()));
    }
    ASSERT_EQ(dut_.answer_o >> 32U & 3U, static_cast<std::uint32_t>(wanted_));
    ASSERT_EQ(dut_.entries_o, model_.entries());
    ASSERT_EQ(dut_.overflow_lines_used_o, model_.overflow_lines_used());
    subject_.reset();  // Lookups from here on see it.
    do {
      dut_.answer_ready_i = random_() % take_one_of == 0;
      ASSERT_NO_FATAL_FAILURE(step(next_lookup()));
    } while (!dut_.answer_ready_i);
  }

  std::mt19937 random_{17};
  Vdefault_connection_table dut_;
  coverage_recorder coverage_{dut_};
  model::nic::connection_table model_{DEFAULT_BUCKETS_LOG2, DEFAULT_OVERFLOW_LINES_LOG2};
  std::deque<expected_lookup> in_flight_ = std::deque<expected_lookup>(latency_clocks - 1);
  std::optional<connection_tuple> subject_;  ///< Of the command in progress.
  std::optional<connection_entry> before_;   ///< What the table said of it.
  result wanted_ = result::done;
  std::array<std::size_t, 3> results_{};
  std::size_t lookups_ = 0;
  std::size_t hits_ = 0;
};

TEST_F(default_connection_table, lookups_are_right_while_commands_come_at_full_speed) {
  constexpr int commands = 6'000;
  std::vector<connection_tuple> known;
  for (std::uint32_t i = 0; i < 3 * buckets; ++i) {
    known.push_back(random_tuple());
    ASSERT_NO_FATAL_FAILURE(run(
        op::insert, known.back(), [] { return std::optional<connection_tuple>{}; }, 1));
  }
  const std::vector<connection_tuple> crowded = crowd();
  const std::size_t filled_lines = model_.overflow_lines_used();
  std::size_t line_changes = 0;
  for (int number = 0; number < commands; ++number) {
    const bool gaps = number / 1000 % 2 == 1;
    const unsigned take_one_of = gaps ? 3 : 1;
    // Every third command is for the crowded buckets, where lines come and go.
    const bool of_crowd = number % 3 == 0;
    const op what = random_() % 2 == 0 ? op::insert : op::remove;
    connection_tuple subject = of_crowd ? crowded[random_() % crowded.size()] : known[random_() % known.size()];
    if (!of_crowd && what == op::insert && random_() % 2 == 0) {
      subject = random_tuple();
      known.push_back(subject);
    }
    const auto next_lookup = [&]() -> std::optional<connection_tuple> {
      if (gaps && random_() % 3 == 0) return std::nullopt;
      switch (random_() % 4) {
        case 0:
          return subject;
        case 1:
          return crowded[random_() % crowded.size()];
        case 2:
          return random_tuple();
        default:
          return known[random_() % known.size()];
      }
    };
    const std::uint32_t lines = model_.overflow_lines_used();
    ASSERT_NO_FATAL_FAILURE(run(what, subject, next_lookup, take_one_of));
    line_changes += model_.overflow_lines_used() != lines ? 1 : 0;
  }
  EXPECT_GT(filled_lines, buckets / 8);
  EXPECT_GT(line_changes, 100U);
  EXPECT_GT(results_[static_cast<std::size_t>(result::full)], 20U);
  EXPECT_GT(results_[static_cast<std::size_t>(result::not_found)], 500U);
  EXPECT_GT(lookups_, 200'000U);
  EXPECT_GT(hits_, lookups_ / 3);
  EXPECT_GT(lookups_ - hits_, lookups_ / 4);
}

}  // namespace
}  // namespace fourtuple::tb
