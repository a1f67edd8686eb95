// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>

namespace fourtuple::model::sim {

/// sc_time as a number and back. The models keep SystemC's default resolution of one picosecond, so that a
/// conversion is exact and no time is ever a floating point number.
[[nodiscard]] inline std::uint64_t to_ps(sc_core::sc_time time) noexcept { return time.value(); }
[[nodiscard]] inline sc_core::sc_time from_ps(std::uint64_t ps) { return sc_core::sc_time::from_value(ps); }
[[nodiscard]] inline std::uint64_t to_ns(sc_core::sc_time time) noexcept { return time.value() / 1'000; }
[[nodiscard]] inline sc_core::sc_time from_ns(std::uint64_t ns) { return sc_core::sc_time::from_value(ns * 1'000); }

/// How long from now until `time`; nothing if that is past.
[[nodiscard]] inline sc_core::sc_time until(sc_core::sc_time time) {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  return time > now ? time - now : sc_core::SC_ZERO_TIME;
}

}  // namespace fourtuple::model::sim
