// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/random_source.hpp"

namespace fourtuple::base {

/// Repeatable randomness: the same seed gives the same numbers on every machine (Steele, Lea and Flood's SplitMix64,
/// OOPSLA 2014). Not secret: for simulations and tests.
class seeded_random final : public random_source {
 public:
  explicit seeded_random(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::uint64_t next() noexcept override {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

 private:
  std::uint64_t state_;
};

}  // namespace fourtuple::base
