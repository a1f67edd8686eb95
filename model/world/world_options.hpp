// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/system/scenario.hpp"

namespace fourtuple::model::world {

/// What a world is made of.
struct world_options {
  system::platform_options platform;
  std::vector<std::string> hosts{"a", "b"};  ///< Their names; 10.0.0.1, 10.0.0.2 and so on.
  std::filesystem::path capture;             ///< pcapng file; empty: none.
  std::filesystem::path events;              ///< JSON Lines, observe::event_log; empty: none.
  bool plots = false;                        ///< Collect run_report::plots.
  bool virtual_time = false;                 ///< Programs live by the simulated clock, which waits for them.
  std::uint64_t start_after = 1;             ///< Virtual time: programs that have to be there before time begins.
};

/// One sentence on what cannot be; empty if all can. Names of hosts are letters, digits and hyphens (RFC 1123 2.1).
[[nodiscard]] std::string problem_with(const world_options& options);

}  // namespace fourtuple::model::world
