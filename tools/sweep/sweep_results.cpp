// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace fourtuple::tools {

namespace {

using json = nlohmann::ordered_json;

// What is taken over as it is.
constexpr std::pair<const char*, const char*> plain_figures[] = {
    {"sim_time_ps", "/sim_time_ps"},
    {"transfer_ns", "/transfer_ns"},
    {"bytes_delivered", "/bytes_delivered"},
    {"connections_opened", "/connections/opened"},
    {"connections_closed", "/connections/closed"},
    {"latency_p50_ns", "/latency_ns/p50"},
    {"latency_p99_ns", "/latency_ns/p99"},
    {"retransmits", "/retransmits"},
    {"wire_frames", "/wire/frames"},
    {"table_hits", "/table/hits"},
    {"table_misses", "/table/misses"},
    {"table_full", "/table/full"},
    {"clocks_evaluated", "/clocks_evaluated"},
};

void add(job_result& result, const json& document, const std::string& name, const std::string& pointer) {
  const json::json_pointer at(pointer);
  if (document.contains(at) && document[at].is_number()) result.figures.emplace_back(name, document[at].get<double>());
}

void add_workloads(job_result& result, const json& document) {
  if (!document.contains("workloads") || !document["workloads"].is_array()) return;
  for (const json& workload : document["workloads"]) {
    const std::string name = workload.value("name", "?");
    for (const char* key : {"finished", "failed", "active_ns"})
      add(result, workload, name + "." + key, fmt::format("/{}", key));
    const double active_ns = workload.value("active_ns", 0.0);
    if (active_ns > 0) result.figures.emplace_back(name + ".per_s", workload.value("finished", 0.0) * 1e9 / active_ns);
    for (const char* key : {"p50", "p90", "p99", "p99_9", "max"})
      add(result, workload, fmt::format("{}.{}_ns", name, key), fmt::format("/latency_ns/{}", key));
  }
}

void add_machines(job_result& result, const json& document) {
  if (!document.contains("machines") || !document["machines"].is_array()) return;
  for (const json& machine : document["machines"]) {
    const std::string name = machine.value("name", "?");
    add(result, machine, name + ".cpu_busy_share", "/cpu/busy_share");
    add(result, machine, name + ".pcie_upstream", "/pcie/upstream/utilisation");
    add(result, machine, name + ".pcie_downstream", "/pcie/downstream/utilisation");
  }
}

void read_figures(job_result& result, const json& document) {
  for (const auto& [name, pointer] : plain_figures) add(result, document, name, pointer);
  const double transfer_ns = document.value("transfer_ns", 0.0);
  if (transfer_ns > 0)
    result.figures.emplace_back("goodput_gbit", document.value("bytes_delivered", 0.0) * 8 / transfer_ns);
  if (document.contains("drops") && document["drops"].is_object()) {
    double drops = 0;
    for (const auto& [reason, count] : document["drops"].items()) drops += count.is_number() ? count.get<double>() : 0;
    result.figures.emplace_back("drops", drops);
  }
  add_workloads(result, document);
  add_machines(result, document);
}

std::string last_line(const std::filesystem::path& log) {
  std::ifstream stream(log);
  std::string last;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? "it has not been run" : last;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of("\",\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string number_text(double value) {
  return value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{:.6g}", value);
}

}  // namespace

std::optional<double> job_result::figure(const std::string& name) const {
  const auto found = std::ranges::find(figures, name, [](const auto& pair) { return pair.first; });
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

job_result read_result(const sweep_plan& plan, const sweep_job& job) {
  job_result result;
  const std::filesystem::path directory = plan.directory_of(job);
  std::ifstream stream(directory / "run.json", std::ios::binary);
  const json document = stream ? json::parse(stream, nullptr, false) : json();
  if (!document.is_object()) {
    result.problem = last_line(directory / "log.txt");
    return result;
  }
  const json errors = document.value("errors", json::array());
  result.status = errors.is_array() && errors.empty() ? job_status::ok : job_status::failed;
  if (result.status == job_status::failed)
    result.problem =
        errors.is_array() && errors.front().is_string() ? errors.front().get<std::string>() : "run.json is damaged";
  result.digest = document.value("digest", "");
  read_figures(result, document);
  return result;
}

std::vector<std::string> figure_names(const std::vector<job_result>& results) {
  std::vector<std::string> names;
  for (const job_result& result : results) {
    for (const auto& [name, value] : result.figures) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::string to_csv(const sweep_plan& plan, const std::vector<job_result>& results) {
  const std::vector<std::string> names = figure_names(results);
  std::string text = "run";
  for (const std::string& path : plan.paths) text += ',' + csv_field(path);
  text += ",seed,status,digest";
  for (const std::string& name : names) text += ',' + csv_field(name);
  text += "\r\n";
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const sweep_job& job = plan.jobs[i];
    text += job.name;
    for (const auto& [path, value] : job.parameters) text += ',' + csv_field(value);
    text += fmt::format(",{},{},{}", job.seed, name_of(results[i].status), results[i].digest);
    for (const std::string& name : names) {
      const auto value = results[i].figure(name);
      text += ',' + (value ? number_text(*value) : std::string());
    }
    text += "\r\n";
  }
  return text;
}

std::string to_json(const sweep_plan& plan, const std::vector<job_result>& results) {
  json runs = json::array();
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const sweep_job& job = plan.jobs[i];
    json parameters = json::object();
    for (const auto& [path, value] : job.parameters) parameters[path] = value;
    json figures = json::object();
    for (const auto& [name, value] : results[i].figures) figures[name] = value;
    runs.push_back({{"run", job.name},
                    {"parameters", std::move(parameters)},
                    {"seed", job.seed},
                    {"status", name_of(results[i].status)},
                    {"problem", results[i].problem},
                    {"digest", results[i].digest},
                    {"figures", std::move(figures)}});
  }
  return json{{"scenario_sha256", plan.fingerprint}, {"parameters", plan.paths}, {"runs", std::move(runs)}}.dump(2) +
         '\n';
}

}  // namespace fourtuple::tools
