// SPDX-License-Identifier: Apache-2.0
#include "tools/world_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <variant>

#include "model/system/run_report.hpp"
#include "model/system/scenario/scenario_builder.hpp"
#include "model/wire/tap_device.hpp"
#include "tools/run_results.hpp"
#include "tools/scenario_options.hpp"
#include "tools/trace_options.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream stream(text + ",");
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

/// From a file, or of the hosts that --hosts names; options override both.
model::system::scenario read_network(const po::variables_map& values) {
  model::system::scenario_builder builder;
  if (values.count("tap") != 0) builder.add_other_ports(1);
  if (values.count("scenario") != 0) {
    if (values.count("hosts") != 0) throw usage_error("--hosts: the hosts are those of the scenario");
    read_scenario_file(values["scenario"].as<std::string>(), builder);
  } else {
    builder.set_hosts(split_names(values.count("hosts") != 0 ? values["hosts"].as<std::string>() : "a,b"));
  }
  read_scenario_options(values, builder);
  if (values.count("gateway") != 0) {
    const auto& gateway = values["gateway"].as<std::string>();
    static_cast<void>(parse_address(gateway, "--gateway"));
    builder.set_gateway(gateway);
  }
  try {
    return builder.finish_network();
  } catch (const model::system::scenario_error& error) {
    throw usage_error(error.what());
  }
}

std::vector<std::uint64_t> listing_times_ns(const po::variables_map& values) {
  std::vector<std::uint64_t> times_ns;
  if (values.count("ss-at") == 0) return times_ns;
  if (values.count("out") == 0) throw usage_error("--ss-at writes ss.txt: give --out=DIR as well");
  for (const std::string& time : values["ss-at"].as<std::vector<std::string>>())
    times_ns.push_back(parse_time_ps(time, "--ss-at") / 1000);
  std::ranges::sort(times_ns);
  return times_ns;
}

model::world::world_options read_world_options(const po::variables_map& values) {
  model::world::world_options options;
  options.network = read_network(values);
  options.outputs.plots = false;
  options.outputs.listing_times_ns = listing_times_ns(values);
  if (values.count("events") != 0)
    options.outputs.events = writable_path(values["events"].as<std::string>(), "--events");
  if (values.count("tap") != 0) options.tap = values["tap"].as<std::string>();
  options.virtual_time = values["virtual-time"].as<bool>();
  options.start_after = values["start-after"].as<std::uint64_t>();
  if (const std::string problem = problem_with(options); !problem.empty()) throw usage_error(problem);
  return options;
}

model::wire::file_descriptor open_tap(const std::string& name) {
  if (name.empty()) return model::wire::file_descriptor();
  auto opened = model::wire::open_tap_device(name);
  if (const auto* problem = std::get_if<std::string>(&opened)) throw usage_error("--tap: " + *problem);
  return std::move(std::get<model::wire::file_descriptor>(opened));
}

}  // namespace

po::options_description world_options_description() {
  po::options_description options("World", help_columns);
  options.add_options()("scenario", po::value<std::string>()->value_name("FILE"),
                        "hosts and network of a scenario in TOML; its workloads are left out")(
      "hosts", po::value<std::string>()->value_name("A,B,..."),
      "the hosts' names, from 10.0.0.1 on; three have a switch [a,b]")(
      "tap", po::value<std::string>()->value_name("NAME"), "a TAP device of the system that is on the network")(
      "gateway", po::value<std::string>()->value_name("ADDRESS"), "where hosts send packets for other networks")(
      "out,o", po::value<std::string>()->value_name("DIR"),
      "directory for run.json, report.html, wire.pcapng; default: none")(
      "events", po::value<std::string>()->value_name("FILE"), "write what happens, in one order, as JSON Lines")(
      "ss-at", po::value<std::vector<std::string>>()->value_name("TIME"),
      "list every host's TCP at this time as ss -tain does, into ss.txt")(
      "virtual-time", po::bool_switch(), "programs live by the simulated clock, which waits for them")(
      "start-after", po::value<std::uint64_t>()->value_name("N")->default_value(1),
      "virtual time begins when so many programs are there");
  return options;
}

std::vector<help_topic> world_topics() {
  po::options_description wire = wire_options_description();
  wire.add(scenario_options_description("Impairments of the wire, in both directions; HOST:X: of what that host sends",
                                        {"impairments"}));
  return {{"wire", "rate, delay, a bad wire: --wire-gbit, --loss, --drop...", wire}, simulation_topic()};
}

world_session::world_session(const po::variables_map& values, const std::filesystem::path& socket,
                             const std::atomic<bool>& stop)
    : options_(read_world_options(values)) {
  if (values.count("out") != 0) {
    out_.emplace(values["out"].as<std::string>());
    options_.outputs.capture = out_->path() / "wire.pcapng";
    options_.outputs.plots = true;
  }
  world_ = std::make_unique<model::world::world>("world", options_, open_tap(options_.tap));
  for (const model::system::host_settings& host : options_.network.hosts) hosts_.push_back(host.name);
  if (const std::string problem = world_->start(stop); !problem.empty()) throw std::runtime_error(problem);
  if (const std::string problem = world_->open(socket); !problem.empty())
    throw usage_error(fmt::format("--socket: {}", problem));
  socket_ = world_->server().path();
}

std::string world_session::host_list() const {
  std::string list;
  for (const model::system::host_settings& host : options_.network.hosts)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", host.name, host.address.substr(0, host.address.find('/')));
  return list;
}

std::string world_session::nic_list() const {
  const auto& hosts = options_.network.hosts;
  const auto same = [&](const auto& host) { return host.platform.nic == hosts.front().platform.nic; };
  if (std::ranges::all_of(hosts, same)) return name_of(hosts.front().platform.nic);
  std::string list;
  for (const auto& host : hosts)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", host.name, name_of(host.platform.nic));
  return list;
}

std::string world_session::how_to_start(const std::string& host) const {
  return fmt::format("fourtuple exec --world={} --host={} -- PROGRAM", socket_.string(), host);
}

std::string world_session::finish(const std::string& subcommand, const arguments& words) {
  const std::uint64_t programs_behind_ns = world_->most_behind_ns();
  const model::system::run_report report = world_->finish();
  const double wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  std::string text = to_text(report, wall_seconds);
  const programs::control_counters& requests = world_->requests();
  text += fmt::format("  programs      {} requests", requests.requests);
  if (requests.refused_users + requests.malformed + requests.wrong_descriptors != 0)
    text += fmt::format(", {} of other users, {} malformed, {} with a wrong descriptor", requests.refused_users,
                        requests.malformed, requests.wrong_descriptors);
  if (const auto* tap = world_->tap_counters()) {
    text += fmt::format("\n  tap           {} frames from the kernel, {} to it", tap->from_kernel, tap->to_kernel);
    if (tap->refused + tap->read_errors != 0)
      text += fmt::format(", {} refused, {} unread", tap->refused, tap->read_errors);
  }
  if (options_.virtual_time) {
    text += "\n  pace          in step with the programs\n";
  } else {
    text += fmt::format("\n  pace          at most {:.3f} s behind the wall clock\n",
                        static_cast<double>(programs_behind_ns) / 1e9);
  }
  if (out_) {
    write_results(report, subcommand, words, out_->path());
    text += fmt::format("  written       {}\n", out_->path().string());
  }
  return text;
}

}  // namespace fourtuple::tools
