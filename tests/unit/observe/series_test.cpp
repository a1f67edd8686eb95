// SPDX-License-Identifier: Apache-2.0
// What plots are drawn from: bins that never become more and lose nothing when they are joined, histograms, and
// connections whose points are thinned out.
#include "model/observe/series.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace fourtuple::model::observe {
namespace {

using kind = time_bins::kind;

TEST(time_bins, joins_neighbours_when_time_runs_out_of_bins) {
  time_bins bins;
  const std::size_t sum = bins.add_channel(kind::sum);
  const std::size_t most = bins.add_channel(kind::maximum);
  const std::size_t level = bins.add_channel(kind::level);
  const std::uint64_t width_ps = bins.width_ps();
  const std::uint64_t steps = 100 * time_bins::most_bins + 17;
  for (std::uint64_t i = 0; i < steps; ++i) {
    bins.add(sum, i * width_ps, 1);
    bins.add(most, i * width_ps, i == 4711 ? 9 : 3);
    if (i == 1000 || i == 50'000) bins.add(level, i * width_ps, static_cast<double>(i));
  }
  EXPECT_LE(bins.bins(), time_bins::most_bins);
  EXPECT_GT(bins.bins(), time_bins::most_bins / 2);
  EXPECT_EQ(bins.width_ps(), width_ps * 128);
  const auto sums = bins.values(sum);
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), 0.0), static_cast<double>(steps));
  EXPECT_EQ(sums[1], 128);
  const auto maxima = bins.values(most);
  EXPECT_EQ(maxima[4711 / 128], 9);
  EXPECT_EQ(maxima[4711 / 128 + 1], 3);
  const auto levels = bins.values(level);
  EXPECT_EQ(levels[1000 / 128 - 1], 0);
  EXPECT_EQ(levels[1000 / 128], 1000);
  EXPECT_EQ(levels[50'000 / 128 - 1], 1000) << "a level holds";
  EXPECT_EQ(levels.back(), 50'000);
}

TEST(time_bins, a_jump_far_ahead_is_cheap_and_exact) {
  time_bins bins;
  const std::size_t sum = bins.add_channel(kind::sum);
  bins.add(sum, 0, 2);
  bins.add(sum, std::uint64_t{3'600} * 1'000'000'000'000, 5);
  const auto sums = bins.values(sum);
  EXPECT_LE(sums.size(), time_bins::most_bins);
  EXPECT_EQ(sums.front(), 2);
  EXPECT_EQ(sums.back(), 5);
}

TEST(log_histogram, ten_bins_a_decade) {
  log_histogram histogram;
  for (const std::uint64_t value : {0ULL, 1ULL, 1000ULL, 1001ULL, 1258ULL, 1259ULL, 10'000ULL}) histogram.add(value);
  const auto bins = histogram.bins();
  ASSERT_EQ(bins.size(), 41U);
  EXPECT_EQ(bins.front().count, 2U) << "0 counts as 1";
  EXPECT_NEAR(bins[30].from, 1000, 1e-6);
  EXPECT_EQ(bins[30].count, 3U);
  EXPECT_EQ(bins[31].count, 1U);
  EXPECT_EQ(bins.back().count, 1U);
}

happening of_connection(const host_event& event, std::uint64_t time_ps) {
  happening what;
  what.time_ps = time_ps;
  what.host = "client";
  what.part = layer::host;
  what.name = name_of(event.what);
  what.tuple = event.tuple;
  what.of_host = &event;
  return what;
}

TEST(series, thins_out_a_connection_and_keeps_its_last_point) {
  series all;
  host_event ack{.what = tcp::tracepoint::tcp_probe,
                 .tuple = {.local = {1}, .foreign = {2}, .local_port = 1, .foreign_port = 2}};
  constexpr std::uint32_t acks = 100'000;
  for (std::uint32_t i = 0; i < acks; ++i) {
    ack.congestion = congestion_sample{.cwnd = i};
    all.on_happening(of_connection(ack, i * 1'000'000ULL));
  }
  const auto result = all.take();
  ASSERT_EQ(result.connections.size(), 1U);
  const auto& points = result.connections[0].points;
  EXPECT_LE(points.size(), series::most_points);
  EXPECT_GE(points.size(), series::most_points / 4);
  EXPECT_EQ(points.back().sample.cwnd, acks - 1);
  EXPECT_TRUE(std::ranges::is_sorted(points, {}, &series::point::time_ps));
}

TEST(series, follows_no_more_connections_than_it_says) {
  series all;
  for (std::uint16_t port = 1; port <= 2 * series::most_connections; ++port) {
    const host_event ack{.what = tcp::tracepoint::tcp_probe,
                         .tuple = {.local = {1}, .foreign = {2}, .local_port = port, .foreign_port = 2},
                         .congestion = congestion_sample{.total_retrans = port}};
    all.on_happening(of_connection(ack, port));
  }
  const auto result = all.take();
  EXPECT_EQ(result.connections.size(), series::most_connections);
  EXPECT_EQ(result.connections.front().retransmits, series::most_connections) << "the busiest first";
}

TEST(series, leaves_out_what_comes_after_the_work) {
  series all;
  all.stop_at(1'000'000);
  all.on_table_entries(500'000, "client", 3);
  all.on_table_entries(2'000'000'000, "client", 0);
  const auto result = all.take();
  EXPECT_EQ(result.bins, 6U);
  EXPECT_EQ(result.hosts.at(0).table_entries.back(), 3);
}

}  // namespace
}  // namespace fourtuple::model::observe
