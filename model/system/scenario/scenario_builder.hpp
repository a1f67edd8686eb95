// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/system/scenario.hpp"
#include "model/system/scenario/scenario_checks.hpp"
#include "model/system/scenario/setting.hpp"

namespace fourtuple::model::system {

/// A scenario that cannot be: one line with where it was said (FILE:LINE or the option) and what is allowed.
class scenario_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What [sweep] in a file says: runs for every combination of values and seeds.
struct sweep_settings {
  struct parameter {
    std::string path;                 ///< As for set().
    std::vector<std::string> values;  ///< As for set().
  };
  std::vector<std::uint64_t> seeds;
  std::vector<parameter> parameters;
};

/// Makes a scenario out of a file, if there is one, and options, which come after it and override it.
///
/// All functions throw scenario_error.
class scenario_builder {
 public:
  /// Two hosts, client and server, with a cable between them, and one workload, bulk.
  scenario_builder();

  /// The network has so many ports that are no hosts of the scenario. Before read_toml().
  void add_other_ports(std::uint32_t count) { made_.other_ports += count; }
  /// Hosts of these names, in place of those there are. Instead of read_toml(), before set().
  void set_hosts(const std::vector<std::string>& names);
  /// Of every host that has none yet.
  void set_gateway(const std::string& address);

  /// A TOML document; `name` is its file's, for messages. Once, before set().
  void read_toml(std::string_view text, const std::string& name);

  /// Sets what `path` names: "nic.kind" (of all hosts), "hosts.NAME.nic.kind", "workloads.NAME.requests" (the name may
  /// be left out if there is one workload), "impairments.loss" or "impairments.NAME.loss" (what that host sends),
  /// "run.seed". `where` is what the user wrote.
  void set(std::string_view path, std::string_view text, const std::string& where);
  /// The same for an option of the tables. Impairments: "NAME:VALUE" holds for what that host sends.
  void set_option(const setting& about, std::string_view text, const std::string& where);

  /// The complete scenario, checked: every host and workload with its name, addresses and ports.
  [[nodiscard]] scenario finish() const;
  /// The same without workloads: a network for what others do on it, of one host or more.
  [[nodiscard]] scenario finish_network() const;

  [[nodiscard]] const sweep_settings& sweep() const noexcept { return sweep_; }

 private:
  friend class scenario_reader;

  template <typename Settings>
  void assign(const settings_table<Settings>& table, const std::vector<Settings*>& targets, std::string_view section,
              std::string_view key, std::string_view text, const std::string& where);
  void set_of_host(std::string_view name, std::string_view rest, std::string_view text, const std::string& where);
  void set_of_workload(std::string_view rest, std::string_view text, const std::string& where);
  void set_of_impairments(std::string_view rest, std::string_view text, const std::string& where);
  [[nodiscard]] host_settings* host_named(std::string_view name);
  [[nodiscard]] std::vector<impairment_settings*> ways_of(std::string_view sender);

  /// Throws if there is one.
  void refuse(const std::optional<scenario_problem>& problem) const;
  /// FILE:LINE or the option that has to do with a path; the file if that is not known, empty if there is none.
  [[nodiscard]] std::string where_said(std::string_view path) const;

  scenario made_;
  sweep_settings sweep_;
  std::string file_;                                         ///< Empty: there is none.
  std::map<std::string, std::string, std::less<>> said_at_;  ///< Where a path was set last.
};

/// The one of `names` that is most like `text`; empty if none is.
[[nodiscard]] std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names);

/// " ; did you mean X?" if there is an X, else nothing.
[[nodiscard]] std::string suggestion(std::string_view text, const std::vector<std::string_view>& names);

}  // namespace fourtuple::model::system
