// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "model/system/scenario/setting.hpp"

namespace fourtuple::model::system {

/// A field whose place is what `access` gives: a lambda from Settings& (const or not) to a reference. The kind of the
/// setting follows from the type of what is there.
template <typename Settings, typename Access>
[[nodiscard]] field<Settings> at(setting about, Access access) {
  using kept = std::remove_cvref_t<decltype(access(std::declval<Settings&>()))>;
  if constexpr (std::same_as<kept, bool>) {
    about.kind = value_kind::boolean;
    return {std::move(about), [access](const Settings& from) -> setting_value { return access(from); },
            [access](Settings& to, const setting_value& value) { access(to) = std::get<bool>(value); }};
  } else if constexpr (std::unsigned_integral<kept>) {
    about.kind = value_kind::integer;
    about.most = std::min<std::uint64_t>(about.most, std::numeric_limits<kept>::max());
    return {std::move(about),
            [access](const Settings& from) -> setting_value { return static_cast<std::uint64_t>(access(from)); },
            [access](Settings& to, const setting_value& value) {
              access(to) = static_cast<kept>(std::get<std::uint64_t>(value));
            }};
  } else if constexpr (std::same_as<kept, std::string>) {
    about.kind = value_kind::text;
    return {std::move(about), [access](const Settings& from) -> setting_value { return access(from); },
            [access](Settings& to, const setting_value& value) { access(to) = std::get<std::string>(value); }};
  } else {
    about.kind = value_kind::list;
    return {
        std::move(about), [access](const Settings& from) -> setting_value { return access(from); },
        [access](Settings& to, const setting_value& value) { access(to) = std::get<std::vector<std::string>>(value); }};
  }
}

/// A number that is kept as so many times `step`: probabilities in parts per million, rates in bits a second.
template <typename Settings, typename Access>
[[nodiscard]] field<Settings> in_steps(setting about, double steps_per_unit, Access access) {
  using kept = std::remove_cvref_t<decltype(access(std::declval<Settings&>()))>;
  about.kind = value_kind::number;
  return {std::move(about),
          [access, steps_per_unit](const Settings& from) -> setting_value {
            return static_cast<double>(access(from)) / steps_per_unit;
          },
          [access, steps_per_unit](Settings& to, const setting_value& value) {
            access(to) = static_cast<kept>(std::llround(std::get<double>(value) * steps_per_unit));
          }};
}

/// One of some names.
template <typename Settings, typename Enum, typename Access>
[[nodiscard]] field<Settings> one_of(setting about, std::vector<std::pair<std::string_view, Enum>> names,
                                     Access access) {
  about.kind = value_kind::text;
  for (const auto& [name, value] : names) about.choices.push_back(name);
  return {std::move(about),
          [access, names](const Settings& from) -> setting_value {
            for (const auto& [name, value] : names) {
              if (value == access(from)) return std::string(name);
            }
            return std::string();
          },
          [access, names](Settings& to, const setting_value& value) {
            for (const auto& [name, one] : names) {
              if (name == std::get<std::string>(value)) access(to) = one;
            }
          }};
}

}  // namespace fourtuple::model::system

/// The place of a member in settings, for the functions above.
#define FOURTUPLE_PLACE(path) \
  [](auto& place_) -> auto& { return place_.path; }
