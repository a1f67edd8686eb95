// SPDX-License-Identifier: Apache-2.0
// Shows that connection_table answers a lookup every clock, always 7 clocks later, with no false hit and no false miss
// while commands change it; that commands give the results and counts of docs/device.md, also when a bucket or the pool
// is full; that nothing is answered before lookups see it; and that an answer which is not taken holds further commands
// back.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include TABLE_HEADER
#include "tb/blocks/table/reference_jhash.hpp"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::size_t latency_clocks = 7;
constexpr std::uint32_t buckets = 1U << TABLE_BUCKETS_LOG2;
constexpr std::size_t overflow_lines = 1U << TABLE_OVERFLOW_LINES_LOG2;
constexpr std::size_t places = 4 * (buckets + overflow_lines);
constexpr std::uint32_t secret = 0x5eed'1234;

enum class op : std::uint32_t { insert = 0, remove = 1, query = 2, flush = 3 };
enum class result : std::uint32_t { done = 0, full = 1, not_found = 2 };

struct command {
  op what = op::query;
  tuple connection;
  std::uint64_t value = 0;  ///< What the entry says: table_value_t, 37 bits.
  std::uint16_t tag = 0;
};

struct answer {
  std::uint32_t what;
  std::uint32_t tag;
  std::uint32_t result;
  std::uint64_t value;
};

/// What docs/device.md says that the table does, as sets of entries by bucket.
class reference_table {
 public:
  result execute(const command& given) {
    auto& bucket = buckets_[reference_hash(given.connection, secret) % buckets];
    const auto main = bucket.main.find(given.connection);
    const auto overflow = bucket.overflow.find(given.connection);
    const bool found = main != bucket.main.end() || overflow != bucket.overflow.end();
    switch (given.what) {
      case op::insert:
        if (main != bucket.main.end()) {
          main->second = given.value;
        } else if (overflow != bucket.overflow.end()) {
          overflow->second = given.value;
        } else if (bucket.main.size() < 4) {
          bucket.main[given.connection] = given.value;
        } else if (bucket.overflow.size() < 4 && (!bucket.overflow.empty() || lines_used() < overflow_lines)) {
          bucket.overflow[given.connection] = given.value;
        } else {
          return result::full;
        }
        return result::done;
      case op::remove:
        if (main != bucket.main.end()) bucket.main.erase(main);
        if (overflow != bucket.overflow.end()) bucket.overflow.erase(overflow);
        return found ? result::done : result::not_found;
      case op::query:
        return found ? result::done : result::not_found;
      case op::flush:
        buckets_.fill({});
        return result::done;
    }
    return result::done;
  }

  [[nodiscard]] std::optional<std::uint64_t> find(const tuple& connection) const {
    const auto& bucket = buckets_[reference_hash(connection, secret) % buckets];
    for (const auto* line : {&bucket.main, &bucket.overflow}) {
      if (const auto entry = line->find(connection); entry != line->end()) return entry->second;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t lines_used() const {
    return static_cast<std::size_t>(
        std::count_if(buckets_.begin(), buckets_.end(), [](const auto& bucket) { return !bucket.overflow.empty(); }));
  }

  [[nodiscard]] std::size_t entries() const {
    std::size_t sum = 0;
    for (const auto& bucket : buckets_) sum += bucket.main.size() + bucket.overflow.size();
    return sum;
  }

 private:
  struct lines {
    std::map<tuple, std::uint64_t> main;
    std::map<tuple, std::uint64_t> overflow;
  };
  std::array<lines, buckets> buckets_;
};

std::uint64_t any_value(std::mt19937& random) { return std::uint64_t{random()} << 5U | random() % 32; }

/// A lookup in flight. What it may answer grows while the command that overlaps it is being executed.
struct expected_lookup {
  bool valid = false;
  std::set<std::optional<std::uint64_t>> allowed;
  tuple connection;
};

class TABLE_SUITE : public testing::Test {
 protected:
  TABLE_SUITE() {
    dut_.hash_secret_i = secret;
    dut_.answer_ready_i = 1;
    reset();
  }

  void reset() {
    dut_.rst_ni = 0;
    clock();
    clock();
    dut_.rst_ni = 1;
    in_flight_.assign(latency_clocks - 1, {});
    running_.reset();
    for (std::uint32_t clocks = 0; clocks < buckets; ++clocks) {
      EXPECT_FALSE(dut_.ready_o);
      EXPECT_FALSE(dut_.quiet_o);
      clock();
    }
    EXPECT_TRUE(dut_.ready_o);
  }

  void clock() {
    dut_.clk_i = 0;
    dut_.eval();
    dut_.clk_i = 1;
    dut_.eval();
    counts_.inserted += dut_.inserted_o;
    counts_.updated += dut_.updated_o;
    counts_.deleted += dut_.deleted_o;
    counts_.full += dut_.full_o;
    counts_.not_found += dut_.not_found_o;
  }

  /// One clock with a lookup, if one is given; checks the result that leaves.
  void step(const std::optional<tuple>& connection) {
    dut_.lookup_valid_i = connection.has_value();
    expected_lookup lookup;
    if (connection) {
      dut_.lookup_tuple_i[2] = connection->local_address;
      dut_.lookup_tuple_i[1] = connection->foreign_address;
      dut_.lookup_tuple_i[0] = std::uint32_t{connection->local_port} << 16 | connection->foreign_port;
      dut_.lookup_bucket_i = reference_hash(*connection, secret) % buckets;
      lookup = {true, {reference_.find(*connection)}, *connection};
      if (running_) lookup.allowed.insert(after_.find(*connection));
      if (running_ && running_->what == op::flush) lookup.allowed.insert(std::nullopt);
    }
    in_flight_.push_back(lookup);
    clock();
    const expected_lookup& leaving = in_flight_.front();
    ASSERT_EQ(dut_.result_valid_o != 0, leaving.valid);
    if (leaving.valid) {
      const auto found = dut_.result_hit_o ? std::optional<std::uint64_t>(dut_.result_value_o) : std::nullopt;
      ASSERT_TRUE(leaving.allowed.contains(found)) << "hit " << found.has_value();
      ASSERT_TRUE(found || dut_.result_value_o == 0);
      hits_ += found.has_value() ? 1 : 0;
      ++lookups_;
    }
    in_flight_.pop_front();
  }

  void start(const command& given) {
    ASSERT_TRUE(dut_.command_ready_o);
    dut_.command_valid_i = 1;
    dut_.command_i[0] = static_cast<std::uint32_t>(given.value);
    dut_.command_i[1] = std::uint32_t{given.connection.local_port} << 16 | given.connection.foreign_port;
    dut_.command_i[2] = given.connection.foreign_address;
    dut_.command_i[3] = given.connection.local_address;
    dut_.command_i[4] =
        static_cast<std::uint32_t>(given.value >> 32) << 18 | static_cast<std::uint32_t>(given.what) << 16 | given.tag;
    running_ = given;
    after_ = reference_;
    after_result_ = after_.execute(given);
  }

  [[nodiscard]] answer current_answer() const {
    const std::uint64_t bits = dut_.answer_o;
    return {static_cast<std::uint32_t>(bits >> 50 & 3), static_cast<std::uint32_t>(bits >> 34 & 0xffff),
            static_cast<std::uint32_t>(bits >> 32 & 3), (bits & 0xffff'ffff) | bits >> 52 << 32};
  }

  /// Checks the answer that is there against the reference, which has then executed the command.
  void finish() {
    const answer got = current_answer();
    ASSERT_EQ(got.what, static_cast<std::uint32_t>(running_->what));
    ASSERT_EQ(got.tag, running_->tag);
    ASSERT_EQ(got.result, static_cast<std::uint32_t>(after_result_));
    const auto found = reference_.find(running_->connection);
    ASSERT_EQ(got.value, running_->what == op::query ? found.value_or(0) : 0);
    switch (running_->what) {
      case op::insert:
        ++(after_result_ == result::full ? expected_counts_.full
           : found                       ? expected_counts_.updated
                                         : expected_counts_.inserted);
        break;
      case op::remove:
      case op::query:
        if (after_result_ == result::not_found) ++expected_counts_.not_found;
        if (running_->what == op::remove && found) ++expected_counts_.deleted;
        break;
      case op::flush:
        break;
    }
    reference_ = after_;
    running_.reset();
    ASSERT_EQ(dut_.entries_o, reference_.entries());
    ASSERT_EQ(dut_.overflow_lines_used_o, reference_.lines_used());
    ASSERT_EQ(counts_, expected_counts_);
  }

  /// Executes one command while `next_lookup` gives a lookup for each clock.
  template <typename NextLookup>
  void run(const command& given, NextLookup next_lookup) {
    start(given);
    ASSERT_NO_FATAL_FAILURE(step(next_lookup()));
    dut_.command_valid_i = 0;
    int clocks = 0;
    while (!dut_.answer_valid_o) {
      ASSERT_LT(++clocks, 100);
      ASSERT_FALSE(dut_.command_ready_o);
      ASSERT_FALSE(dut_.quiet_o);
      ASSERT_NO_FATAL_FAILURE(step(next_lookup()));
    }
    // Lookups that started before have the result of before or after; all of them have left.
    for (const expected_lookup& lookup : in_flight_) {
      if (lookup.valid) ++seen_around_answers_;
    }
    for (expected_lookup& lookup : in_flight_) {
      if (lookup.valid) lookup.allowed = {after_.find(lookup.connection)};
    }
    ASSERT_NO_FATAL_FAILURE(finish());
    ASSERT_NO_FATAL_FAILURE(step(next_lookup()));
  }

  void run(const command& given) {
    run(given, [] { return std::optional<tuple>(); });
  }

  /// Different connections whose hash ends in `bucket`.
  static std::vector<tuple> connections_of_bucket(std::uint32_t bucket, std::size_t count) {
    std::vector<tuple> found;
    for (std::uint32_t number = 0; found.size() < count; ++number) {
      const tuple candidate{0x0100'000a, 0x0200'000a + (number << 24), 80, static_cast<std::uint16_t>(number)};
      if (reference_hash(candidate, secret) % buckets == bucket) found.push_back(candidate);
    }
    return found;
  }

  struct counts {
    std::size_t inserted = 0, updated = 0, deleted = 0, full = 0, not_found = 0;
    auto operator<=>(const counts&) const = default;
  };

  TABLE_CLASS dut_;
  coverage_recorder coverage_{dut_};
  reference_table reference_;
  reference_table after_;
  std::optional<command> running_;
  result after_result_ = result::done;
  std::deque<expected_lookup> in_flight_;
  counts counts_;
  counts expected_counts_;
  std::size_t lookups_ = 0;
  std::size_t hits_ = 0;
  std::size_t seen_around_answers_ = 0;
};

TEST_F(TABLE_SUITE, RandomCommandsUnderALookupEveryClock) {
  std::mt19937 random(7);
  // More connections than the table has places, so that everything happens: updates, full buckets, empty pool.
  std::vector<tuple> connections;
  while (connections.size() < places * 7 / 4) {
    connections.push_back({static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                           static_cast<std::uint16_t>(random()), static_cast<std::uint16_t>(random())});
  }
  const auto any = [&] { return connections[random() % connections.size()]; };
  tuple subject;
  const auto next_lookup = [&] { return std::optional(random() % 2 ? subject : any()); };
  std::size_t flushes = 0;
  for (std::uint16_t number = 0; number < 12'000; ++number) {
    const auto choice = random() % 1000;
    const bool filling = number / 1000 % 2 == 0;
    const op what = choice < 2                       ? op::flush
                    : choice < 100                   ? op::query
                    : choice < (filling ? 750 : 400) ? op::insert
                                                     : op::remove;
    flushes += what == op::flush ? 1 : 0;
    subject = any();
    ASSERT_NO_FATAL_FAILURE(run({what, subject, any_value(random), number}, next_lookup));
  }
  EXPECT_GT(counts_.inserted, 1000U);
  EXPECT_GT(counts_.updated, 500U);
  EXPECT_GT(counts_.deleted, 500U);
  EXPECT_GT(counts_.full, 100U);
  EXPECT_GT(counts_.not_found, 500U);
  EXPECT_GT(flushes, 5U);
  EXPECT_GT(hits_, lookups_ / 5);
  EXPECT_GT(lookups_ - hits_, lookups_ / 5);
  EXPECT_GT(seen_around_answers_, 10'000U);
}

// Two buckets with full main lines take one another's overflow lines while lookups for both run: the marker and the
// order of the writes are what keeps them apart.
TEST_F(TABLE_SUITE, OverflowLinesWanderBetweenBuckets) {
  constexpr std::uint32_t wandering_buckets = std::min(6U, buckets);
  std::mt19937 random(11);
  std::vector<tuple> connections;
  for (std::uint32_t bucket = 0; bucket < wandering_buckets; ++bucket) {
    const auto of_bucket = connections_of_bucket(bucket, 9);
    connections.insert(connections.end(), of_bucket.begin(), of_bucket.end());
    for (std::size_t i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(run({op::insert, of_bucket[i], bucket * 16 + 1, 0}));
  }
  const auto next_lookup = [&] { return std::optional(connections[random() % connections.size()]); };
  std::set<std::size_t> line_counts;
  for (std::uint16_t number = 0; number < 8'000; ++number) {
    const std::size_t bucket = random() % wandering_buckets;
    const tuple subject = connections[bucket * 9 + 4 + random() % 5];
    const op what = random() % 2 ? op::insert : op::remove;
    ASSERT_NO_FATAL_FAILURE(run({what, subject, any_value(random), number}, next_lookup));
    line_counts.insert(reference_.lines_used());
  }
  EXPECT_EQ(line_counts.size(), std::min<std::size_t>(overflow_lines, wandering_buckets) + 1);
  EXPECT_GT(counts_.full, 100U);
}

TEST_F(TABLE_SUITE, ABucketTakesEightConnections) {
  const auto connections = connections_of_bucket(buckets / 2, 10);
  for (std::uint32_t i = 0; i < 10; ++i) {
    ASSERT_NO_FATAL_FAILURE(run({op::insert, connections[i], 100 + i, static_cast<std::uint16_t>(i)}));
  }
  EXPECT_EQ(counts_.inserted, 8U);
  EXPECT_EQ(counts_.full, 2U);
  EXPECT_EQ(dut_.entries_o, 8U);
  EXPECT_EQ(dut_.overflow_lines_used_o, 1U);
  // A place that becomes free in the main line is used again; the overflow line stays as long as it has entries.
  ASSERT_NO_FATAL_FAILURE(run({op::remove, connections[2], 0, 20}));
  ASSERT_NO_FATAL_FAILURE(run({op::insert, connections[8], 7, 21}));
  EXPECT_EQ(dut_.entries_o, 8U);
  for (std::uint32_t i = 4; i < 8; ++i) {
    EXPECT_EQ(dut_.overflow_lines_used_o, 1U);
    ASSERT_NO_FATAL_FAILURE(run({op::remove, connections[i], 0, 30}));
  }
  EXPECT_EQ(dut_.overflow_lines_used_o, 0U);
  for (const tuple& connection : connections) ASSERT_NO_FATAL_FAILURE(step(connection));
  for (std::size_t clocks = 0; clocks < latency_clocks; ++clocks) ASSERT_NO_FATAL_FAILURE(step(std::nullopt));
  EXPECT_EQ(lookups_, 10U);
  EXPECT_EQ(hits_, 4U);
}

TEST_F(TABLE_SUITE, AnAnswerThatIsNotTakenHoldsFurtherCommandsBack) {
  const tuple connection{1, 2, 3, 4};
  ASSERT_NO_FATAL_FAILURE(run({op::insert, connection, 0xabcd, 1}));
  dut_.answer_ready_i = 0;
  start({op::query, connection, 0, 2});
  step(std::nullopt);
  // The next command is offered all the time.
  dut_.command_i[4] = static_cast<std::uint32_t>(op::flush) << 16 | 3;
  for (int clocks = 0; clocks < 300; ++clocks) {
    ASSERT_FALSE(dut_.command_ready_o);
    ASSERT_NO_FATAL_FAILURE(step(connection));
  }
  ASSERT_TRUE(dut_.answer_valid_o);
  EXPECT_EQ(current_answer().tag, 2U);
  EXPECT_EQ(current_answer().value, 0xabcdU);
  dut_.command_valid_i = 0;
  ASSERT_NO_FATAL_FAILURE(finish());
  dut_.answer_ready_i = 1;
  step(std::nullopt);
  EXPECT_FALSE(dut_.answer_valid_o);
  EXPECT_TRUE(dut_.command_ready_o);
  EXPECT_EQ(dut_.entries_o, 1U);
}

TEST_F(TABLE_SUITE, QuietWhenNothingIsInside) {
  for (int clocks = 0; clocks < 20; ++clocks) clock();
  ASSERT_TRUE(dut_.quiet_o);
  step(tuple{1, 2, 3, 4});
  for (std::size_t clocks = 1; clocks <= latency_clocks; ++clocks) {
    EXPECT_FALSE(dut_.quiet_o);
    step(std::nullopt);
  }
  EXPECT_TRUE(dut_.quiet_o);
}

TEST_F(TABLE_SUITE, ResetClearsTheTable) {
  const auto connections = connections_of_bucket(1, 6);
  for (const tuple& connection : connections) ASSERT_NO_FATAL_FAILURE(run({op::insert, connection, 9, 0}));
  reset();
  reference_ = {};
  EXPECT_EQ(dut_.entries_o, 0U);
  for (int clocks = 0; clocks < 4; ++clocks) clock();
  EXPECT_EQ(dut_.overflow_lines_used_o, 0U);
  for (const tuple& connection : connections) ASSERT_NO_FATAL_FAILURE(step(connection));
  for (std::size_t clocks = 0; clocks < latency_clocks; ++clocks) ASSERT_NO_FATAL_FAILURE(step(std::nullopt));
  EXPECT_EQ(lookups_, connections.size());
  EXPECT_EQ(hits_, 0U);
}

}  // namespace
}  // namespace fourtuple::tb
