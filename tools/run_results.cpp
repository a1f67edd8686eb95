// SPDX-License-Identifier: Apache-2.0
#include "tools/run_results.hpp"

#include "model/system/run_plots.hpp"
#include "tools/options.hpp"
#include "tools/report/report_page.hpp"

namespace fourtuple::tools {
namespace {

// What was asked for, without where the results go.
std::string command_line(const std::string& subcommand, const arguments& words) {
  std::string line = "fourtuple " + subcommand;
  for (std::size_t i = 0; i < words.size(); ++i) {
    // What stands behind it is another program's.
    if (words[i] == "--") {
      for (; i < words.size(); ++i) line += " " + words[i];
    } else if (words[i] == "--out" || words[i] == "-o") {
      ++i;
    } else if (!words[i].starts_with("--out=") && !words[i].starts_with("-o")) {
      line += " " + words[i];
    }
  }
  return line;
}

}  // namespace

void write_results(const model::system::run_report& report, const std::string& subcommand, const arguments& words,
                   const std::filesystem::path& directory) {
  const std::string run_json = to_json(report);
  const std::string series_json = plots_to_json(report, command_line(subcommand, words));
  write_file(directory / "run.json", run_json);
  write_file(directory / "series.json", series_json);
  if (!report.listings.empty()) write_file(directory / "ss.txt", report.listings);
  const std::string name = std::filesystem::absolute(directory).lexically_normal().filename().string();
  write_file(
      directory / "report.html",
      report_page({{.name = name.empty() ? subcommand : name, .run_json = run_json, .series_json = series_json}}));
}

}  // namespace fourtuple::tools
