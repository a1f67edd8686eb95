// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/observe/happening.hpp"

namespace fourtuple::tools {

/// Simulated times between which a waveform is written.
struct trace_times {
  std::uint64_t from_ps = 0;
  std::uint64_t to_ps = ~std::uint64_t{0};
};

/// A number with unit: "1.5us". Throws usage_error that names `option`.
[[nodiscard]] std::uint64_t parse_time_ps(const std::string& text, const std::string& option);

/// "FROM:TO", each a number with unit ps, ns, us, ms or s ("1.5us:20us"); either may be left out. Throws usage_error.
[[nodiscard]] trace_times parse_trace_times(const std::string& text);

/// What a waveform is to show.
enum class trace_trigger : std::uint8_t {
  retransmit,  ///< A host sends a segment again.
  drop,        ///< The client's NIC drops a frame.
  miss,        ///< Its connection table does not know a TCP frame.
  error,       ///< It finds a checksum wrong or a frame bad, or either host resets a connection.
};
struct trigger_request {
  trace_trigger what = trace_trigger::retransmit;
  std::uint64_t clocks = 2000;  ///< After it; half as many before it.
};
/// "retransmit", "drop:500". Throws usage_error.
[[nodiscard]] trigger_request parse_trigger(const std::string& text);

[[nodiscard]] bool fires(trace_trigger trigger, const model::observe::happening& what) noexcept;

}  // namespace fourtuple::tools
