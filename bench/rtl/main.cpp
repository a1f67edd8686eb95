// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

#include "bench/rtl/benches.hpp"
#include "bench/rtl/report.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::size_t items = 100'000;
constexpr std::size_t beats = 60'000;
constexpr std::size_t frames_to_queues = 20'000;

rtl_figures measure_all() {
  rtl_figures figures;
  figures.parser = measure_parser(items);
  figures.rx_checksum = measure_rx_checksum(items);
  figures.jhash = measure_jhash(items);
  figures.connection_table = measure_connection_table(items);
  figures.tx_checksum = measure_tx_checksum(items);
  for (const std::size_t size : frame_sizes) {
    figures.rx_path[size] = measure_rx_path(size, beats);
    figures.tx_path[size] = measure_tx_path(size, beats, 0);
    figures.tx_path_unaligned[size] = measure_tx_path(size, beats, 34);
    const both_figures both = measure_both_paths(size, figures.rx_path[size]);
    figures.both_paths_rx[size] = both.rx_frames_per_clk;
    figures.both_paths_tx[size] = both.tx_frames_per_clk;
  }
  for (const std::size_t size : segment_sizes) figures.tx_segments[size] = measure_tx_segments(size);
  for (const unsigned queues : queue_counts) {
    figures.rx_queues_hash[queues] = measure_rx_queues(queues, false, frames_to_queues);
    figures.rx_queues_steered[queues] = measure_rx_queues(queues, true, frames_to_queues);
    figures.tx_queues[queues] = measure_tx_queues(queues);
  }
  return figures;
}

int run(const std::string& json_file) {
  const rtl_figures figures = measure_all();
  std::cout << as_table(figures);
  if (!json_file.empty()) {
    std::ofstream file(json_file);
    file << as_json(figures);
    if (!file.flush()) {
      std::cerr << "bench_rtl: cannot write " << json_file << '\n';
      return 1;
    }
  }
  // The benches of the whole NIC report what they find wrong to GoogleTest.
  return testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed() ? 1 : 0;
}

}  // namespace
}  // namespace fourtuple::bench

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string json_file;
  if (argc == 3 && std::string(argv[1]) == "--json") {
    json_file = argv[2];
  } else if (argc != 1) {
    std::cerr << "usage: bench_rtl [--json FILE]\n";
    return 2;
  }
  try {
    return fourtuple::bench::run(json_file);
  } catch (const std::exception& error) {
    std::cerr << "bench_rtl: " << error.what() << '\n';
    return 1;
  }
}
