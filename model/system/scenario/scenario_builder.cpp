// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/scenario_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/system/scenario/scenario_checks.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::string_view sections[] = {"run",  "nic",   "pcie",        "faults",    "cpu",   "tcp",
                                         "link", "hosts", "impairments", "workloads", "switch"};

bool is_platform_section(std::string_view name) {
  return std::ranges::any_of(platform_table(), [&](const auto& field) { return field.about.section == name; });
}

std::pair<std::string_view, std::string_view> cut(std::string_view path) {
  const std::size_t dot = path.find('.');
  return dot == std::string_view::npos ? std::pair(path, std::string_view())
                                       : std::pair(path.substr(0, dot), path.substr(dot + 1));
}

template <typename Settings>
std::vector<Settings*> pointers_to(std::vector<Settings>& all) {
  std::vector<Settings*> result;
  for (Settings& one : all) result.push_back(&one);
  return result;
}

}  // namespace

scenario_builder::scenario_builder() {
  made_.hosts.resize(2);
  made_.hosts[0].name = "client";
  made_.hosts[1].name = "server";
  made_.workloads.resize(1);
}

template <typename Settings>
void scenario_builder::assign(const settings_table<Settings>& table, const std::vector<Settings*>& targets,
                              std::string_view section, std::string_view key, std::string_view text,
                              const std::string& where) {
  std::vector<std::string_view> keys;
  for (const field<Settings>& one : table) {
    if (one.about.section != section) continue;
    keys.push_back(one.about.key);
    if (one.about.key != key) continue;
    const auto value = parse_value(one.about, text);
    if (!value || !one.about.accepts(*value))
      throw scenario_error(fmt::format("{} is not {}", where, one.about.allowed()));
    for (Settings* const target : targets) one.set(*target, *value);
    return;
  }
  throw scenario_error(fmt::format("{}: [{}] has no {}{}", where, section, in_quotes(key), suggestion(key, keys)));
}

void scenario_builder::set(std::string_view path, std::string_view text, const std::string& where) {
  const auto [section, rest] = cut(path);
  if (section == "run") {
    assign(run_table(), {&made_.run}, section, rest, text, where);
  } else if (section == "switch") {
    assign(switch_table(), {&made_.ethernet_switch}, section, rest, text, where);
  } else if (is_platform_section(section)) {
    std::vector<platform_options*> targets{&made_.platform};
    for (host_settings& host : made_.hosts) targets.push_back(&host.platform);
    assign(platform_table(), targets, section, rest, text, where);
  } else if (section == "hosts") {
    const auto [name, key] = cut(rest);
    set_of_host(name, key, text, where);
  } else if (section == "workloads") {
    set_of_workload(rest, text, where);
  } else if (section == "impairments") {
    set_of_impairments(rest, text, where);
  } else {
    throw scenario_error(fmt::format("{}: there is no section {}{}", where, in_quotes(section),
                                     suggestion(section, {std::begin(sections), std::end(sections)})));
  }
  said_at_.insert_or_assign(std::string(path), where);
}

void scenario_builder::set_option(const setting& about, std::string_view text, const std::string& where) {
  if (about.section == "impairments") {
    const std::string_view name = text.substr(0, text.find(':'));
    if (name.size() < text.size() && host_named(name) != nullptr) {
      return set(fmt::format("impairments.{}.{}", name, about.key), text.substr(name.size() + 1), where);
    }
  }
  set(fmt::format("{}.{}", about.section, about.key), text, where);
}

host_settings* scenario_builder::host_named(std::string_view name) {
  const auto found = std::ranges::find(made_.hosts, name, &host_settings::name);
  return found == made_.hosts.end() ? nullptr : &*found;
}

void scenario_builder::set_of_host(std::string_view name, std::string_view rest, std::string_view text,
                                   const std::string& where) {
  host_settings* const host = host_named(name);
  if (host == nullptr) {
    std::vector<std::string_view> names;
    for (const host_settings& one : made_.hosts) names.push_back(one.name);
    throw scenario_error(fmt::format("{}: there is no host {}{}", where, in_quotes(name), suggestion(name, names)));
  }
  const auto [section, key] = cut(rest);
  if (key.empty())
    assign(host_table(), {host}, "hosts", section, text, where);
  else
    assign(platform_table(), {&host->platform}, section, key, text, where);
}

void scenario_builder::set_of_workload(std::string_view rest, std::string_view text, const std::string& where) {
  const auto [name, key] = cut(rest);
  if (key.empty()) {
    if (made_.workloads.size() != 1)
      throw scenario_error(fmt::format("{}: the scenario has {} workloads; say which: --set workloads.NAME.{}=...",
                                       where, made_.workloads.size(), name));
    return assign(workload_table(), {&made_.workloads.front()}, "workloads", name, text, where);
  }
  std::vector<std::string_view> names;
  for (workload_settings& work : made_.workloads) {
    const std::string_view called = work.name.empty() ? name_of(work.kind) : std::string_view(work.name);
    names.push_back(called);
    if (called == name) return assign(workload_table(), {&work}, "workloads", key, text, where);
  }
  throw scenario_error(fmt::format("{}: there is no workload {}{}", where, in_quotes(name), suggestion(name, names)));
}

std::vector<impairment_settings*> scenario_builder::ways_of(std::string_view sender) {
  std::vector<impairment_settings*> ways;
  for (host_settings& host : made_.hosts) {
    if (sender.empty() || host.name == sender) ways.push_back(&host.sends);
    if (sender.empty()) ways.push_back(&host.receives);
  }
  return ways;
}

void scenario_builder::set_of_impairments(std::string_view rest, std::string_view text, const std::string& where) {
  const auto [name, key] = cut(rest);
  const bool all = key.empty();
  const std::vector<impairment_settings*> ways = ways_of(all ? std::string_view() : name);
  if (ways.empty()) throw scenario_error(fmt::format("{}: there is no host {}", where, in_quotes(name)));
  const std::string_view what = all ? name : key;
  if (what != "drop") return assign(impairment_table(), ways, "impairments", what, text, where);
  // Options of this one add up.
  for (impairment_settings* const way : ways) {
    impairment_settings one;
    assign(impairment_table(), {&one}, "impairments", what, text, where);
    way->drop.insert(way->drop.end(), one.drop.begin(), one.drop.end());
  }
}

std::string scenario_builder::where_said(std::string_view path) const {
  while (!path.empty()) {
    // It itself, or something below it.
    const auto found = said_at_.lower_bound(path);
    const bool below = found != said_at_.end() && found->first.starts_with(path) &&
                       (found->first.size() == path.size() || found->first[path.size()] == '.');
    if (below) return found->second;
    const std::size_t dot = path.rfind('.');
    path = path.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return file_;
}

void scenario_builder::set_hosts(const std::vector<std::string>& names) {
  made_.hosts.assign(names.size(), {});
  for (std::size_t i = 0; i < names.size(); ++i) made_.hosts[i].name = names[i];
}

void scenario_builder::set_gateway(const std::string& address) {
  for (host_settings& host : made_.hosts) {
    if (host.gateway.empty()) host.gateway = address;
  }
}

void scenario_builder::refuse(const std::optional<scenario_problem>& problem) const {
  if (!problem) return;
  const std::string where = where_said(problem->path);
  throw scenario_error(where.empty() ? problem->what : fmt::format("{}: {}", where, problem->what));
}

scenario scenario_builder::finish() const {
  scenario result = made_;
  complete(result);
  refuse(problem_with(result));
  return result;
}

scenario scenario_builder::finish_network() const {
  scenario result = made_;
  result.workloads.clear();
  complete(result);
  refuse(problem_with_network(result));
  return result;
}

}  // namespace fourtuple::model::system
