// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "model/observe/happening.hpp"
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

/// What a run writes while it goes on. Empty: not written.
struct run_outputs {
  std::filesystem::path capture;                     ///< pcapng, every frame on the wires.
  std::filesystem::path events;                      ///< JSON Lines, observe::event_log.
  bool plots = true;                                 ///< Collect run_report::plots.
  std::vector<std::uint64_t> listing_times_ns = {};  ///< When every host's TCP is listed as by `ss -tain`, in order.
  observe::story_listener* listener = nullptr;       ///< Hears what happens; nullptr for nobody.
  std::uint64_t from_ps = 0;                         ///< Capture and events begin here.
  std::uint64_t until_ps = ~std::uint64_t{0};        ///< The run ends here, if it has not ended before.
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
