// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/wire/impairment_config.hpp"

namespace fourtuple::model::system {

/// What goes wrong in one direction of a link, as a scenario says it.
struct impairment_settings {
  std::vector<std::string> drop;  ///< KIND:N or KIND:N-M.
  wire::parts_per_million loss = 0;
  std::string loss_burst;  ///< good-to-bad=P,bad-to-good=P,loss-in-good=P,loss-in-bad=P; empty: none.
  std::uint32_t bottleneck_mbit = 0;
  std::uint64_t queue_bytes = wire::bottleneck_config{}.queue_bytes;
  std::uint64_t ecn_mark_bytes = 0;
  wire::parts_per_million duplicate = 0;
  wire::parts_per_million corrupt = 0;
  wire::parts_per_million corrupt_silent = 0;
  std::uint64_t jitter_ns = 0;
  bool jitter_reorders = false;
  wire::parts_per_million reorder = 0;
  std::uint64_t reorder_delay_ns = wire::impairment_config{}.reorder_delay_ns;
  std::uint64_t seed = 0;  ///< 0: the run's.

  friend bool operator==(const impairment_settings&, const impairment_settings&) = default;
};

/// Nothing if it is not of the form above.
[[nodiscard]] std::optional<wire::scripted_loss> parse_scripted_loss(std::string_view text);
[[nodiscard]] std::optional<wire::burst_loss> parse_burst_loss(std::string_view text);

/// One sentence on what cannot be done; empty if all can.
[[nodiscard]] std::string problem_with(const impairment_settings& settings);

/// `settings` is free of problem_with().
[[nodiscard]] wire::impairment_config config_of(const impairment_settings& settings);

}  // namespace fourtuple::model::system
