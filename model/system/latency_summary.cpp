// SPDX-License-Identifier: Apache-2.0
#include "model/system/latency_summary.hpp"

#include <algorithm>
#include <bit>

namespace fourtuple::model::system {

namespace {

constexpr int buckets_per_doubling_log2 = 4;

// The largest value of the bucket that a value is in.
std::uint64_t bucket_end(std::uint64_t value) {
  const int width = static_cast<int>(std::bit_width(value)) - 1 - buckets_per_doubling_log2;
  if (width <= 0) return value;
  return value | ((std::uint64_t{1} << width) - 1);
}

std::uint64_t rank(const std::vector<std::uint64_t>& sorted, std::size_t per_mille) {
  return sorted[(sorted.size() * per_mille + 999) / 1000 - 1];
}

}  // namespace

latency_summary summarise(std::vector<std::uint64_t> latency_ns) {
  latency_summary summary;
  if (latency_ns.empty()) return summary;
  std::ranges::sort(latency_ns);
  summary.count = latency_ns.size();
  summary.least_ns = latency_ns.front();
  summary.most_ns = latency_ns.back();
  summary.p50_ns = rank(latency_ns, 500);
  summary.p90_ns = rank(latency_ns, 900);
  summary.p99_ns = rank(latency_ns, 990);
  summary.p99_9_ns = rank(latency_ns, 999);
  std::uint64_t sum = 0;
  for (const std::uint64_t value : latency_ns) {
    sum += value;
    const std::uint64_t end = bucket_end(value);
    if (summary.histogram.empty() || summary.histogram.back().first != end) summary.histogram.emplace_back(end, 0);
    ++summary.histogram.back().second;
  }
  summary.mean_ns = static_cast<double>(sum) / static_cast<double>(latency_ns.size());
  return summary;
}

}  // namespace fourtuple::model::system
