// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/pcie/fault_injector.hpp"

namespace fourtuple::model::system {

/// What goes wrong between a host and its NIC, as a scenario says it. Times and numbers count from the start of the
/// workloads.
struct fault_settings {
  std::vector<std::string> lose_completion;  ///< N, N-M, TIME or TIME:COUNT.
  pcie::parts_per_million lose_completion_probability = 0;
  std::vector<std::string> poison_completion;  ///< Likewise.
  pcie::parts_per_million poison_completion_probability = 0;
  std::vector<std::string> lose_interrupt;  ///< Likewise.
  pcie::parts_per_million lose_interrupt_probability = 0;
  std::vector<std::string> link_down;       ///< TIME+TIME: from when, for how long.
  std::vector<std::string> function_reset;  ///< TIME.

  friend bool operator==(const fault_settings&, const fault_settings&) = default;
};

/// Which packets; the kind is left as it is in a new fault. Nothing if it is not of the form above.
[[nodiscard]] std::optional<pcie::fault> parse_packet_fault(std::string_view text);
[[nodiscard]] std::optional<pcie::fault> parse_link_down(std::string_view text);

/// `settings` have the forms above.
[[nodiscard]] pcie::fault_plan plan_of(const fault_settings& settings);
/// When the device's function is reset, in order.
[[nodiscard]] std::vector<std::uint64_t> function_resets_ps(const fault_settings& settings);

}  // namespace fourtuple::model::system
