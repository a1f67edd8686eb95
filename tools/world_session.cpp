// SPDX-License-Identifier: Apache-2.0
#include "tools/world_session.hpp"

#include <fmt/format.h>

#include <sstream>

#include "model/system/run_report.hpp"
#include "tools/run_results.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream stream(text + ",");
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

model::world::world_options read_world_options(const po::variables_map& values) {
  model::world::world_options options;
  options.platform = read_platform_scenario(values).hosts.front().platform;
  if (const std::string problem = problem_with(options.platform); !problem.empty()) throw usage_error(problem);
  options.hosts = split_names(values["hosts"].as<std::string>());
  options.virtual_time = values["virtual-time"].as<bool>();
  options.start_after = values["start-after"].as<std::uint64_t>();
  if (const std::string problem = problem_with(options); !problem.empty()) throw usage_error(problem);
  return options;
}

}  // namespace

po::options_description world_options_description() {
  po::options_description options("World", 100);
  options.add_options()("hosts", po::value<std::string>()->default_value("a,b"),
                        "names of the two hosts: the first is 10.0.0.1, the second 10.0.0.2")(
      "out,o", po::value<std::string>(),
      "directory for run.json, report.html and wire.pcapng; default: none are written")(
      "events", po::value<std::string>(), "write what happens, in one order, into this file (JSON Lines)")(
      "virtual-time", po::bool_switch(), "programs live by the simulated clock, which waits for them")(
      "start-after", po::value<std::uint64_t>()->default_value(1),
      "virtual time: how many programs have to be there before time begins");
  return options;
}

std::vector<help_topic> world_topics() {
  return {{"wire", "the cable between the hosts: --wire-gbit, --wire-delay-ns", wire_options_description()},
          simulation_topic()};
}

world_session::world_session(const po::variables_map& values, const std::filesystem::path& socket,
                             const std::atomic<bool>& stop)
    : options_(read_world_options(values)) {
  if (values.count("out") != 0) {
    out_.emplace(values["out"].as<std::string>());
    options_.capture = out_->path() / "wire.pcapng";
    options_.plots = true;
  }
  if (values.count("events") != 0) options_.events = writable_path(values["events"].as<std::string>(), "--events");
  world_ = std::make_unique<model::world::world>("world", options_);
  if (const std::string problem = world_->start(stop); !problem.empty()) throw std::runtime_error(problem);
  if (const std::string problem = world_->open(socket); !problem.empty())
    throw usage_error(fmt::format("--socket: {}", problem));
}

std::string world_session::host_list() const {
  std::string list;
  for (std::size_t i = 0; i < options_.hosts.size(); ++i)
    list += fmt::format("{}{} {}", i == 0 ? "" : ", ", options_.hosts[i], world_->address_of(i));
  return list;
}

std::string world_session::how_to_start(const std::string& host) const {
  return fmt::format("fourtuple exec --world={} --host={} -- PROGRAM", world_->server().path(), host);
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
