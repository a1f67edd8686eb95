// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fourtuple::tools {

/// One run of a page.
struct report_run {
  std::string name;
  std::string run_json;     ///< What is in run.json.
  std::string series_json;  ///< What is in series.json; empty if the run has none.
};

/// A page that needs nothing but itself: one run in full, several side by side. Throws std::runtime_error with one line
/// if a run's documents are not what `fourtuple run` writes.
[[nodiscard]] std::string report_page(const std::vector<report_run>& runs);

/// The page without its runs.
extern const char* const report_template;

}  // namespace fourtuple::tools
