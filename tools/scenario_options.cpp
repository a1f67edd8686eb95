// SPDX-License-Identifier: Apache-2.0
#include "tools/scenario_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "model/system/scenario/setting.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;
using model::system::setting;

namespace {

using words = std::vector<std::string>;

// Those that add up when they are given more than once.
bool repeats(const setting& about) { return about.section == "impairments"; }

std::string help_of(const model::system::described_setting& one) {
  const setting& about = *one.about;
  std::string standard = model::system::to_toml(one.standard);
  std::erase(standard, '"');
  const bool obvious =
      about.is_switch() || standard.empty() || standard == "[]" || standard == "0.0" || about.section == "impairments";
  const std::string choices = about.choices.empty() ? "" : ": " + about.allowed();
  return fmt::format("{}{}{}{}", about.help, choices, about.unit.empty() ? "" : fmt::format(", {}", about.unit),
                     obvious ? "" : fmt::format(" [{}]", standard));
}

}  // namespace

po::options_description scenario_options_description(const char* title, const std::vector<std::string_view>& sections,
                                                     const std::vector<std::string_view>& but) {
  po::options_description options(title, help_columns);
  for (const model::system::described_setting& one : model::system::all_settings()) {
    const setting& about = *one.about;
    if (about.option.empty() || std::ranges::find(sections, about.section) == sections.end()) continue;
    if (std::ranges::find(but, about.option) != but.end()) continue;
    std::string name(about.option);
    if (about.letter != 0) name += fmt::format(",{}", about.letter);
    const std::string help = help_of(one);
    if (about.is_switch())
      options.add_options()(name.c_str(), po::bool_switch(), help.c_str());
    else if (repeats(about))
      options.add_options()(name.c_str(), po::value<words>()->value_name("X")->composing(), help.c_str());
    else
      options.add_options()(name.c_str(), po::value<std::string>()->value_name("X"), help.c_str());
  }
  return options;
}

po::options_description set_option_description() {
  po::options_description options("Any other setting", help_columns);
  options.add_options()("set", po::value<words>()->value_name("PATH=X")->composing(),
                        "any key of docs/scenario.md: nic.mtu=1400, hosts.server.nic.kind=model");
  return options;
}

void read_scenario_options(const po::variables_map& values, model::system::scenario_builder& builder) {
  try {
    for (const model::system::described_setting& one : model::system::all_settings()) {
      const setting& about = *one.about;
      const std::string name(about.option);
      if (name.empty() || values.count(name) == 0) continue;
      if (about.is_switch()) {
        const bool turned_off = name.starts_with("no-");
        if (values[name].as<bool>()) builder.set_option(about, turned_off ? "false" : "true", "--" + name);
        continue;
      }
      const words texts = repeats(about) ? values[name].as<words>() : words{values[name].as<std::string>()};
      for (const std::string& text : texts) builder.set_option(about, text, fmt::format("--{}={}", name, text));
    }
    if (values.count("set") == 0) return;
    for (const std::string& text : values["set"].as<words>()) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos)
        throw usage_error(fmt::format("--set {}: write PATH=VALUE, such as nic.mtu=1400", text));
      builder.set(text.substr(0, equals), text.substr(equals + 1), "--set " + text);
    }
  } catch (const model::system::scenario_error& error) {
    throw usage_error(error.what());
  }
}

void read_scenario_file(const std::string& path, model::system::scenario_builder& builder) {
  const std::vector<std::byte> content = read_file(path, "scenario");
  try {
    builder.read_toml({reinterpret_cast<const char*>(content.data()), content.size()}, path);
  } catch (const model::system::scenario_error& error) {
    throw usage_error(error.what());
  }
}

model::system::scenario finish_scenario(const model::system::scenario_builder& builder) {
  try {
    return builder.finish();
  } catch (const model::system::scenario_error& error) {
    throw usage_error(error.what());
  }
}

}  // namespace fourtuple::tools
