// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/time_text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace fourtuple::model::system {
namespace {

constexpr std::pair<std::string_view, double> units[] = {{"ps", 1}, {"ns", 1e3}, {"us", 1e6}, {"ms", 1e9}, {"s", 1e12}};
constexpr double most_ps = 1e18;

}  // namespace

std::optional<std::uint64_t> parse_time_ps(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* const found = std::ranges::find(units, unit, [](const auto& pair) { return pair.first; });
  if (error != std::errc() || found == std::end(units) || !(value >= 0) || value * found->second > most_ps)
    return std::nullopt;
  return static_cast<std::uint64_t>(value * found->second);
}

}  // namespace fourtuple::model::system
