// SPDX-License-Identifier: Apache-2.0
// A grid of paths: loss, reordering and duplication at round trips from 0.1 to 200 ms, behind a bottleneck. At each
// point all data arrives as it was sent, and the goodput is near what loss_grid.txt says. With FOURTUPLE_REGENERATE set
// in the environment that file is written anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

constexpr std::uint64_t bottleneck_bytes_per_s = 12'500'000;  // 100 Mbit/s
constexpr std::size_t transfer_bytes = 1'500'000;
constexpr double tolerance = 0.1;

struct path {
  std::string name;
  unsigned loss_per_mille;
  unsigned reordering_per_mille;
  unsigned duplication_per_mille;
  std::uint64_t rtt_us;
};

std::vector<path> grid() {
  struct kind {
    const char* name;
    unsigned loss;
    unsigned reordering;
    unsigned duplication;
  };
  std::vector<path> all;
  for (const kind& k :
       {kind{"clean", 0, 0, 0}, kind{"loss-1%", 10, 0, 0}, kind{"loss-3%", 30, 0, 0}, kind{"loss-10%", 100, 0, 0},
        kind{"reordering-2%", 0, 20, 0}, kind{"duplication-5%", 0, 0, 50}, kind{"all-of-it", 10, 20, 50}}) {
    for (const std::uint64_t rtt_us : {100U, 1'000U, 10'000U, 50'000U, 200'000U}) {
      all.push_back(
          {std::string{k.name} + "/" + std::to_string(rtt_us) + "us", k.loss, k.reordering, k.duplication, rtt_us});
    }
  }
  return all;
}

/// One direction's bottleneck: a queue of a fifth of a second at most, and what befalls a frame behind it.
class impaired_direction {
 public:
  impaired_direction(const path& p, std::uint64_t seed) : path_(p), random_(seed) {}

  fate decide(std::uint64_t now_ns, std::size_t frame_bytes) {
    fate f;
    const std::uint64_t takes_ns = frame_bytes * base::ns_per_s / bottleneck_bytes_per_s;
    const std::uint64_t start_ns = std::max(now_ns, free_at_ns_);
    f.drop = random_.chance(path_.loss_per_mille) || start_ns - now_ns > base::ns_per_s / 5;
    if (f.drop) return f;
    free_at_ns_ = start_ns + takes_ns;
    f.extra_delay_ns = free_at_ns_ - now_ns;
    if (random_.chance(path_.duplication_per_mille)) f.copies = 2;
    // Overtaken by what follows within half a round trip.
    if (random_.chance(path_.reordering_per_mille)) f.extra_delay_ns += path_.rtt_us * base::ns_per_us / 2;
    return f;
  }

 private:
  path path_;
  seeded_random random_;
  std::uint64_t free_at_ns_ = 0;
};

/// kbit/s of a transfer over the path; 0 if not all arrived as it was sent.
std::uint64_t goodput_kbit(const path& p) {
  network_settings settings;
  settings.delay_ns = p.rtt_us * base::ns_per_us / 2;
  settings.seed = 7;
  virtual_network network{settings};
  impaired_direction directions[2] = {{p, 11}, {p, 12}};
  network.wire().set_filter([&](int from_end, const captured_segment* segment) {
    if (segment == nullptr) return fate{};
    return directions[from_end].decide(network.clock().now_ns(), segment->payload.size() + 66);
  });
  const connected_pair pair = connect_pair(network);
  const std::uint64_t start_ns = network.clock().now_ns();
  const std::string wrong = transfer(network, pair.client, pair.server, transfer_bytes, 3'600'000);
  EXPECT_EQ(wrong, "") << p.name;
  const std::uint64_t took_us = (network.clock().now_ns() - start_ns) / base::ns_per_us;
  return wrong.empty() ? transfer_bytes * 8 * 1000 / std::max<std::uint64_t>(took_us, 1) : 0;
}

std::map<std::string, std::uint64_t> snapshot() {
  std::map<std::string, std::uint64_t> result;
  std::ifstream file{FOURTUPLE_LOSS_GRID};
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words{line};
    std::string name;
    std::uint64_t kbit = 0;
    if (words >> name >> kbit) result[name] = kbit;
  }
  return result;
}

void write_snapshot(const std::vector<std::pair<std::string, std::uint64_t>>& rows) {
  std::ofstream file{FOURTUPLE_LOSS_GRID};
  file << "# SPDX-License-Identifier: Apache-2.0\n"
       << "# Goodput in kbit/s behind 100 Mbit/s (tests/conformance/loss_grid_test.cpp).\n";
  for (const auto& [name, kbit] : rows) file << name << ' ' << kbit << '\n';
}

TEST(loss_grid, data_is_intact_and_goodput_is_what_it_was) {
  const bool regenerate = std::getenv("FOURTUPLE_REGENERATE") != nullptr;
  const auto expected = snapshot();
  std::vector<std::pair<std::string, std::uint64_t>> rows;
  for (const path& p : grid()) {
    const std::uint64_t kbit = goodput_kbit(p);
    rows.emplace_back(p.name, kbit);
    EXPECT_GT(kbit, 0U) << p.name;
    if (regenerate) continue;
    const auto found = expected.find(p.name);
    if (found == expected.end()) {
      ADD_FAILURE() << p.name << " is not in loss_grid.txt; it is now " << kbit;
      continue;
    }
    const auto was = static_cast<double>(found->second);
    EXPECT_NEAR(static_cast<double>(kbit), was, tolerance * was) << p.name;
  }
  if (regenerate) write_snapshot(rows);
}

}  // namespace
}  // namespace fourtuple::support
