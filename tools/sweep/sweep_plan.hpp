// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fourtuple::tools {

/// One run of a sweep.
struct sweep_job {
  std::string name;                                             ///< Its directory below runs/.
  std::vector<std::pair<std::string, std::string>> parameters;  ///< Path and value.
  std::uint64_t seed = 1;
  std::vector<std::string> words;  ///< What follows "fourtuple": run, the file, options.
};

/// All runs of a sweep, and where they go.
struct sweep_plan {
  std::filesystem::path scenario;   ///< Absolute.
  std::filesystem::path directory;  ///< Absolute; runs/NAME in it is each run's.
  std::string fingerprint;          ///< SHA-256 of the scenario's file.
  std::vector<std::string> paths;   ///< Of the parameters, in the order of the file.
  std::vector<sweep_job> jobs;  ///< Every combination of values, the last parameter and then the seed changing first.

  [[nodiscard]] std::filesystem::path directory_of(const sweep_job& job) const { return directory / "runs" / job.name; }
};

/// Reads [sweep] of a scenario's file and checks every combination. `settings` are PATH=VALUE that hold for all runs,
/// as
/// --set of fourtuple run. usage_error for what is wrong.
[[nodiscard]] sweep_plan make_sweep_plan(const std::string& file, const std::vector<std::string>& settings,
                                         const std::filesystem::path& directory, bool captures);

/// Makes the directories of the runs. What is left in them from a run of another command or another scenario is taken
/// away, so that a result that is there is one of this plan. usage_error if that cannot be.
void prepare(const sweep_plan& plan);

/// The words as a POSIX shell takes them.
[[nodiscard]] std::string shell_quoted(const std::vector<std::string>& words);

}  // namespace fourtuple::tools
