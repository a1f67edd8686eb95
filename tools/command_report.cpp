// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/report/report_page.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple report DIR... [options]\n\n"
    "Draws the results of one or several runs as a page that needs no network. Each DIR is what --out of\n"
    "a run was. One run is shown in full, several are compared.\n\n"
    "  fourtuple run --nic=model --out=clean && fourtuple run --nic=model --loss=0.01 --out=lossy\n"
    "  fourtuple report clean lossy --output=comparison.html\n";

po::options_description report_options() {
  po::options_description options("Page", 100);
  options.add_options()("directory", po::value<std::vector<std::string>>()->required(),
                        "what a run has written: run.json and series.json")(
      "output,o", po::value<std::string>(), "the page; default: report.html, of one run in its directory");
  return options;
}

std::string text_of(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, "report");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The directory's name; of ".", "out/" and the like, too.
std::string name_of(const std::filesystem::path& directory) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(directory, error).lexically_normal();
  return whole.has_filename() ? whole.filename().string() : whole.parent_path().filename().string();
}

std::vector<report_run> read_runs(const std::vector<std::string>& directories) {
  std::vector<report_run> runs;
  for (const std::filesystem::path directory : directories) {
    report_run run{.name = name_of(directory), .run_json = text_of(directory / "run.json"), .series_json = {}};
    std::error_code error;
    if (std::filesystem::exists(directory / "series.json", error)) run.series_json = text_of(directory / "series.json");
    runs.push_back(std::move(run));
  }
  // Two runs of the same name are told apart by their whole paths.
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t k = i + 1; k < runs.size(); ++k) {
      if (runs[i].name != runs[k].name) continue;
      runs[i].name = directories[i];
      runs[k].name = directories[k];
    }
  }
  return runs;
}

}  // namespace

int command_report(const arguments& words) {
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("directory", -1);
  if (parse_options(words, usage, report_options(), positional, values)) return exit_ok;
  const auto& directories = values["directory"].as<std::vector<std::string>>();
  std::filesystem::path output = "report.html";
  if (directories.size() == 1) output = std::filesystem::path(directories[0]) / "report.html";
  if (values.count("output") != 0) output = values["output"].as<std::string>();
  std::string page;
  try {
    page = report_page(read_runs(directories));
  } catch (const usage_error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw usage_error(error.what());
  }
  write_file(output, page);
  fmt::print("{}\n", output.string());
  return exit_ok;
}

}  // namespace fourtuple::tools
