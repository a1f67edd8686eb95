// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/sweep/sweep_plan.hpp"

namespace fourtuple::tools {

/// The sweep for somebody else to run, each job a single `fourtuple run`; `gather` is the command line (words after
/// "fourtuple") that merges the results. `program` is the path of fourtuple, `working_directory` where paths in the
/// scenario start.
///
/// A makefile: make -k -j N -C DIRECTORY runs what has no result yet, then gathers.
[[nodiscard]] std::string to_makefile(const sweep_plan& plan, const std::string& program,
                                      const std::string& working_directory, const std::vector<std::string>& gather);
/// A Slurm job array: sbatch DIRECTORY/sweep.sbatch.
[[nodiscard]] std::string to_sbatch(const sweep_plan& plan, const std::string& program,
                                    const std::string& working_directory);

}  // namespace fourtuple::tools
