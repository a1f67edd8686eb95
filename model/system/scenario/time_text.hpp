// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fourtuple::model::system {

/// Simulated time with its unit, ps, ns, us, ms or s: "10us", "1.5ms". In picoseconds; nothing if it is not one, or
/// longer than 10^18 ps (eleven days).
[[nodiscard]] std::optional<std::uint64_t> parse_time_ps(std::string_view text);

}  // namespace fourtuple::model::system
