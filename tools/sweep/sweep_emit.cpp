// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_emit.hpp"

#include <fmt/format.h>

namespace fourtuple::tools {

namespace {

// $ has a meaning to make, in a recipe too.
std::string for_make(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '$' ? std::string("$$") : std::string(1, c);
  return result;
}

}  // namespace

std::string to_makefile(const sweep_plan& plan, const std::string& program, const std::string& working_directory,
                        const std::vector<std::string>& gather) {
  std::string runs;
  std::string rules;
  for (const sweep_job& job : plan.jobs) {
    runs += fmt::format(" \\\n  runs/{}/run.json", job.name);
    // A run that fails is a result; gathering lists it.
    rules += fmt::format("\nruns/{}/run.json:\n\t-cd {} && $(FOURTUPLE) {} > {} 2>&1\n", job.name,
                         for_make(shell_quoted({working_directory})), for_make(shell_quoted(job.words)),
                         for_make(shell_quoted({(plan.directory_of(job) / "log.txt").string()})));
  }
  return fmt::format(
      "# Made by fourtuple sweep --emit=make: make -j N -C {0}\n"
      "FOURTUPLE = {1}\n\n"
      ".PHONY: gather\n"
      "gather:{2}\n"
      "\tcd {3} && $(FOURTUPLE) {4}\n{5}",
      for_make(plan.directory.string()), for_make(shell_quoted({program})), runs,
      for_make(shell_quoted({working_directory})), for_make(shell_quoted(gather)), rules);
}

std::string to_sbatch(const sweep_plan& plan, const std::string& program, const std::string& working_directory) {
  std::string cases;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const sweep_job& job = plan.jobs[i];
    cases += fmt::format("  {}) exec {} {} > {} 2>&1 ;;\n", i, shell_quoted({program}), shell_quoted(job.words),
                         shell_quoted({(plan.directory_of(job) / "log.txt").string()}));
  }
  return fmt::format(
      "#!/bin/sh\n"
      "# Made by fourtuple sweep --emit=slurm: sbatch {}\n"
      "#SBATCH --job-name=fourtuple-sweep\n"
      "#SBATCH --array=0-{}\n"
      "#SBATCH --ntasks=1\n"
      "#SBATCH --cpus-per-task=1\n"
      "#SBATCH --output=/dev/null\n"
      "cd {} || exit 2\n"
      "case \"$SLURM_ARRAY_TASK_ID\" in\n{}"
      "  *) echo \"there is no run $SLURM_ARRAY_TASK_ID\" >&2; exit 2 ;;\n"
      "esac\n",
      shell_quoted({(plan.directory / "sweep.sbatch").string()}), plan.jobs.size() - 1,
      shell_quoted({working_directory}), cases);
}

}  // namespace fourtuple::tools
