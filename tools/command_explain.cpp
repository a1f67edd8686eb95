// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "host/app/http_message.hpp"
#include "tools/command.hpp"
#include "tools/explain/connection_story.hpp"
#include "tools/explain/connection_summary.hpp"
#include "tools/explain/event_file.hpp"
#include "tools/options.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple explain OUT [--connection=WHICH] [options]\n\n"
    "Tells a connection's life in plain words, from the events of a run: handshake, the NIC's table,\n"
    "data, loss and recovery, close. Without --connection it lists the connections. OUT is the file that\n"
    "--events wrote, or a directory with it as events.jsonl.\n\n"
    "  fourtuple run --nic=model --drop=client:data:3 --out=out --events=out/events.jsonl\n"
    "  fourtuple explain out && fourtuple explain out --connection=1\n";

po::options_description explain_options() {
  po::options_description options("Story", 100);
  options.add_options()("events", po::value<std::string>()->required(), "what is read")(
      "connection,c", po::value<std::string>(), "its number in the list, its name or a part of it, such as a port")(
      "host", po::value<std::string>(), "only what this host, its NIC and its sending are about")(
      "layer", po::value<std::string>(), "only host, nic or wire")(
      "outcome", po::value<std::string>(), "list only connections that ended so: closed, reset, open or never")(
      "troubled", po::bool_switch(), "list only connections with losses, drops or retransmissions")(
      "limit", po::value<std::uint64_t>()->default_value(1000), "lines at most; 0: all");
  return options;
}

std::filesystem::path events_file(const std::string& text) {
  const std::filesystem::path path = text;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return path;
  if (std::filesystem::exists(path / "events.jsonl", error)) return path / "events.jsonl";
  throw usage_error(fmt::format("{} has no events.jsonl; fourtuple run --events={} writes it", path.string(),
                                (path / "events.jsonl").string()));
}

// A name can begin like a number, so a number is one only if it is in the list.
std::string chosen_connection(const std::vector<connection_summary>& all, const std::string& which) {
  if (const auto number = app::parse_number(which); number && *number >= 1 && *number <= all.size())
    return all[*number - 1].name;
  std::vector<std::string> found;
  for (const connection_summary& each : all) {
    if (each.name.find(which) != std::string::npos) found.push_back(each.name);
  }
  if (found.size() == 1) return found[0];
  if (found.empty())
    throw usage_error(
        fmt::format("--connection={}: there is no such connection; without it, explain lists them", which));
  throw usage_error(fmt::format("--connection={} could be {} or {}{}", which, found[0], found[1],
                                found.size() > 2 ? fmt::format(" or {} more", found.size() - 2) : ""));
}

bool is_listed(const connection_summary& each, const po::variables_map& values) {
  if (values["troubled"].as<bool>() && each.lost + each.dropped + each.retransmits == 0) return false;
  return values.count("outcome") == 0 || each.outcome().starts_with(values["outcome"].as<std::string>());
}

void print_list(const std::vector<connection_summary>& all, const po::variables_map& values) {
  const std::uint64_t limit = values["limit"].as<std::uint64_t>();
  std::uint64_t shown = 0;
  fmt::print("{:>5}  {:<43} {:>12} {:>12} {:>10} {:>5} {:>5} {:>5}  {}\n", "", "connection", "begins", "lasts", "bytes",
             "again", "lost", "drops", "end");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const connection_summary& each = all[i];
    if (!is_listed(each, values)) continue;
    if (limit != 0 && ++shown > limit) {
      fmt::print("  and more; --limit=0 lists all\n");
      return;
    }
    std::uint64_t bytes = 0;
    for (const auto& [host, sent] : each.sent_bytes) bytes += sent;
    fmt::print("{:>5}  {:<43} {:>12} {:>12} {:>10} {:>5} {:>5} {:>5}  {}\n", i + 1, each.name, time_text(each.begin_ps),
               time_text(each.end_ps - each.begin_ps), bytes, each.retransmits, each.lost, each.dropped,
               each.outcome());
  }
}

void print_story(const std::filesystem::path& file, const std::string& name, const po::variables_map& values) {
  connection_story story(name);
  for_each_event(file, [&story](const event_line& line) { story.take(line); });
  story.finish();
  const std::uint64_t limit = values["limit"].as<std::uint64_t>();
  std::uint64_t shown = 0;
  fmt::print("{}\n\n", name);
  const std::uint64_t begin_ps = story.lines().empty() ? 0 : story.lines().front().time_ps;
  for (const story_line& line : story.lines()) {
    if (values.count("host") != 0 && line.host != values["host"].as<std::string>()) continue;
    if (values.count("layer") != 0 && line.layer != values["layer"].as<std::string>()) continue;
    if (limit != 0 && ++shown > limit) {
      fmt::print("and more; --limit=0 tells all\n");
      return;
    }
    const std::string who = line.host + (line.layer == "nic" ? "'s NIC" : line.layer == "wire" ? " (wire)" : "");
    const std::string since = fmt::format("+{}", time_text(line.time_ps - std::min(begin_ps, line.time_ps)));
    fmt::print("{:>14} {:>14}  {:<15} {}\n", time_text(line.time_ps), since, who, line.text);
  }
}

void check_filters(const po::variables_map& values) {
  if (values.count("layer") != 0) {
    const auto& layer = values["layer"].as<std::string>();
    if (layer != "host" && layer != "nic" && layer != "wire")
      throw usage_error(fmt::format("--layer={} is unknown: it is host, nic or wire", layer));
  }
  if (values.count("outcome") != 0) {
    const auto& outcome = values["outcome"].as<std::string>();
    if (outcome != "closed" && outcome != "reset" && outcome != "open" && outcome != "never")
      throw usage_error(fmt::format("--outcome={} is unknown: it is closed, reset, open or never", outcome));
  }
}

}  // namespace

int command_explain(const arguments& words) {
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("events", 1);
  if (parse_options(words, usage, explain_options(), positional, values)) return exit_ok;
  check_filters(values);
  const std::filesystem::path file = events_file(values["events"].as<std::string>());
  try {
    connection_list connections;
    for_each_event(file, [&connections](const event_line& line) { connections.take(line); });
    if (values.count("connection") == 0) {
      print_list(connections.all(), values);
    } else {
      print_story(file, chosen_connection(connections.all(), values["connection"].as<std::string>()), values);
    }
  } catch (const usage_error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw usage_error(error.what());
  }
  return exit_ok;
}

}  // namespace fourtuple::tools
