// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <stdexcept>

#include "model/nic/nic.hpp"
#include "model/system/run_plots.hpp"
#include "model/system/run_report.hpp"
#include "model/system/two_hosts.hpp"
#include "tools/command.hpp"
#include "tools/gtkwave_save_file.hpp"
#include "tools/impairment_options.hpp"
#include "tools/options.hpp"
#include "tools/progress_display.hpp"
#include "tools/report/report_page.hpp"
#include "tools/stop_signals.hpp"
#include "tools/trace_options.hpp"
#include "tools/trigger_search.hpp"
#include "tools/waveform_output.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple run [options]\n\n"
    "Simulates two hosts, each with its stack, driver, PCIe link and NIC, joined by a wire. The client opens N\n"
    "connections, sends the file across each, and the server compares its SHA-256 on arrival.\n\n"
    "  fourtuple run --nic=rtl --connections=8 --file=README.md --seed=7 --out=out\n";

// The file that ships with the program: beside the directory of the binary, wherever that was put.
std::filesystem::path shipped_file() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/fourtuple/LICENSE";
}

po::options_description run_options() {
  po::options_description options("Scenario", 100);
  options.add_options()("connections,n", po::value<std::uint64_t>()->default_value(8),
                        "connections, all opened at once (1 to 20000)")(
      "file,f", po::value<std::string>(), "what goes across each; default: a text that ships with the program")(
      "out,o", po::value<std::string>()->default_value("out"),
      "directory for run.json, report.html, wire.pcapng and the waveform")(
      "events", po::value<std::string>(), "write what happens, in one order, into this file (JSON Lines)")(
      "ss-at", po::value<std::vector<std::string>>(),
      "list both hosts' TCP as ss -tain does at this simulated time, as in 1.5ms, into ss.txt; more than once")(
      "trace", po::value<std::string>()->implicit_value(""),
      "waveform of the client's NIC, nic.fst and nic.gtkw (only --nic=rtl; slow); =FROM:TO from when to when, as in "
      "10us:1ms")(
      "trace-on", po::value<std::string>(),
      "waveform around the first retransmit, drop, miss or error; :CLOCKS after it (2000) and half as many before")(
      "wire-gbit", po::value<double>()->default_value(100), "rate of the wire, Gbit/s")(
      "wire-delay-ns", po::value<std::uint64_t>()->default_value(500), "propagation, one way")(
      "limit-s", po::value<std::uint64_t>()->default_value(3600), "simulated seconds after which the run has failed");
  options.add(impairment_options_description());
  options.add(platform_options_description());
  return options;
}

model::system::transfer_scenario read_scenario(const po::variables_map& values) {
  model::system::transfer_scenario scenario;
  scenario.connections = values["connections"].as<std::uint64_t>();
  if (scenario.connections < 1 || scenario.connections > 20'000) {
    throw usage_error(fmt::format("--connections={} is out of range: 1 to 20000", scenario.connections));
  }
  const double gbit = values["wire-gbit"].as<double>();
  if (!(gbit >= 0.01 && gbit <= 400))
    throw usage_error(fmt::format("--wire-gbit={} is out of range: 0.01 to 400", gbit));
  scenario.platform = read_platform_options(values);
  scenario.platform.wire_bits_per_s = static_cast<std::uint64_t>(gbit * 1e9);
  const std::uint64_t delay_ns = values["wire-delay-ns"].as<std::uint64_t>();
  if (delay_ns < 1 || delay_ns > base::ns_per_s)
    throw usage_error(fmt::format("--wire-delay-ns={} is out of range: 1 to {}", delay_ns, base::ns_per_s));
  scenario.platform.wire_delay_ns = delay_ns;
  if (const std::string problem = problem_with(scenario.platform); !problem.empty()) throw usage_error(problem);
  scenario.impairments = read_impairment_options(values);
  const std::uint64_t limit_s = values["limit-s"].as<std::uint64_t>();
  if (limit_s < 1 || limit_s > 1'000'000)
    throw usage_error(fmt::format("--limit-s={} is out of range: 1 to 1000000", limit_s));
  scenario.limit_ns = limit_s * base::ns_per_s;
  scenario.file = values.count("file") != 0 ? std::filesystem::path(values["file"].as<std::string>()) : shipped_file();
  return scenario;
}

// Between which times a waveform is written.
void prepare_trace(const po::variables_map& values, std::span<const std::byte> payload,
                   model::system::transfer_scenario& scenario) {
  if (scenario.platform.nic != model::system::nic_kind::rtl)
    throw usage_error("--trace and --trace-on need --nic=rtl: the model has no clocks");
  if (values.count("trace") != 0 && values.count("trace-on") != 0)
    throw usage_error("--trace and --trace-on cannot be had together");
  if (values.count("trace") != 0) {
    const std::string times = values["trace"].as<std::string>();
    if (times.empty()) return;
    const trace_times window = parse_trace_times(times);
    scenario.platform.trace_from_ps = window.from_ps;
    scenario.platform.trace_to_ps = window.to_ps;
    return;
  }
  const std::string text = values["trace-on"].as<std::string>();
  const trigger_request request = parse_trigger(text);
  const std::optional<std::uint64_t> time_ps = find_trigger(scenario, payload, request.what);
  if (!time_ps) throw std::runtime_error("--trace-on=" + text + ": that does not happen in this run");
  const std::uint64_t after_ps = request.clocks * model::nic::nic_config{}.clock_period_ps;
  scenario.platform.trace_from_ps = *time_ps - std::min(*time_ps, after_ps / 2);
  scenario.platform.trace_to_ps = *time_ps + after_ps;
}

// What was asked for, without where the results go.
std::string command_line(const arguments& words) {
  std::string line = "fourtuple run";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--out" || words[i] == "-o") {
      ++i;
    } else if (!words[i].starts_with("--out=") && !words[i].starts_with("-o")) {
      line += " " + words[i];
    }
  }
  return line;
}

void write_results(const model::system::run_report& report, const arguments& words,
                   const std::filesystem::path& directory) {
  const std::string run_json = to_json(report);
  const std::string series_json = plots_to_json(report, command_line(words));
  write_file(directory / "run.json", run_json);
  write_file(directory / "series.json", series_json);
  if (!report.listings.empty()) write_file(directory / "ss.txt", report.listings);
  const std::string name = std::filesystem::absolute(directory).lexically_normal().filename().string();
  write_file(directory / "report.html",
             report_page({{.name = name.empty() ? "run" : name, .run_json = run_json, .series_json = series_json}}));
}

}  // namespace

int command_run(const arguments& words) {
  po::variables_map values;
  if (parse_options(words, usage, run_options(), {}, values)) return exit_ok;
  model::system::transfer_scenario scenario = read_scenario(values);
  const std::vector<std::byte> payload = read_file(scenario.file, "--file");
  const output_directory out(values["out"].as<std::string>());
  std::optional<waveform_output> waveform;
  if (values.count("trace") != 0 || values.count("trace-on") != 0) {
    prepare_trace(values, payload, scenario);
    waveform.emplace(out.path());
    scenario.platform.trace = waveform->path();
  }

  model::system::run_outputs outputs{.capture = out.path() / "wire.pcapng", .events = {}};
  if (values.count("events") != 0) outputs.events = writable_path(values["events"].as<std::string>(), "--events");

  if (values.count("ss-at") != 0) {
    for (const std::string& time : values["ss-at"].as<std::vector<std::string>>())
      outputs.listing_times_ns.push_back(parse_time_ps(time, "--ss-at") / 1000);
    std::ranges::sort(outputs.listing_times_ns);
  }

  model::system::run_progress progress;
  const stop_signals stop(progress.stop);
  double wall_seconds = 0;
  model::system::run_report report;
  {
    const progress_display display(progress);
    report = run_transfer(scenario, payload, outputs, progress);
    wall_seconds = display.wall_seconds();
  }
  if (waveform) {
    waveform->finish();
    write_file(out.path() / "nic.gtkw",
               gtkwave_save_file(waveform->path().filename().string(), scenario.platform.trace_from_ps));
  }
  write_results(report, words, out.path());
  fmt::print("{}  written       {}\n", to_text(report, wall_seconds), out.path().string());
  return report.errors.empty() ? exit_ok : exit_failed;
}

}  // namespace fourtuple::tools
