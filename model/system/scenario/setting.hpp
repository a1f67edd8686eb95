// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/system/scenario.hpp"

namespace fourtuple::model::system {

/// What a setting can hold. Whole numbers are never negative.
using setting_value = std::variant<bool, std::uint64_t, double, std::string, std::vector<std::string>>;
enum class value_kind : std::uint8_t { boolean, integer, number, text, list };  // As the variant's alternatives.

/// TOML's integers end here.
inline constexpr std::uint64_t most_integer = std::numeric_limits<std::int64_t>::max();

/// One thing that a scenario can say: its name in a file, its unit and range, its option if it has one, and what it
/// means. The tables of these are the only place where that is written down; reading, printing, --help and
/// docs/scenario.md follow from them.
struct setting {
  std::string_view section;  ///< [run], [nic], [[hosts]]...
  std::string_view key;
  std::string_view unit = {};
  std::string_view option = {};  ///< Of `fourtuple run`, without "--"; empty: only by file and --set.
  char letter = 0;               ///< Short form of the option.
  std::string_view help = {};
  std::uint64_t least = 0;  ///< Of a whole number; of a number least_number.
  std::uint64_t most = most_integer;
  double least_number = 0;
  double most_number = 0;
  std::vector<std::string_view> choices = {};          ///< Of a text; empty: format says what it is.
  std::string_view format = {};                        ///< "an IPv4 address such as ...", for messages.
  std::function<bool(std::string_view)> matches = {};  ///< Of a text or the texts of a list; empty: any.
  std::vector<workload_kind> workloads = {};           ///< That it means something to; empty: all.
  value_kind kind = value_kind::integer;

  /// "a whole number from 1 to 20000", "rtl or model".
  [[nodiscard]] std::string allowed() const;
  /// Of the right kind, in range, of the right form.
  [[nodiscard]] bool accepts(const setting_value& value) const;
  /// An option that is given without a value.
  [[nodiscard]] bool is_switch() const noexcept { return kind == value_kind::boolean; }
};

/// A setting and where it is kept in `Settings`. A default-constructed `Settings` has the defaults.
template <typename Settings>
struct field {
  setting about;
  std::function<setting_value(const Settings&)> get;
  std::function<void(Settings&, const setting_value&)> set;  ///< With a value that the setting accepts.
};

template <typename Settings>
using settings_table = std::vector<field<Settings>>;

/// The tables, in the order of printing.
[[nodiscard]] const settings_table<run_settings>& run_table();
[[nodiscard]] const settings_table<platform_options>& platform_table();  ///< [nic], [pcie], [cpu], [tcp] and [link].
[[nodiscard]] const settings_table<switch_settings>& switch_table();
[[nodiscard]] const settings_table<host_settings>& host_table();
[[nodiscard]] const settings_table<impairment_settings>& impairment_table();
[[nodiscard]] const settings_table<workload_settings>& workload_table();

/// Every setting of every table with its default, in that order.
struct described_setting {
  const setting* about;
  setting_value standard;
};
[[nodiscard]] const std::vector<described_setting>& all_settings();

/// The value that a text stands for, on the command line or in --set; nothing if it is not of the setting's kind.
[[nodiscard]] std::optional<setting_value> parse_value(const setting& about, std::string_view text);
/// As TOML writes it.
[[nodiscard]] std::string to_toml(const setting_value& value);
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace fourtuple::model::system
