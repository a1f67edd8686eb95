// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "model/system/scenario_run.hpp"

namespace fourtuple::tools {

/// What the workloads of a scenario need from the file system: the file of each bulk workload (`shipped` where none is
/// named), or its random bytes; for http workloads, which get their paths filled in, that the directory and its files
/// are there. usage_error if something is not.
[[nodiscard]] model::system::workload_payloads read_payloads(model::system::scenario& made,
                                                             const std::filesystem::path& shipped);

}  // namespace fourtuple::tools
