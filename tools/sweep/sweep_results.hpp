// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/sweep/sweep_plan.hpp"

namespace fourtuple::tools {

enum class job_status : std::uint8_t {
  missing,  ///< There is no run.json: not run yet, or it could not be.
  failed,   ///< It was run, and its run.json lists errors.
  ok,
};

[[nodiscard]] constexpr const char* name_of(job_status status) noexcept {
  return status == job_status::ok ? "ok" : status == job_status::failed ? "failed" : "missing";
}

/// What one run of a sweep came to.
struct job_result {
  job_status status = job_status::missing;
  std::string problem;  ///< One line: its first error, or the last thing that it said. Empty if ok.
  std::string digest;
  std::vector<std::pair<std::string, double>> figures;  ///< In the order of the columns that they are in.

  [[nodiscard]] std::optional<double> figure(const std::string& name) const;
};

/// What is in the run's directory now.
[[nodiscard]] job_result read_result(const sweep_plan& plan, const sweep_job& job);

/// The results of all jobs, in the plan's order: as a table (RFC 4180), as JSON, and as a page to look at, which needs
/// nothing but itself.
[[nodiscard]] std::string to_csv(const sweep_plan& plan, const std::vector<job_result>& results);
[[nodiscard]] std::string to_json(const sweep_plan& plan, const std::vector<job_result>& results);
[[nodiscard]] std::string to_html(const sweep_plan& plan, const std::vector<job_result>& results);

/// The names of all figures that any run has, each once, in order.
[[nodiscard]] std::vector<std::string> figure_names(const std::vector<job_result>& results);

}  // namespace fourtuple::tools
