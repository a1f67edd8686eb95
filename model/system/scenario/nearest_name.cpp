// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "model/system/scenario/scenario_builder.hpp"

namespace fourtuple::model::system {

namespace {

// Levenshtein's distance: how many letters have to be put in, taken out or changed.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names) {
  constexpr std::size_t longest = 64;  // Longer ones are no slips of the finger.
  std::string_view best;
  std::size_t least = std::min<std::size_t>(text.size(), longest) / 2 + 1;
  for (const std::string_view name : names) {
    const std::size_t slips = text.size() > longest ? longest : distance(text, name);
    const bool beginning = text.size() >= 3 && name.starts_with(text);
    if (slips < least || (beginning && best.empty())) {
      best = name;
      least = std::min(slips, least);
    }
  }
  return best;
}

std::string suggestion(std::string_view text, const std::vector<std::string_view>& names) {
  const std::string_view best = nearest(text, names);
  return best.empty() ? std::string() : "; did you mean " + std::string(best) + "?";
}

}  // namespace fourtuple::model::system
