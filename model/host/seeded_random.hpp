// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "host/base/random_source.hpp"

namespace fourtuple::model::host {

/// Repeatable randomness: xoshiro256** (Blackman and Vigna, 2018), its state filled by splitmix64 from a run's seed and
/// the name of a stream. Streams of different names are independent, so that one more user of randomness does not
/// change what the others get. Not for secrets.
class seeded_random final : public base::random_source {
 public:
  seeded_random(std::uint64_t seed, std::string_view stream) noexcept;
  [[nodiscard]] std::uint64_t next() noexcept override;

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace fourtuple::model::host
