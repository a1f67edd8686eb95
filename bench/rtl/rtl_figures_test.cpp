// SPDX-License-Identifier: Apache-2.0
// Shows that the benches of the RTL run, and that the rates and latencies that the contracts of the blocks promise
// hold. All of it is counted in clocks, so it is the same on every machine.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/rtl/benches.hpp"
#include "bench/rtl/report.hpp"
#include "bench/rtl/table_fit.hpp"
#include "model/nic/device.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::size_t items = 2'000;
constexpr std::size_t beats = 3'000;

void expect_one_a_clock(const block_figures& block, unsigned latency_clk) {
  EXPECT_EQ(block.per_clk, 1.0);
  EXPECT_EQ(block.latency_clk, latency_clk);
}

TEST(rtl_figures, parser) { expect_one_a_clock(measure_parser(items), 4); }
TEST(rtl_figures, rx_checksum) { expect_one_a_clock(measure_rx_checksum(items), 13); }
TEST(rtl_figures, jhash) { expect_one_a_clock(measure_jhash(items), 32); }
TEST(rtl_figures, tx_checksum) { expect_one_a_clock(measure_tx_checksum(items), 16); }

TEST(rtl_figures, connection_table) {
  const connection_table_figures table = measure_connection_table(items);
  expect_one_a_clock(table.random, 7);
  expect_one_a_clock(table.same_key, 7);
  expect_one_a_clock(table.one_bucket, 7);
  expect_one_a_clock(table.concurrent_updates, 7);
}

TEST(rtl_figures, connections_fit) {
  const model::nic::device_config nic;
  const table_fit half = measure_fit(nic.buckets_log2, nic.overflow_lines_log2, 50, 1);
  EXPECT_GE(half.filled.worst, 0.999);
  EXPECT_GE(half.after_turnover.worst, 0.998);
  const table_fit three_quarters = measure_fit(nic.buckets_log2, nic.overflow_lines_log2, 75, 1);
  EXPECT_GE(three_quarters.filled.worst, 0.99);
  EXPECT_GE(three_quarters.after_turnover.worst, 0.99);
}

TEST(rtl_figures, the_models_table_fills_up_as_the_rtl_does) { EXPECT_GT(compare_fit_with_rtl(), 100'000U); }

TEST(rtl_figures, rx_path) { EXPECT_GE(measure_rx_path(60, beats), 0.6); }
TEST(rtl_figures, rx_path_of_large_frames) { EXPECT_GE(measure_rx_path(1514, beats) * 24, 0.9); }

TEST(rtl_figures, tx_path) {
  EXPECT_GE(measure_tx_path(60, beats, 0), 0.3);
  EXPECT_GE(measure_tx_path(60, beats, 34), 0.3);
}
TEST(rtl_figures, tx_path_of_large_frames) { EXPECT_GE(measure_tx_path(1514, beats, 0) * 24, 0.9); }

TEST(rtl_figures, many_queues) {
  for (const unsigned queues : queue_counts) {
    EXPECT_GE(measure_rx_queues(queues, false, beats), 0.6) << queues;
    EXPECT_GE(measure_rx_queues(queues, true, beats), 0.6) << queues;
    EXPECT_GE(measure_tx_queues(queues), 0.6) << queues;
  }
}

TEST(rtl_figures, segments_fill_the_stream) {
  for (const std::size_t size : segment_sizes) {
    const auto frame_beats = static_cast<double>((size + 63) / 64);
    EXPECT_GE(measure_tx_segments(size) * frame_beats, 0.99) << size;
  }
}

TEST(rtl_figures, both_directions_at_once) {
  // Half a beat of completion for each frame that is received, a quarter of a beat of descriptor for one that is sent.
  const both_figures both = measure_both_paths(1514, 1 / 24.5);
  EXPECT_GE(both.rx_frames_per_clk * 24.5, 0.99);
  EXPECT_GE(both.tx_frames_per_clk * 24.25, 0.97);
}

TEST(rtl_figures, json_holds_what_was_measured) {
  rtl_figures figures;
  figures.connection_table.one_bucket = {.per_clk = 0.5, .latency_clk = 7};
  figures.tx_path[1514] = 0.25;
  figures.rx_queues_steered[16] = 0.625;
  const auto json = nlohmann::json::parse(as_json(figures));
  EXPECT_EQ(json["connection_table"]["one_bucket"]["per_clk"], 0.5);
  EXPECT_EQ(json["connection_table"]["one_bucket"]["latency_clk"], 7);
  EXPECT_EQ(json["tx_path"]["frames_per_clk"]["1514"], 0.25);
  EXPECT_EQ(json["tx_path"]["bytes_per_clk"]["1514"], 378.5);
  EXPECT_EQ(json["rx_queues"]["steered"]["16"], 0.625);
}

}  // namespace
}  // namespace fourtuple::bench
