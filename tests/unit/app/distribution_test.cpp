// SPDX-License-Identifier: Apache-2.0
// Distributions: what texts are taken, that samples have the moments that they should, and that they are the same
// numbers on every machine.
#include "host/app/workloads/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/base/seeded_random.hpp"

namespace fourtuple::app {
namespace {

std::vector<std::uint64_t> samples(std::string_view text, std::size_t count = 20'000) {
  base::seeded_random random(7);
  const distribution drawn = parse_distribution(text).value();
  std::vector<std::uint64_t> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(drawn.sample(random));
  return result;
}

double mean_of(const std::vector<std::uint64_t>& values) {
  double sum = 0;
  for (const std::uint64_t value : values) sum += static_cast<double>(value);
  return sum / static_cast<double>(values.size());
}

std::uint64_t median_of(std::vector<std::uint64_t> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

TEST(distribution, takes_what_it_says_and_nothing_else) {
  for (const char* good : {"0", "64", "fixed:64", "uniform:1:6", "exponential:1000", "exponential:0.5",
                           "lognormal:800:1.2", "pareto:100:1.5"})
    EXPECT_TRUE(parse_distribution(good)) << good;
  for (const char* bad : {"",
                          ":",
                          "-1",
                          "1e",
                          "1.5",
                          "x",
                          "fixed",
                          "fixed:",
                          "fixed:1:2",
                          "uniform:6:1",
                          "uniform:1",
                          "uniform:0.5:2",
                          "exponential:0",
                          "exponential:-1",
                          "exponential:nan",
                          "exponential:inf",
                          "lognormal:1:11",
                          "pareto:0:1",
                          "pareto:1:0",
                          "pareto:1:2:3",
                          "gauss:1:2",
                          "1e300",
                          " 1",
                          "1 "})
    EXPECT_FALSE(parse_distribution(bad)) << bad;
}

TEST(distribution, fixed_and_uniform_are_exact) {
  EXPECT_EQ(samples("64", 3), (std::vector<std::uint64_t>{64, 64, 64}));
  const std::vector<std::uint64_t> dice = samples("uniform:1:6");
  EXPECT_EQ(std::ranges::min(dice), 1U);
  EXPECT_EQ(std::ranges::max(dice), 6U);
  EXPECT_NEAR(mean_of(dice), 3.5, 0.05);
}

TEST(distribution, exponential_has_its_mean_and_median) {
  const std::vector<std::uint64_t> gaps = samples("exponential:10000");
  EXPECT_NEAR(mean_of(gaps), 10'000, 250);
  EXPECT_NEAR(static_cast<double>(median_of(gaps)), 10'000 * std::log(2.0), 250);
}

TEST(distribution, lognormal_has_its_median_and_mean) {
  const std::vector<std::uint64_t> sizes = samples("lognormal:1000:1");
  EXPECT_NEAR(static_cast<double>(median_of(sizes)), 1'000, 30);
  EXPECT_NEAR(mean_of(sizes), 1'000 * std::exp(0.5), 70);
  EXPECT_NEAR(parse_distribution("lognormal:1000:1")->mean(), 1'000 * std::exp(0.5), 1e-9);
}

TEST(distribution, pareto_has_its_least_and_median) {
  const std::vector<std::uint64_t> sizes = samples("pareto:1000:1.5");
  EXPECT_GE(std::ranges::min(sizes), 1'000U);
  EXPECT_NEAR(static_cast<double>(median_of(sizes)), 1'000 * std::pow(2.0, 1 / 1.5), 40);
  EXPECT_LE(std::ranges::max(samples("pareto:1000:0.1")), distribution::most) << "however long the tail is";
}

// Computed once and written down: whoever gets others has another digest for the same scenario.
TEST(distribution, gives_the_same_numbers_everywhere) {
  EXPECT_EQ(samples("exponential:1000000", 3), samples("exponential:1000000", 3));
  const std::vector<std::uint64_t> many = samples("lognormal:1000000:2", 1'000);
  std::uint64_t sum = 0;
  for (const std::uint64_t value : many) sum = sum * 31 + value;
  EXPECT_EQ(sum, 7232011893708714315U);
}

}  // namespace
}  // namespace fourtuple::app
