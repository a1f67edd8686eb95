// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>

#include "model/nic/nic.hpp"
#include "model/system/run_report.hpp"
#include "model/system/scenario/scenario_printer.hpp"
#include "model/system/scenario_run.hpp"
#include "tools/command.hpp"
#include "tools/gtkwave_save_file.hpp"
#include "tools/options.hpp"
#include "tools/progress_display.hpp"
#include "tools/run_results.hpp"
#include "tools/scenario_options.hpp"
#include "tools/stop_signals.hpp"
#include "tools/trace_options.hpp"
#include "tools/trigger_search.hpp"
#include "tools/waveform_output.hpp"
#include "tools/workload_files.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple run [FILE.toml] [options]\n\n"
    "Simulates hosts, each with its stack, driver, PCIe link and NIC, and what they do. Without a file:\n"
    "a client opens N connections to a server and sends a file across each, and the server compares its\n"
    "SHA-256 on arrival. Options override the file.\n\n"
    "  fourtuple run --nic=rtl --connections=8 --file=README.md --seed=7 --out=out\n";

// The file that ships with the program: beside the directory of the binary, wherever that was put.
std::filesystem::path shipped_file() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/fourtuple/LICENSE";
}

help_pages run_help() {
  po::options_description options("Run", help_columns);
  options.add_options()("scenario", po::value<std::string>()->value_name("FILE"),
                        "a scenario in TOML, also without --scenario")(
      "set", po::value<std::vector<std::string>>()->value_name("PATH=X")->composing(),
      "any key of docs/scenario.md: nic.mtu=1400, hosts.server.nic.kind=model")(
      "print-scenario", po::value<std::string>()->value_name("FORMAT")->implicit_value("toml"),
      "print the complete scenario and run nothing; =markdown: every key")(
      "out,o", po::value<std::string>()->value_name("DIR")->default_value("out"),
      "directory for run.json, report.html, wire.pcapng, the waveform")("no-capture", po::bool_switch(),
                                                                        "do not write wire.pcapng")(
      "events", po::value<std::string>()->value_name("FILE"), "write what happens, in one order, as JSON Lines")(
      "ss-at", po::value<std::vector<std::string>>()->value_name("TIME"),
      "list every host's TCP at this time as ss -tain does, into ss.txt")(
      "trace", po::value<std::string>()->value_name("FROM:TO")->implicit_value(""),
      "waveform of the first host's NIC (rtl; slow), as in 10us:1ms")(
      "trace-on", po::value<std::string>()->value_name("WHAT"),
      "waveform around the first retransmit, drop, miss or error[:CLOCKS]")(
      "from", po::value<std::string>()->value_name("TIME"), "capture, events and waveform only from this time on")(
      "until", po::value<std::string>()->value_name("TIME"), "end the run at this simulated time");
  help_pages pages{.usage = usage, .first = options};
  const auto add = [&](const char* name, const char* what, const char* title,
                       const std::vector<std::string_view>& sections) {
    pages.topics.push_back({name, what, scenario_options_description(title, sections)});
  };
  add("workload", "what the hosts do, for how long: --connections, --file, --seed...", "Workload and run",
      {"run", "workloads"});
  add("host", "NIC, PCIe slot, processor, TCP, cable: --nic, --pcie-lanes, --wire-gbit...", "Hosts",
      {"nic", "pcie", "cpu", "tcp", "link"});
  add("impairments", "a bad wire: --loss, --drop, --reorder, --bottleneck-mbit...",
      "Impairments of the wire, in both directions; client:X or server:X: of what that one sends", {"impairments"});
  return pages;
}

model::system::scenario read_scenario(const po::variables_map& values) {
  model::system::scenario_builder builder;
  if (values.count("scenario") != 0) read_scenario_file(values["scenario"].as<std::string>(), builder);
  read_scenario_options(values, builder);
  return finish_scenario(builder);
}

// True if that was all that was asked for.
bool print_scenario(const po::variables_map& values, const model::system::scenario& made) {
  if (values.count("print-scenario") == 0) return false;
  const auto& format = values["print-scenario"].as<std::string>();
  if (format != "toml" && format != "markdown")
    throw usage_error(fmt::format("--print-scenario={} is unknown: it is toml or markdown", format));
  const std::string text = format == "toml" ? to_toml(made) : model::system::scenario_document();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return true;
}

// Between which times a waveform of the first host's NIC is written.
void prepare_trace(const po::variables_map& values, const model::system::workload_payloads& payloads,
                   model::system::scenario& made) {
  model::system::platform_options& first = made.hosts.front().platform;
  if (first.nic != model::system::nic_kind::rtl)
    throw usage_error("--trace and --trace-on need --nic=rtl: the model has no clocks");
  if (values.count("trace") != 0 && values.count("trace-on") != 0)
    throw usage_error("--trace and --trace-on cannot be had together");
  if (values.count("trace") != 0) {
    const std::string times = values["trace"].as<std::string>();
    if (times.empty()) return;
    const trace_times window = parse_trace_times(times);
    first.trace_from_ps = window.from_ps;
    first.trace_to_ps = window.to_ps;
    return;
  }
  const std::string text = values["trace-on"].as<std::string>();
  const trigger_request request = parse_trigger(text);
  const std::optional<std::uint64_t> time_ps = find_trigger(made, payloads, request.what);
  if (!time_ps) throw std::runtime_error("--trace-on=" + text + ": that does not happen in this run");
  const std::uint64_t after_ps = request.clocks * model::nic::nic_config{}.clock_period_ps;
  first.trace_from_ps = *time_ps - std::min(*time_ps, after_ps / 2);
  first.trace_to_ps = *time_ps + after_ps;
}

// --from and --until: the waveform's window, if there is one, ends where they do.
void take_window(const po::variables_map& values, model::system::scenario& made, model::system::run_outputs& outputs) {
  if (values.count("from") != 0) outputs.from_ps = parse_time_ps(values["from"].as<std::string>(), "--from");
  if (values.count("until") != 0) outputs.until_ps = parse_time_ps(values["until"].as<std::string>(), "--until");
  if (outputs.from_ps >= outputs.until_ps)
    throw usage_error("--from and --until: the run ends before anything is recorded");
  model::system::platform_options& first = made.hosts.front().platform;
  first.trace_from_ps = std::max(first.trace_from_ps, outputs.from_ps);
  first.trace_to_ps = std::min(first.trace_to_ps, outputs.until_ps);
}

}  // namespace

int command_run(const arguments& words) {
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("scenario", 1);
  if (parse_options(words, run_help(), positional, values)) return exit_ok;
  model::system::scenario made = read_scenario(values);
  if (print_scenario(values, made)) return exit_ok;
  const model::system::workload_payloads payloads = read_payloads(made, shipped_file());
  const output_directory out(values["out"].as<std::string>());
  std::optional<waveform_output> waveform;
  if (values.count("trace") != 0 || values.count("trace-on") != 0) {
    prepare_trace(values, payloads, made);
    waveform.emplace(out.path());
    made.hosts.front().platform.trace = waveform->path();
  }

  model::system::run_outputs outputs;
  if (!values["no-capture"].as<bool>()) outputs.capture = out.path() / "wire.pcapng";
  if (values.count("events") != 0) outputs.events = writable_path(values["events"].as<std::string>(), "--events");

  if (values.count("ss-at") != 0) {
    for (const std::string& time : values["ss-at"].as<std::vector<std::string>>())
      outputs.listing_times_ns.push_back(parse_time_ps(time, "--ss-at") / 1000);
    std::ranges::sort(outputs.listing_times_ns);
  }

  take_window(values, made, outputs);
  model::system::run_progress progress;
  const stop_signals stop(progress.stop);
  double wall_seconds = 0;
  model::system::run_report report;
  {
    const progress_display display(progress);
    report = run_scenario(made, payloads, outputs, progress);
    wall_seconds = display.wall_seconds();
  }
  if (waveform) {
    waveform->finish();
    write_file(out.path() / "nic.gtkw",
               gtkwave_save_file(waveform->path().filename().string(), made.hosts.front().platform.trace_from_ps));
  }
  write_results(report, "run", words, out.path());
  fmt::print("{}  written       {}\n", to_text(report, wall_seconds), out.path().string());
  return report.errors.empty() ? exit_ok : exit_failed;
}

}  // namespace fourtuple::tools
