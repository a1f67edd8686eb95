// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario.hpp"

#include <fmt/format.h>

#include "model/system/platform.hpp"

namespace fourtuple::model::system {

std::string problem_with(const platform_options& options) {
  const std::uint64_t fixed_ns = root_complex_config_of(options).memory_latency_ps / 1000;
  if (options.pcie_read_round_trip_ns < fixed_ns + 2 || options.pcie_read_round_trip_ns > 1'000'000) {
    return fmt::format("a PCIe round trip of {} ns is out of range: {} to 1000000", options.pcie_read_round_trip_ns,
                       fixed_ns + 2);
  }
  if (const auto problem = pcie::config_error(link_config_of(options))) return *problem;
  if (const auto problem = wire::config_error(wire_link_config_of(options))) return *problem;
  const std::uint64_t most = most_exact_quantum_clocks(options);
  if (options.quantum_clocks > most) {
    return fmt::format("a quantum of {} clocks would change results: at most {} with these latencies of PCIe and wire",
                       options.quantum_clocks, most);
  }
  return {};
}

std::string problem_with(const wire_impairments& impairments) {
  for (const wire::impairment_config* way : {&impairments.from_client, &impairments.from_server}) {
    if (const auto problem = wire::config_error(*way)) return *problem;
  }
  return {};
}

}  // namespace fourtuple::model::system
