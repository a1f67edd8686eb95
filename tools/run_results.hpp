// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "model/system/run_report.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {

/// Writes run.json, series.json, report.html and, if there are listings, ss.txt into a directory. `report.plots` is
/// set; `subcommand` and `words` are what was asked for. usage_error if a file cannot be written.
void write_results(const model::system::run_report& report, const std::string& subcommand, const arguments& words,
                   const std::filesystem::path& directory);

}  // namespace fourtuple::tools
