// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "model/system/network_record.hpp"
#include "model/system/scenario.hpp"

namespace fourtuple::model::world {

/// What a world is made of.
struct world_options {
  system::scenario network;       ///< Complete (scenario_builder::finish_network); its workloads do not run.
  system::run_outputs outputs;    ///< What it writes while it runs.
  std::string tap;                ///< A TAP device of the kernel on the network (network.other_ports: 1); empty: none.
  bool virtual_time = false;      ///< Programs live by the simulated clock, which waits for them.
  std::uint64_t start_after = 1;  ///< Virtual time: programs that have to be there before time begins.
};

/// One sentence on what cannot be; empty if all can. Names of hosts are letters, digits, hyphens (RFC 1123 2.1) and, as
/// in scenarios, underscores.
[[nodiscard]] std::string problem_with(const world_options& options);

}  // namespace fourtuple::model::world
