// SPDX-License-Identifier: Apache-2.0
// toml++ 3.3: GCC 12 sees a maybe-uninitialized in its headers that is none.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "model/system/scenario/scenario_builder.hpp"

namespace fourtuple::model::system {

namespace {

// No scenario that a person or a program has reason to write is larger, and toml++ recurses over dotted keys.
constexpr std::size_t most_bytes = 1'048'576;
constexpr std::size_t most_line_bytes = 16'384;
constexpr std::size_t most_entries = 1'000;

std::string one_line(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string line;
  for (const char c : text.substr(0, longest)) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return line;
}

// As the user wrote it, or what it is.
std::string shown(const toml::node& node) {
  constexpr std::size_t longest = 60;
  if (const auto* text = node.as_string()) return in_quotes(std::string_view(text->get()).substr(0, longest));
  if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* number = node.as_floating_point()) {
    const std::string text = fmt::format("{}", number->get());
    return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;  // 2.0 is not 2.
  }
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (const auto* list = node.as_array()) return list->empty() ? "an empty list" : "a list";
  return "a date or time";
}

std::optional<setting_value> value_of(const setting& about, const toml::node& node) {
  switch (about.kind) {
    case value_kind::boolean:
      if (const auto* flag = node.as_boolean()) return flag->get();
      return std::nullopt;
    case value_kind::integer:
      if (const auto* whole = node.as_integer(); whole && whole->get() >= 0)
        return static_cast<std::uint64_t>(whole->get());
      return std::nullopt;
    case value_kind::number:
      if (const auto* number = node.as_floating_point()) return number->get();
      if (const auto* whole = node.as_integer()) return static_cast<double>(whole->get());
      return std::nullopt;
    case value_kind::text:
      if (const auto* text = node.as_string()) return text->get();
      // 64 for "64", where that is a distribution or one of some sizes.
      if (const auto* whole = node.as_integer(); whole && (!about.choices.empty() || about.matches))
        return std::to_string(whole->get());
      return std::nullopt;
    case value_kind::list: {
      std::vector<std::string> list;
      if (const auto* text = node.as_string()) return std::vector{text->get()};
      const auto* const array = node.as_array();
      if (array == nullptr) return std::nullopt;
      for (const toml::node& element : *array) {
        if (!element.is_string()) return std::nullopt;
        list.push_back(element.as_string()->get());
      }
      return list;
    }
  }
  return std::nullopt;
}

}  // namespace

/// Reads one document into a builder.
class scenario_reader {
 public:
  scenario_reader(scenario_builder& builder, const std::string& name) : builder_(builder), name_(name) {}

  void read(const toml::table& document);

 private:
  [[noreturn]] void refuse(const toml::source_region& place, const std::string& what) const {
    throw scenario_error(fmt::format("{}:{}: {}", name_, place.begin.line, what));
  }
  [[noreturn]] void refuse(const toml::node& node, const std::string& what) const { refuse(node.source(), what); }
  [[nodiscard]] const toml::table& table_at(const toml::table& document, std::string_view key) const;
  [[nodiscard]] std::vector<const toml::table*> tables_at(const toml::table& document, std::string_view key) const;

  /// Reads what `table` says of `section` and refuses what is in neither `fields` nor `others`.
  template <typename Settings>
  void read_section(const toml::table& table, const settings_table<Settings>& fields, std::string_view section,
                    Settings& target, const std::string& path, const std::set<std::string_view>& others = {});
  void read_platform(const toml::table& document, platform_options& target, const std::string& path);
  void read_hosts(const toml::table& document);
  void read_workloads(const toml::table& document);
  void read_impairments(const toml::table& document);
  void read_sweep(const toml::table& document);
  void read_sweep_parameters(const toml::table& parameters);
  [[nodiscard]] std::string sweep_value(const toml::node& node) const;
  [[nodiscard]] const host_settings& host_of(const toml::node& node) const;

  scenario_builder& builder_;
  const std::string& name_;
};

namespace {
const std::set<std::string_view> platform_sections{"nic", "pcie", "faults", "cpu", "tcp", "link"};
}

const toml::table& scenario_reader::table_at(const toml::table& document, std::string_view key) const {
  const toml::node& node = *document.get(key);
  if (!node.is_table())
    refuse(node, fmt::format("{} is {}, not a section: write [{}] above its settings", key, shown(node), key));
  return *node.as_table();
}

std::vector<const toml::table*> scenario_reader::tables_at(const toml::table& document, std::string_view key) const {
  const toml::node* const node = document.get(key);
  if (node == nullptr) return {};
  const auto* const array = node->as_array();
  if (array == nullptr || !array->is_homogeneous(toml::node_type::table))
    refuse(*node, fmt::format("{} is not a list of sections: write [[{}]] above each", key, key));
  if (array->size() > most_entries) refuse(*node, fmt::format("more than {} times [[{}]]", most_entries, key));
  std::vector<const toml::table*> tables;
  for (const toml::node& element : *array) tables.push_back(element.as_table());
  return tables;
}

template <typename Settings>
void scenario_reader::read_section(const toml::table& table, const settings_table<Settings>& fields,
                                   std::string_view section, Settings& target, const std::string& path,
                                   const std::set<std::string_view>& others) {
  std::vector<std::string_view> keys(others.begin(), others.end());
  for (const field<Settings>& one : fields) {
    if (one.about.section == section) keys.push_back(one.about.key);
  }
  for (const auto& [key, node] : table) {
    if (std::ranges::find(keys, key.str()) == keys.end())
      refuse(key.source(), fmt::format("[{}] has no {}{}", section, in_quotes(key.str()), suggestion(key.str(), keys)));
    for (const field<Settings>& one : fields) {
      if (one.about.section != section || one.about.key != key.str()) continue;
      const auto value = value_of(one.about, node);
      if (!value || !one.about.accepts(*value))
        refuse(node, fmt::format("{}.{} = {} is not {}", section, key.str(), shown(node), one.about.allowed()));
      one.set(target, *value);
      builder_.said_at_.insert_or_assign(path + "." + std::string(key.str()),
                                         fmt::format("{}:{}", name_, node.source().begin.line));
    }
  }
}

void scenario_reader::read_platform(const toml::table& document, platform_options& target, const std::string& path) {
  for (const std::string_view section : platform_sections) {
    if (!document.contains(section)) continue;
    read_section(table_at(document, section), platform_table(), section, target, path + std::string(section));
  }
}

void scenario_reader::read_hosts(const toml::table& document) {
  const std::vector<const toml::table*> tables = tables_at(document, "hosts");
  std::vector<host_settings> hosts = tables.empty() ? builder_.made_.hosts : std::vector<host_settings>();
  for (host_settings& host : hosts) host.platform = builder_.made_.platform;
  for (const toml::table* const table : tables) {
    host_settings& host = hosts.emplace_back();
    host.platform = builder_.made_.platform;
    const toml::node* const name = table->get("name");
    if (name == nullptr) refuse(*table, "a host needs a name: name = \"server\"");
    const std::string path = "hosts." + name->value_or<std::string>("");
    read_section(*table, host_table(), "hosts", host, path, platform_sections);
    read_platform(*table, host.platform, path + '.');
    builder_.said_at_.insert_or_assign(path, fmt::format("{}:{}", name_, table->source().begin.line));
    const auto same = [&](const host_settings& other) { return other.name == host.name; };
    if (std::count_if(hosts.begin(), hosts.end(), same) > 1)
      refuse(*name, fmt::format("there is another host {}", in_quotes(host.name)));
  }
  builder_.made_.hosts = std::move(hosts);
}

void scenario_reader::read_workloads(const toml::table& document) {
  const std::vector<const toml::table*> tables = tables_at(document, "workloads");
  if (tables.empty()) return;
  std::vector<workload_settings> workloads;
  for (const toml::table* const table : tables) {
    workload_settings& work = workloads.emplace_back();
    workload_settings known;  // What kind it is decides what the rest of it is called.
    for (const auto& one : workload_table()) {
      const toml::node* const node = table->get(one.about.key);
      const auto value = node == nullptr ? std::nullopt : value_of(one.about, *node);
      if ((one.about.key == "name" || one.about.key == "kind") && value && one.about.accepts(*value))
        one.set(known, *value);
    }
    const std::string called = known.name.empty() ? name_of(known.kind) : known.name;
    read_section(*table, workload_table(), "workloads", work, "workloads." + called);
    builder_.said_at_.insert_or_assign("workloads." + called, fmt::format("{}:{}", name_, table->source().begin.line));
    for (const auto& one : workload_table()) {
      const toml::node* const node = table->get(one.about.key);
      const auto& kinds = one.about.workloads;
      if (node != nullptr && !kinds.empty() && std::ranges::find(kinds, work.kind) == kinds.end())
        refuse(*node, fmt::format("{} means nothing to a workload of kind {}", one.about.key, name_of(work.kind)));
    }
  }
  builder_.made_.workloads = std::move(workloads);
}

const host_settings& scenario_reader::host_of(const toml::node& node) const {
  const std::string name = node.value_or<std::string>("");
  for (const host_settings& host : builder_.made_.hosts) {
    if (host.name == name) return host;
    if (host.count > 1 && name.starts_with(host.name + "-"))
      refuse(node, fmt::format("{} is one of {} hosts of a kind; \"{}\" means each of them, and one that is to be "
                               "different needs [[hosts]] of its own",
                               shown(node), host.count, host.name));
  }
  refuse(node, fmt::format("{} is not the name of a host", shown(node)));
}

void scenario_reader::read_impairments(const toml::table& document) {
  for (const toml::table* const table : tables_at(document, "impairments")) {
    const toml::node* const from = table->get("from");
    const toml::node* const to = table->get("to");
    for (host_settings& host : builder_.made_.hosts) {
      const bool sends = from == nullptr ? to == nullptr : host_of(*from).name == host.name;
      const bool receives = to == nullptr ? from == nullptr : host_of(*to).name == host.name;
      // On a cable between two, what one receives is what the other one sends.
      const bool cable = !builder_.made_.switched() && builder_.made_.hosts.size() == 2;
      host_settings& other = builder_.made_.hosts[cable && &host == builder_.made_.hosts.data() ? 1 : 0];
      impairment_settings ignored;
      const std::string path = "impairments." + host.name;
      for (auto& [wanted, way] : {std::pair(sends, &host.sends), std::pair(receives, &host.receives),
                                  std::pair(receives && cable, &other.sends), std::pair(true, &ignored)}) {
        if (wanted) read_section(*table, impairment_table(), "impairments", *way, path, {"from", "to"});
      }
    }
  }
}

std::string scenario_reader::sweep_value(const toml::node& node) const {
  if (const auto* text = node.as_string()) return text->get();
  if (!node.is_integer() && !node.is_floating_point() && !node.is_boolean())
    refuse(node, fmt::format("{} is not a value that a run can be given", shown(node)));
  return shown(node);
}

void scenario_reader::read_sweep_parameters(const toml::table& parameters) {
  // toml++ keeps tables by name; the order of the runs is that of the file.
  std::vector<std::pair<const toml::key*, const toml::node*>> in_order;
  for (const auto& [path, values] : parameters) in_order.emplace_back(&path, &values);
  std::ranges::sort(in_order, {}, [](const auto& entry) {
    const toml::source_position place = entry.first->source().begin;
    return std::pair(place.line, place.column);
  });
  for (const auto& [path, values] : in_order) {
    const auto* const array = values->as_array();
    if (array == nullptr || array->empty())
      refuse(*values, fmt::format("{} is {}: give the values as a list, and the path in quotes: \"nic.kind\" = "
                                  "[\"rtl\", \"model\"]",
                                  in_quotes(path->str()), shown(*values)));
    auto& parameter = builder_.sweep_.parameters.emplace_back();
    parameter.path = path->str();
    for (const toml::node& value : *array) {
      parameter.values.push_back(sweep_value(value));
      // Now, because it is here that the line is known.
      scenario_builder trial = builder_;
      trial.set(parameter.path, parameter.values.back(),
                fmt::format("{}:{}: {} = {}", name_, value.source().begin.line, parameter.path, shown(value)));
    }
  }
}

void scenario_reader::read_sweep(const toml::table& document) {
  if (!document.contains("sweep")) return;
  const toml::table& sweep = table_at(document, "sweep");
  for (const auto& [key, node] : sweep) {
    if (key.str() == "seeds") {
      const auto* const array = node.as_array();
      const auto* const count = node.as_integer();
      if (count != nullptr && count->get() >= 1 && count->get() <= static_cast<std::int64_t>(most_entries)) {
        for (std::int64_t seed = 1; seed <= count->get(); ++seed)
          builder_.sweep_.seeds.push_back(static_cast<std::uint64_t>(seed));
      } else if (array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::integer)) {
        for (const toml::node& seed : *array) {
          if (seed.as_integer()->get() < 0) refuse(seed, fmt::format("the seed {} is negative", shown(seed)));
          builder_.sweep_.seeds.push_back(static_cast<std::uint64_t>(seed.as_integer()->get()));
        }
      } else {
        refuse(node, fmt::format("sweep.seeds = {} is neither a list of seeds nor how many there are (1 to {})",
                                 shown(node), most_entries));
      }
    } else if (key.str() == "parameters") {
      read_sweep_parameters(table_at(sweep, "parameters"));
    } else {
      refuse(key.source(),
             fmt::format("[sweep] has no {}{}", in_quotes(key.str()), suggestion(key.str(), {"seeds", "parameters"})));
    }
  }
}

void scenario_reader::read(const toml::table& document) {
  std::vector<std::string_view> known{"run", "switch", "hosts", "impairments", "workloads", "sweep"};
  known.insert(known.end(), platform_sections.begin(), platform_sections.end());
  for (const auto& [key, node] : document) {
    if (std::ranges::find(known, key.str()) == known.end())
      refuse(key.source(), fmt::format("there is no section {}{}", in_quotes(key.str()), suggestion(key.str(), known)));
  }
  if (document.contains("run")) read_section(table_at(document, "run"), run_table(), "run", builder_.made_.run, "run");
  if (document.contains("switch"))
    read_section(table_at(document, "switch"), switch_table(), "switch", builder_.made_.ethernet_switch, "switch");
  read_platform(document, builder_.made_.platform, "");
  read_hosts(document);
  read_workloads(document);
  read_impairments(document);
  read_sweep(document);
}

void scenario_builder::read_toml(std::string_view text, const std::string& name) {
  file_ = name;
  if (text.size() > most_bytes) throw scenario_error(fmt::format("{}: more than {} bytes", name, most_bytes));
  std::size_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end - at > most_line_bytes)
      throw scenario_error(fmt::format("{}:{}: the line is longer than {} bytes", name, line, most_line_bytes));
    at = end + 1;
  }
  toml::table document;
  try {
    document = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw scenario_error(
        fmt::format("{}:{}: not TOML: {}", name, error.source().begin.line, one_line(error.description())));
  }
  scenario_reader(*this, name).read(document);
}

}  // namespace fourtuple::model::system
