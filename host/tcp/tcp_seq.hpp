// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::tcp {

/// Sequence numbers live on a circle: comparisons hold for numbers less than 2^31 apart (RFC 9293 3.4).
[[nodiscard]] constexpr bool before(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) < 0;
}
[[nodiscard]] constexpr bool after(std::uint32_t a, std::uint32_t b) noexcept { return before(b, a); }

/// start <= x <= end on the circle.
[[nodiscard]] constexpr bool between(std::uint32_t x, std::uint32_t start, std::uint32_t end) noexcept {
  return end - start >= x - start;
}

/// For ordered containers whose keys lie within one window.
struct seq_less {
  constexpr bool operator()(std::uint32_t a, std::uint32_t b) const noexcept { return before(a, b); }
};

}  // namespace fourtuple::tcp
