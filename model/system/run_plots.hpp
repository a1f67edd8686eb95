// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/system/run_report.hpp"

namespace fourtuple::model::system {

/// The document behind series.json, described in docs/running.md: what plots are drawn from. `report.plots` is set,
/// `command` is what the run was asked for with. Ends with a newline.
[[nodiscard]] std::string plots_to_json(const run_report& report, const std::string& command);

}  // namespace fourtuple::model::system
