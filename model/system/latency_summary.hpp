// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace fourtuple::model::system {

/// What a number of latencies say, in nanoseconds. Percentiles are exact: the smallest value that at least so many of
/// them do not exceed (nearest rank).
struct latency_summary {
  std::uint64_t count = 0;
  std::uint64_t least_ns = 0;
  double mean_ns = 0;
  std::uint64_t p50_ns = 0;
  std::uint64_t p90_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t p99_9_ns = 0;
  std::uint64_t most_ns = 0;
  /// How many there are in each of the buckets that have any: the bucket's largest value and the count. Buckets are as
  /// in HdrHistogram: exact below 32, then 16 for each doubling, so that a value is known to within a sixteenth.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> histogram;
};

/// All 0 and empty if there are none.
[[nodiscard]] latency_summary summarise(std::vector<std::uint64_t> latency_ns);

}  // namespace fourtuple::model::system
