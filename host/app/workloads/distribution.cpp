// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/distribution.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace fourtuple::app {

namespace {

constexpr double ln_2 = 0.693147180559945309417232121458;
constexpr int series_terms = 25;  // Beyond them nothing changes in 53 bits.

// ln(m 2^e) = e ln 2 + 2 atanh((m - 1) / (m + 1)), m from 1/2 to 1.
double natural_logarithm(double value) noexcept {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  const double ratio = (mantissa - 1) / (mantissa + 1);
  const double square = ratio * ratio;
  double power = ratio;
  double sum = 0;
  for (int term = 0; term < series_terms; ++term) {
    sum += power / (2 * term + 1);
    power *= square;
  }
  return exponent * ln_2 + 2 * sum;
}

// e^x = 2^k e^r, r from -ln 2 / 2 to ln 2 / 2.
double exponential_function(double value) noexcept {
  constexpr double beyond = 700;
  if (value > beyond) return std::numeric_limits<double>::max();
  if (value < -beyond) return 0;
  const double halves = std::nearbyint(value / ln_2);
  const double rest = value - halves * ln_2;
  double term = 1;
  double sum = 1;
  for (int factor = 1; factor < series_terms; ++factor) {
    term *= rest / factor;
    sum += term;
  }
  return std::ldexp(sum, static_cast<int>(halves));
}

// Above 0 and at most 1, in steps of 2^-53.
double uniform_unit(base::random_source& random) noexcept {
  constexpr double step = 1.0 / 9'007'199'254'740'992.0;
  return (static_cast<double>(random.next() >> 11) + 1) * step;
}

// Marsaglia's polar method (1964), the second value left out: no state between calls.
double standard_normal(base::random_source& random) noexcept {
  for (;;) {
    const double x = 2 * uniform_unit(random) - 1;
    const double y = 2 * uniform_unit(random) - 1;
    const double square = x * x + y * y;
    if (square > 0 && square < 1) return x * std::sqrt(-2 * natural_logarithm(square) / square);
  }
}

double draw(const distribution& from, base::random_source& random) noexcept {
  switch (from.kind) {
    case distribution_kind::fixed:
      return from.first;
    case distribution_kind::uniform:
      return std::floor(from.first + (from.second - from.first + 1) * (1 - uniform_unit(random)));
    case distribution_kind::exponential:
      return -from.first * natural_logarithm(uniform_unit(random));
    case distribution_kind::lognormal:
      return from.first * exponential_function(from.second * standard_normal(random));
    case distribution_kind::pareto:
      return from.first * exponential_function(-natural_logarithm(uniform_unit(random)) / from.second);
  }
  return 0;
}

std::optional<double> read_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 0 && value <= static_cast<double>(distribution::most) ? std::optional(value) : std::nullopt;
}

struct form {
  std::string_view name;
  distribution_kind kind;
  bool two;
};
constexpr std::array<form, 5> forms{{{"fixed", distribution_kind::fixed, false},
                                     {"uniform", distribution_kind::uniform, true},
                                     {"exponential", distribution_kind::exponential, false},
                                     {"lognormal", distribution_kind::lognormal, true},
                                     {"pareto", distribution_kind::pareto, true}}};

bool sensible(const distribution& made) {
  switch (made.kind) {
    case distribution_kind::fixed:
      return made.first == std::floor(made.first);
    case distribution_kind::uniform:
      return made.first <= made.second && made.first == std::floor(made.first) &&
             made.second == std::floor(made.second);
    case distribution_kind::exponential:
      return made.first > 0;
    case distribution_kind::lognormal:
      return made.first > 0 && made.second <= 10;
    case distribution_kind::pareto:
      return made.first > 0 && made.second >= 0.1 && made.second <= 100;
  }
  return false;
}

}  // namespace

std::uint64_t distribution::sample(base::random_source& random) const noexcept {
  const double drawn = draw(*this, random);
  if (!(drawn < static_cast<double>(most))) return most;
  return static_cast<std::uint64_t>(std::llround(drawn));
}

double distribution::mean() const noexcept {
  switch (kind) {
    case distribution_kind::fixed:
    case distribution_kind::exponential:
      return first;
    case distribution_kind::uniform:
      return (first + second) / 2;
    case distribution_kind::lognormal:
      return first * exponential_function(second * second / 2);
    case distribution_kind::pareto:
      return second > 1 ? first * second / (second - 1) : std::numeric_limits<double>::infinity();
  }
  return 0;
}

std::optional<distribution> parse_distribution(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    const auto value = read_number(text);
    const distribution made{.kind = distribution_kind::fixed, .first = value.value_or(0.5), .second = 0};
    return sensible(made) ? std::optional(made) : std::nullopt;
  }
  const std::string_view name = text.substr(0, colon);
  const std::string_view parameters = text.substr(colon + 1);
  const std::size_t next = parameters.find(':');
  for (const form& known : forms) {
    if (known.name != name || known.two != (next != std::string_view::npos)) continue;
    const auto first = read_number(parameters.substr(0, next));
    const auto second = known.two ? read_number(parameters.substr(next + 1)) : std::optional(0.0);
    if (!first || !second) return std::nullopt;
    const distribution made{.kind = known.kind, .first = *first, .second = *second};
    return sensible(made) ? std::optional(made) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace fourtuple::app
