// SPDX-License-Identifier: Apache-2.0
#include "tools/report/report_page.hpp"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

namespace fourtuple::tools {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view runs_mark = "/*RUNS*/";

// What the page's script reads without asking whether it is there.
constexpr std::initializer_list<const char*> run_keys = {"nic",
                                                         "seed",
                                                         "digest",
                                                         "sim_time_ps",
                                                         "clocks_evaluated",
                                                         "clocks_skipped",
                                                         "connections",
                                                         "bytes_delivered",
                                                         "drops",
                                                         "transfer_ns",
                                                         "wire",
                                                         "table",
                                                         "retransmits",
                                                         "latency_ns",
                                                         "errors",
                                                         "machines"};
constexpr std::initializer_list<const char*> series_keys = {"bin_ns", "bins",        "latency_ns",
                                                            "hosts",  "connections", "pcie_bytes_per_s"};

json parsed(const std::string& text, const std::string& name, const char* file,
            std::initializer_list<const char*> keys) {
  json document = json::parse(text, nullptr, false);
  const std::string which = name + "/" + file;
  if (document.is_discarded() || !document.is_object()) throw std::runtime_error(which + " is not a JSON document");
  for (const char* key : keys) {
    if (!document.contains(key))
      throw std::runtime_error(which + " is not from this version of fourtuple run: it has no " + key);
  }
  return document;
}

// A name with "</script>" in it must not end the script.
std::string for_script(const json& document) {
  // What is not UTF-8, such as a directory's name, is replaced.
  const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string safe;
  for (const char character : text) {
    if (character == '<') {
      safe += "\\u003c";
    } else {
      safe += character;
    }
  }
  return safe;
}

}  // namespace

std::string report_page(const std::vector<report_run>& runs) {
  std::string all;
  for (const report_run& run : runs) {
    json one = {
        {"name", run.name}, {"command", nullptr}, {"run", parsed(run.run_json, run.name, "run.json", run_keys)}};
    json series;
    if (!run.series_json.empty()) {
      series = parsed(run.series_json, run.name, "series.json", series_keys);
      if (series.contains("command")) one["command"] = series["command"];
    }
    one["series"] = std::move(series);
    all += (all.empty() ? "" : ",\n") + for_script(one);
  }
  std::string page = report_template;
  page.replace(page.find(runs_mark), runs_mark.size(), all);
  return page;
}

}  // namespace fourtuple::tools
