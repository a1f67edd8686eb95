// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/system/network_record.hpp"
#include "model/system/run_report.hpp"
#include "model/system/scenario.hpp"

namespace fourtuple::model::system {

/// What a running simulation shows to another thread. Written by the simulation, read by whoever displays it.
struct run_progress {
  std::atomic<std::uint64_t> sim_time_ns = 0;
  std::atomic<std::uint64_t> clocks_evaluated = 0;
  std::atomic<std::uint64_t> work_done = 0;  ///< Of work_total; in a unit that depends on the workloads.
  std::atomic<std::uint64_t> work_total = 0;
  std::atomic<bool> stop = false;  ///< Set from outside: end the run soon.
};

/// What workloads carry that is not in the scenario itself: for each of them, the content of its file.
using workload_payloads = std::vector<std::vector<std::byte>>;

/// Runs a scenario to its end and reports. `made` is complete and free of problems (scenario_builder::finish); the
/// paths of http workloads are filled in. One such run in a process (SystemC elaborates once).
///
/// Throws std::runtime_error with one line if an output cannot be written.
[[nodiscard]] run_report run_scenario(const scenario& made, const workload_payloads& payloads,
                                      const run_outputs& outputs, run_progress& progress);

}  // namespace fourtuple::model::system
