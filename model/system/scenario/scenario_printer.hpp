// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/system/scenario.hpp"

namespace fourtuple::model::system {

/// The scenario as a TOML document: every setting with its value, units and meanings in comments. Read again, it is the
/// same scenario. Of hosts, what is not as in the sections above them.
[[nodiscard]] std::string to_toml(const scenario& made);

/// docs/scenario.md: every setting with its option, unit, default and range.
[[nodiscard]] std::string scenario_document();

}  // namespace fourtuple::model::system
