// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/stop_signals.hpp"
#include "tools/sweep/sweep_emit.hpp"
#include "tools/sweep/sweep_plan.hpp"
#include "tools/sweep/sweep_results.hpp"
#include "tools/sweep/sweep_runner.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple sweep FILE.toml [options]\n\n"
    "Runs a scenario with every combination of the values in its [sweep], as processes of their own over\n"
    "the cores. Started again, it goes on where it stopped. Results: sweep.csv, sweep.json and\n"
    "report.html, and in runs/ what each run left.\n\n"
    "  fourtuple sweep scenarios/table_sizes.toml --out=sweep\n"
    "  fourtuple sweep scenarios/table_sizes.toml --out=sweep --emit=make && make -k -j 8 -C sweep\n"
    "  fourtuple sweep scenarios/table_sizes.toml --emit=slurm && sbatch --wait sweep/sweep.sbatch\n"
    "  fourtuple sweep scenarios/table_sizes.toml --out=sweep --gather\n";

constexpr std::uint32_t most_jobs = 1'024;

po::options_description sweep_options() {
  po::options_description options("Sweep", help_columns);
  options.add_options()("scenario", po::value<std::string>()->value_name("FILE")->required(),
                        "a scenario with a [sweep]; also without the option's name")(
      "out,o", po::value<std::string>()->value_name("DIR")->default_value("sweep"), "directory for the results")(
      "jobs,j", po::value<std::uint32_t>()->value_name("N")->default_value(0), "runs at the same time; 0: one a core")(
      "set", po::value<std::vector<std::string>>()->value_name("PATH=X")->composing(),
      "for all runs, as in fourtuple run")("emit", po::value<std::string>()->value_name("ENGINE"),
                                           "run nothing; write a makefile (make) or a job array (slurm)")(
      "gather", po::bool_switch(), "run nothing; merge the results that are there")("captures", po::bool_switch(),
                                                                                    "keep a wire.pcapng of each run");
  return options;
}

std::filesystem::path own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

int write_results(const sweep_plan& plan, const std::vector<job_result>& results) {
  write_file(plan.directory / "sweep.csv", to_csv(plan, results));
  write_file(plan.directory / "sweep.json", to_json(plan, results));
  write_file(plan.directory / "report.html", to_html(plan, results));
  std::size_t good = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].status == job_status::ok)
      ++good;
    else
      fmt::print("  {:<8} {}: {}\n", name_of(results[i].status), plan.jobs[i].name, results[i].problem);
  }
  fmt::print("{} of {} runs good; written to {}: sweep.csv, sweep.json, report.html\n", good, results.size(),
             plan.directory.string());
  return good == results.size() ? exit_ok : exit_failed;
}

int emit(const sweep_plan& plan, const po::variables_map& values) {
  const auto& engine = values["emit"].as<std::string>();
  const std::string here = std::filesystem::current_path().string();
  std::vector<std::string> gather{"sweep", plan.scenario.string(), "--out=" + plan.directory.string(), "--gather"};
  if (values.count("set") != 0) {
    for (const std::string& text : values["set"].as<std::vector<std::string>>())
      gather.insert(gather.end(), {"--set", text});
  }
  if (values["captures"].as<bool>()) gather.emplace_back("--captures");
  if (engine == "make") {
    write_file(plan.directory / "Makefile", to_makefile(plan, own_path().string(), here, gather));
    fmt::print("{} runs; make -k -j N -C {}\n", plan.jobs.size(), shell_quoted({plan.directory.string()}));
  } else {
    const std::filesystem::path script = plan.directory / "sweep.sbatch";
    write_file(script, to_sbatch(plan, own_path().string(), here));
    fmt::print("{} runs; sbatch --wait {}, then fourtuple {}\n", plan.jobs.size(), shell_quoted({script.string()}),
               shell_quoted(gather));
  }
  return exit_ok;
}

}  // namespace

int command_sweep(const arguments& words) {
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("scenario", 1);
  if (parse_options(words, usage, sweep_options(), positional, values)) return exit_ok;
  const bool gather = values["gather"].as<bool>();
  const bool emits = values.count("emit") != 0;
  if (emits && gather) throw usage_error("--emit and --gather are two steps: give one of them");
  if (emits && values["emit"].as<std::string>() != "make" && values["emit"].as<std::string>() != "slurm")
    throw usage_error(fmt::format("--emit={} is unknown: it is make or slurm", values["emit"].as<std::string>()));
  std::uint32_t jobs = values["jobs"].as<std::uint32_t>();
  if (jobs > most_jobs) throw usage_error(fmt::format("--jobs={} is not a number from 0 to {}", jobs, most_jobs));
  if (jobs == 0) jobs = std::max(1U, std::thread::hardware_concurrency());
  const auto settings =
      values.count("set") != 0 ? values["set"].as<std::vector<std::string>>() : std::vector<std::string>();
  const sweep_plan plan = make_sweep_plan(values["scenario"].as<std::string>(), settings,
                                          values["out"].as<std::string>(), values["captures"].as<bool>());
  const output_directory out(plan.directory);
  prepare(plan);
  if (emits) return emit(plan, values);
  if (gather) {
    std::vector<job_result> results;
    for (const sweep_job& job : plan.jobs) results.push_back(read_result(plan, job));
    return write_results(plan, results);
  }
  std::atomic<bool> stop = false;
  const stop_signals signals(stop);
  return write_results(plan, sweep_runner(plan, own_path().string(), jobs, stop).run());
}

}  // namespace fourtuple::tools
