// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "host/base/random_source.hpp"

namespace fourtuple::app {

enum class distribution_kind : std::uint8_t { fixed, uniform, exponential, lognormal, pareto };

/// How sizes and gaps are distributed: whole numbers from 0 on, of whatever unit the user has in mind.
///
/// Results are the same on every machine: logarithm and exponential are computed here with IEEE 754 operations alone,
/// because those of libm may differ in the last bit between processors.
struct distribution {
  distribution_kind kind = distribution_kind::fixed;
  double first = 0;   ///< fixed: the value; uniform: the least; exponential: the mean; lognormal: the median; pareto:
                      ///< the least.
  double second = 0;  ///< uniform: the most; lognormal: sigma of the logarithm; pareto: the shape.

  /// Never more than this, whatever the tail.
  static constexpr std::uint64_t most = 1'000'000'000'000;

  /// Always 0.
  [[nodiscard]] constexpr bool zero() const noexcept { return kind == distribution_kind::fixed && first == 0; }
  [[nodiscard]] std::uint64_t sample(base::random_source& random) const noexcept;
  /// Expected value; infinite for a pareto distribution with a shape of 1 or less.
  [[nodiscard]] double mean() const noexcept;
};

/// "N" or "fixed:N", "uniform:LEAST:MOST", "exponential:MEAN", "lognormal:MEDIAN:SIGMA", "pareto:LEAST:SHAPE".
/// Nothing if it is none of them.
[[nodiscard]] std::optional<distribution> parse_distribution(std::string_view text);

/// What parse_distribution() takes, for messages.
inline constexpr std::string_view distribution_format =
    "N, uniform:LEAST:MOST, exponential:MEAN, lognormal:MEDIAN:SIGMA or pareto:LEAST:SHAPE";

}  // namespace fourtuple::app
