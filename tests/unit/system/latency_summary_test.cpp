// SPDX-License-Identifier: Apache-2.0
// Latencies: exact percentiles, and a histogram that loses nothing but precision.
#include "model/system/latency_summary.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace fourtuple::model::system {
namespace {

TEST(latency_summary, of_nothing_is_nothing) {
  const latency_summary summary = summarise({});
  EXPECT_EQ(summary.count, 0U);
  EXPECT_EQ(summary.p99_9_ns, 0U);
  EXPECT_TRUE(summary.histogram.empty());
}

TEST(latency_summary, percentiles_are_the_nearest_rank) {
  std::vector<std::uint64_t> values(1000);
  std::iota(values.rbegin(), values.rend(), 1U);
  const latency_summary summary = summarise(values);
  EXPECT_EQ(summary.least_ns, 1U);
  EXPECT_EQ(summary.p50_ns, 500U);
  EXPECT_EQ(summary.p90_ns, 900U);
  EXPECT_EQ(summary.p99_ns, 990U);
  EXPECT_EQ(summary.p99_9_ns, 999U);
  EXPECT_EQ(summary.most_ns, 1000U);
  EXPECT_DOUBLE_EQ(summary.mean_ns, 500.5);
}

TEST(latency_summary, histogram_has_every_value_within_a_sixteenth) {
  std::vector<std::uint64_t> values;
  for (std::uint64_t value = 1; value < 1'000'000'000'000; value = value * 9 / 8 + 1) values.push_back(value);
  const latency_summary summary = summarise(values);
  std::uint64_t count = 0;
  std::size_t at = 0;
  std::uint64_t before = 0;
  for (const auto& [end, number] : summary.histogram) {
    EXPECT_GT(end, before);
    before = end;
    count += number;
    for (std::uint64_t i = 0; i < number; ++i, ++at) {
      EXPECT_GE(end, values[at]);
      EXPECT_LE(end, values[at] + values[at] / 16);
    }
  }
  EXPECT_EQ(count, values.size());
}

}  // namespace
}  // namespace fourtuple::model::system
