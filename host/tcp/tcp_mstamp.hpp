// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/clock.hpp"

namespace fourtuple::tcp {

/// The time at which a segment is worked off, read once for all that is done with it (Linux: tcp_mstamp_refresh).
///
/// What is shorter than 64 bits wraps; differences count.
struct tcp_mstamp {
  std::uint64_t ns = 0;

  [[nodiscard]] std::uint32_t us() const noexcept { return static_cast<std::uint32_t>(ns / base::ns_per_us); }
  [[nodiscard]] std::uint32_t ms() const noexcept { return static_cast<std::uint32_t>(ns / base::ns_per_ms); }
  [[nodiscard]] std::uint32_t s() const noexcept { return static_cast<std::uint32_t>(ns / base::ns_per_s); }
};

}  // namespace fourtuple::tcp
