// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/scenario_printer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/system/scenario/setting.hpp"

namespace fourtuple::model::system {

namespace {

// Numbers among texts, such as one of some sizes or a fixed distribution, need no quotes.
std::string value_text(const setting& about, const setting_value& value) {
  const auto* const text = std::get_if<std::string>(&value);
  constexpr std::size_t most_digits = 18;
  const bool digits = text != nullptr && !text->empty() && text->size() <= most_digits &&
                      (text->front() != '0' || *text == "0") &&
                      std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; });
  return digits && (!about.choices.empty() || about.matches) ? *text : to_toml(value);
}

std::string comment_of(const setting& about) {
  std::string comment(about.unit);
  if (about.kind == value_kind::text && !about.choices.empty())
    comment += (comment.empty() ? "" : ": ") + about.allowed();
  return comment;
}

template <typename Settings>
void append_section(std::string& text, const settings_table<Settings>& table, std::string_view section,
                    const Settings& settings, const Settings* unlike = nullptr) {
  for (const field<Settings>& one : table) {
    if (one.about.section != section) continue;
    if (unlike != nullptr && one.get(settings) == one.get(*unlike)) continue;
    const std::string line = fmt::format("{} = {}", one.about.key, value_text(one.about, one.get(settings)));
    const std::string comment = comment_of(one.about);
    text += comment.empty() ? line + '\n' : fmt::format("{:<40} # {}\n", line, comment);
  }
}

constexpr std::string_view platform_sections[] = {"nic", "pcie", "faults", "cpu", "tcp", "link"};

void append_host(std::string& text, const scenario& made, const host_settings& host) {
  text += "\n[[hosts]]\n";
  append_section(text, host_table(), "hosts", host);
  for (const std::string_view section : platform_sections) {
    std::string differences;
    append_section(differences, platform_table(), section, host.platform, &made.platform);
    if (!differences.empty()) text += fmt::format("[hosts.{}]\n{}", section, differences);
  }
}

void append_workload(std::string& text, const workload_settings& work) {
  text += "\n[[workloads]]\n";
  for (const field<workload_settings>& one : workload_table()) {
    const auto& kinds = one.about.workloads;
    if (!kinds.empty() && std::ranges::find(kinds, work.kind) == kinds.end()) continue;
    append_section(text, settings_table<workload_settings>{one}, "workloads", work);
  }
}

void append_impairments(std::string& text, std::string_view side, const host_settings& host,
                        const impairment_settings& way) {
  if (way == impairment_settings{}) return;
  text += fmt::format("\n[[impairments]]\n{} = {}\n", side, in_quotes(host.name));
  append_section(text, impairment_table(), "impairments", way);
}

}  // namespace

std::string to_toml(const scenario& made) {
  std::string text = "# A scenario of fourtuple run; docs/scenario.md says what each key means.\n";
  text += "[run]\n";
  append_section(text, run_table(), "run", made.run);
  for (const std::string_view section : platform_sections) {
    text += fmt::format("\n[{}]\n", section);
    append_section(text, platform_table(), section, made.platform);
  }
  text += "\n[switch]\n";
  append_section(text, switch_table(), "switch", made.ethernet_switch);
  for (const host_settings& host : made.hosts) append_host(text, made, host);
  for (const host_settings& host : made.hosts) {
    append_impairments(text, "from", host, host.sends);
    if (made.switched()) append_impairments(text, "to", host, host.receives);
  }
  for (const workload_settings& work : made.workloads) append_workload(text, work);
  return text;
}

}  // namespace fourtuple::model::system
