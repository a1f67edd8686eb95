// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::base {

inline constexpr std::uint64_t ns_per_us = 1'000;
inline constexpr std::uint64_t ns_per_ms = 1'000'000;
inline constexpr std::uint64_t ns_per_s = 1'000'000'000;

/// A point in time that never comes: "no deadline".
inline constexpr std::uint64_t never_ns = ~std::uint64_t{0};

/// The only source of time in host/. Simulated time in a simulation, CLOCK_MONOTONIC in a program, a variable in a
/// test.
///
/// Never goes backwards. Starts anywhere.
class clock {
 public:
  clock() = default;
  clock(const clock&) = delete;
  clock& operator=(const clock&) = delete;
  virtual ~clock() = default;

  [[nodiscard]] virtual std::uint64_t now_ns() const noexcept = 0;
};

}  // namespace fourtuple::base
