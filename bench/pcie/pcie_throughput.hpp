// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/pcie/link.hpp"
#include "model/pcie/requester.hpp"
#include "model/pcie/root_complex.hpp"

namespace fourtuple::bench {

/// A host's PCIe side, complete.
struct pcie_setup {
  model::pcie::link_config link = {};
  model::pcie::root_complex_config root = {};
  model::pcie::requester_limits device = {};
};

/// Payload a nanosecond (GB/s) of DMA accesses of one size, as many outstanding as the tags allow.
struct pcie_throughput {
  std::uint32_t access_bytes = 0;
  double write_predicted = 0;
  double write_measured = 0;
  double read_predicted = 0;
  double read_measured = 0;
};

/// From the formulae of docs/figures.md, nothing simulated.
[[nodiscard]] double predicted_write_bytes_per_ns(const pcie_setup& setup, std::uint32_t access_bytes);
[[nodiscard]] double predicted_read_bytes_per_ns(const pcie_setup& setup, std::uint32_t access_bytes);

/// All sizes from 64 to 4096 bytes by powers of two, predicted and simulated. Once in a process: it elaborates a
/// SystemC design and runs it.
[[nodiscard]] std::vector<pcie_throughput> measure_pcie_throughput(const pcie_setup& setup);

}  // namespace fourtuple::bench
