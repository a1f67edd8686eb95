// SPDX-License-Identifier: Apache-2.0
// Shows that JHASH_CLASS computes lookup3 (values that its author publishes, and a reference written from its
// definition), one tuple in JHASH_CLOCKS_PER_TUPLE clocks, always JHASH_LATENCY_CLOCKS later, with the secret that came
// with the tuple, and is quiet exactly when it is empty.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <deque>
#include <optional>
#include <random>
#include <string_view>

#include JHASH_HEADER
#include "tb/blocks/table/reference_jhash.hpp"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::size_t latency_clocks = JHASH_LATENCY_CLOCKS;
constexpr int clocks_per_tuple = JHASH_CLOCKS_PER_TUPLE;

class JHASH_SUITE : public testing::Test {
 protected:
  JHASH_SUITE() {
    dut_.rst_ni = 0;
    clock();
    clock();
    dut_.rst_ni = 1;
  }

  void drive(const std::optional<tuple>& connection, std::uint32_t secret) {
    dut_.tuple_valid_i = connection.has_value();
    dut_.secret_i = secret;
    const tuple given = connection.value_or(tuple{0xffffffffU, 0x12345678U, 1, 2});
    dut_.tuple_i[2] = given.local_address;
    dut_.tuple_i[1] = given.foreign_address;
    dut_.tuple_i[0] = std::uint32_t{given.local_port} << 16 | given.foreign_port;
  }

  void clock() {
    dut_.clk_i = 0;
    dut_.eval();
    dut_.clk_i = 1;
    dut_.eval();
  }

  std::uint32_t hash_of(const tuple& connection, std::uint32_t secret) {
    drive(connection, secret);
    clock();
    drive(std::nullopt, 0);
    for (std::size_t waited = 1; waited < latency_clocks; ++waited) {
      EXPECT_FALSE(dut_.hash_valid_o);
      clock();
    }
    EXPECT_TRUE(dut_.hash_valid_o);
    const std::uint32_t hash = dut_.hash_o;
    clock();
    return hash;
  }

  JHASH_CLASS dut_;
  coverage_recorder coverage_{dut_};
};

// The state of lookup3's hashlittle when only the last step is left, for a text of 25 to 36 bytes: the words that a
// three-word hash without secret must be given to end with the same hash.
tuple last_step_of(std::string_view text, std::uint32_t initial) {
  const auto word = [&](std::size_t position) {
    std::uint32_t value = 0;
    for (std::size_t byte = 0; byte < 4 && position + byte < text.size(); ++byte) {
      value |= std::uint32_t{static_cast<unsigned char>(text[position + byte])} << (8 * byte);
    }
    return value;
  };
  const std::uint32_t start = 0xdeadbeefU + static_cast<std::uint32_t>(text.size()) + initial;
  std::array<std::uint32_t, 3> state{start, start, start};
  for (std::size_t block = 0; block < 3; ++block) {
    for (std::size_t i = 0; i < 3; ++i) state[i] += word(12 * block + 4 * i);
    if (block == 2) break;
    std::size_t changed = 0;
    for (const int rotation : {4, 6, 8, 16, 19, 4}) {
      const std::size_t before = (changed + 2) % 3;
      const std::size_t after = (changed + 1) % 3;
      state[changed] = (state[changed] - state[before]) ^ std::rotl(state[before], rotation);
      state[before] += state[after];
      changed = after;
    }
  }
  const std::uint32_t added = 0xdeadbeefU + 12;
  const std::uint32_t third = state[2] - added;
  return {state[0] - added, state[1] - added, static_cast<std::uint16_t>(third >> 16),
          static_cast<std::uint16_t>(third)};
}

// The self-test of Jenkins' lookup3.c (May 2006) publishes these two.
TEST_F(JHASH_SUITE, PublishedValues) {
  constexpr std::string_view text = "Four score and seven years ago";
  EXPECT_EQ(hash_of(last_step_of(text, 0), 0), 0x17770551U);
  EXPECT_EQ(hash_of(last_step_of(text, 1), 0), 0xcd628161U);
  EXPECT_EQ(reference_hash(last_step_of(text, 0), 0), 0x17770551U);
}

TEST_F(JHASH_SUITE, TuplesAtItsRateAndWithGaps) {
  constexpr int tuples_at_its_rate = 10'000 / clocks_per_tuple;
  std::mt19937 random(1);
  std::deque<std::optional<std::uint32_t>> expected(latency_clocks - 1);
  int results = 0;
  int busy_clocks = 0;  // until the next tuple may come
  for (int clocks = 0; clocks < 20'000; ++clocks) {
    const auto secret = static_cast<std::uint32_t>(random());
    std::optional<tuple> connection;
    if (busy_clocks > 0) {
      --busy_clocks;
    } else if (clocks < tuples_at_its_rate * clocks_per_tuple || random() % 3 == 0) {
      connection = tuple{static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                         static_cast<std::uint16_t>(random()), static_cast<std::uint16_t>(random())};
      busy_clocks = clocks_per_tuple - 1;
    }
    drive(connection, secret);
    clock();
    expected.push_back(connection ? std::optional(reference_hash(*connection, secret)) : std::nullopt);
    ASSERT_EQ(dut_.hash_valid_o != 0, expected.front().has_value());
    if (expected.front()) {
      ASSERT_EQ(dut_.hash_o, *expected.front());
      ++results;
    }
    bool empty = true;
    for (const auto& hash : expected) empty = empty && !hash;
    ASSERT_EQ(dut_.quiet_o != 0, empty);
    expected.pop_front();
  }
  EXPECT_GT(results, tuples_at_its_rate + tuples_at_its_rate / 5);
}

TEST_F(JHASH_SUITE, CarriesRunThroughBothHalves) {
  for (const std::uint32_t secret :
       {0U, 1U, 0xffffffffU, 0x0000ffffU, 0xffff0000U, 0U - (0xdeadbeefU + 12U), 0x21524105U}) {
    for (const std::uint32_t address : {0U, 1U, 0xffffffffU, 0x0000ffffU, 0x00010000U, 0x80008000U}) {
      for (const std::uint16_t port :
           {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{0xffff}, std::uint16_t{0x8000}}) {
        const tuple connection{address, ~address, port, static_cast<std::uint16_t>(port + 1)};
        ASSERT_EQ(hash_of(connection, secret), reference_hash(connection, secret));
      }
    }
  }
}

TEST_F(JHASH_SUITE, ResetDropsWhatIsInside) {
  drive(tuple{1, 2, 3, 4}, 5);
  clock();
  drive(std::nullopt, 0);
  dut_.rst_ni = 0;
  clock();
  dut_.rst_ni = 1;
  EXPECT_TRUE(dut_.quiet_o);
  for (std::size_t waited = 0; waited < 2 * latency_clocks; ++waited) {
    clock();
    ASSERT_FALSE(dut_.hash_valid_o);
  }
}

}  // namespace
}  // namespace fourtuple::tb
