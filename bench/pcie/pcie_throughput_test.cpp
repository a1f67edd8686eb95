// SPDX-License-Identifier: Apache-2.0
// The modelled PCIe link gives what the formulae predict, within 2 per cent, from 64 to 4096 bytes: for the default
// slot, for one whose few tags bound it, and for a slow one with small payloads.
#include "bench/pcie/pcie_throughput.hpp"

#include <gtest/gtest.h>
#include <systemc>

namespace fourtuple::bench {
namespace {

void expect_as_predicted(const pcie_setup& setup) {
  constexpr double tolerance = 0.02;
  const auto rows = measure_pcie_throughput(setup);
  ASSERT_EQ(rows.size(), 7U);
  for (const pcie_throughput& row : rows) {
    EXPECT_NEAR(row.write_measured / row.write_predicted, 1.0, tolerance) << row.access_bytes;
    EXPECT_NEAR(row.read_measured / row.read_predicted, 1.0, tolerance) << row.access_bytes;
  }
}

TEST(pcie_throughput, default_slot) { expect_as_predicted({}); }

TEST(pcie_throughput, few_tags) { expect_as_predicted({.device = {.tags = 8}}); }

TEST(pcie_throughput, gen2_x4_with_small_payloads) {
  expect_as_predicted({.link = {.generation = 2, .lanes = 4},
                       .root = {.max_payload_bytes = 128},
                       .device = {.max_payload_bytes = 128, .max_read_request_bytes = 256, .tags = 32}});
}

}  // namespace
}  // namespace fourtuple::bench
