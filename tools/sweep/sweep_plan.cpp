// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "host/app/sha256.hpp"
#include "model/system/scenario/scenario_builder.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/scenario_options.hpp"

namespace fourtuple::tools {

namespace {

constexpr std::size_t most_runs = 100'000;

using model::system::scenario_builder;
using model::system::sweep_settings;

std::size_t count_runs(const sweep_settings& sweep) {
  std::size_t runs = sweep.seeds.size();
  for (const auto& parameter : sweep.parameters) {
    runs *= parameter.values.size();
    if (runs > most_runs) throw usage_error(fmt::format("the sweep has more than {} runs", most_runs));
  }
  return runs;
}

std::string directory_name(std::size_t number, const sweep_job& job) {
  constexpr std::size_t longest = 80;
  std::string name = fmt::format("{:05}", number);
  for (const auto& [path, value] : job.parameters) name += '-' + value;
  name = fmt::format("{}-seed{}", name.substr(0, longest), job.seed);
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_'; }, '-');
  return name;
}

void apply(scenario_builder& builder, const std::string& path, const std::string& value, const std::string& where) {
  try {
    builder.set(path, value, where);
  } catch (const model::system::scenario_error& error) {
    throw usage_error(error.what());
  }
}

// Tells what is wrong before anything is run.
void check(scenario_builder builder, const sweep_job& job) {
  std::string values;
  for (const auto& [path, value] : job.parameters) {
    values += fmt::format("{}{}={}", values.empty() ? "" : ", ", path, value);
    apply(builder, path, value, fmt::format("[sweep] {}={}", path, value));
  }
  try {
    [[maybe_unused]] const auto made = builder.finish();
  } catch (const model::system::scenario_error& error) {
    throw usage_error(fmt::format("{} (with {})", error.what(), values));
  }
}

std::string job_record(const sweep_plan& plan, const sweep_job& job) {
  return nlohmann::ordered_json{{"scenario_sha256", plan.fingerprint}, {"words", job.words}}.dump(2) + '\n';
}

}  // namespace

sweep_plan make_sweep_plan(const std::string& file, const std::vector<std::string>& settings,
                           const std::filesystem::path& directory, bool captures) {
  sweep_plan plan;
  scenario_builder builder;
  read_scenario_file(file, builder);
  plan.fingerprint = app::to_hex(app::sha256_of(read_file(file, "scenario")));
  plan.scenario = std::filesystem::absolute(file).lexically_normal();
  plan.directory = std::filesystem::absolute(directory).lexically_normal();
  sweep_settings sweep = builder.sweep();
  if (sweep.seeds.empty() && sweep.parameters.empty())
    throw usage_error(fmt::format("{}: nothing to sweep: it has no [sweep] with seeds or parameters", file));
  if (sweep.seeds.empty()) sweep.seeds.push_back(builder.finish().run.seed);
  for (const std::string& text : settings) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw usage_error(fmt::format("--set {}: write PATH=VALUE", text));
    apply(builder, text.substr(0, equals), text.substr(equals + 1), "--set " + text);
  }
  for (const auto& parameter : sweep.parameters) plan.paths.push_back(parameter.path);
  const std::size_t runs = count_runs(sweep);
  for (std::size_t number = 0; number < runs; ++number) {
    sweep_job& job = plan.jobs.emplace_back();
    job.words = {"run", plan.scenario.string()};
    for (const std::string& text : settings) job.words.insert(job.words.end(), {"--set", text});
    std::size_t rest = number / sweep.seeds.size();
    job.seed = sweep.seeds[number % sweep.seeds.size()];
    for (auto parameter = sweep.parameters.rbegin(); parameter != sweep.parameters.rend(); ++parameter) {
      job.parameters.insert(job.parameters.begin(),
                            {parameter->path, parameter->values[rest % parameter->values.size()]});
      rest /= parameter->values.size();
    }
    for (const auto& [path, value] : job.parameters) job.words.insert(job.words.end(), {"--set", path + "=" + value});
    job.name = directory_name(number + 1, job);
    job.words.push_back(fmt::format("--seed={}", job.seed));
    job.words.push_back(fmt::format("--out={}", plan.directory_of(job).string()));
    if (!captures) job.words.emplace_back("--no-capture");
    if (number % sweep.seeds.size() == 0) check(builder, job);
  }
  return plan;
}

void prepare(const sweep_plan& plan) {
  for (const sweep_job& job : plan.jobs) {
    const std::filesystem::path directory = plan.directory_of(job);
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) throw usage_error(fmt::format("cannot make the directory {}: {}", directory.string(), error.message()));
    const std::string record = job_record(plan, job);
    std::ifstream stream(directory / "job.json", std::ios::binary);
    const std::string before{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (before == record) continue;
    std::filesystem::remove(directory / "run.json", error);
    write_file(directory / "job.json", record);
  }
}

std::string shell_quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view("-_./=,:+@%").find(c) != std::string_view::npos;
    });
    std::string quoted;
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += fmt::format("{}{}", line.empty() ? "" : " ", plain ? word : "'" + quoted + "'");
  }
  return line;
}

}  // namespace fourtuple::tools
