// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "model/system/scenario_run.hpp"
#include "tools/trace_options.hpp"

namespace fourtuple::tools {

/// When a run fires a trigger for the first time; nothing if it never does.
///
/// A waveform cannot be had from before its trigger, but a run can be made twice: this one ends at the trigger, in a
/// process of its own, and because runs are repeatable the next one fires it at the same picosecond. Before anything of
/// the simulation is built. Throws std::runtime_error with one line if there can be no process, or the run cannot be
/// made.
[[nodiscard]] std::optional<std::uint64_t> find_trigger(const model::system::scenario& made,
                                                        const model::system::workload_payloads& payloads,
                                                        trace_trigger trigger);

}  // namespace fourtuple::tools
