// SPDX-License-Identifier: Apache-2.0
#include "model/wire/impairment_config.hpp"

#include <algorithm>

namespace fourtuple::model::wire {
namespace {

constexpr std::uint64_t most_delay_ns = 1'000'000'000;
constexpr std::uint64_t least_rate = 100'000;
constexpr std::uint64_t most_rate = 10'000'000'000'000;
constexpr std::uint64_t least_queue_bytes = 1'514;  // One full frame: with less nothing could pass.
constexpr std::uint64_t most_queue_bytes = 1'000'000'000;

std::optional<std::string> probability_error(const impairment_config& config) {
  const burst_loss burst = config.burst.value_or(burst_loss{});
  const auto too_large = [](parts_per_million chance) { return chance > always_ppm; };
  for (const parts_per_million chance :
       {config.loss, config.duplicate, config.corrupt, config.corrupt_silently, config.reorder, burst.good_to_bad,
        burst.bad_to_good, burst.loss_in_good, burst.loss_in_bad}) {
    if (too_large(chance)) return "a probability of " + std::to_string(chance) + " in a million is more than 1";
  }
  return std::nullopt;
}

std::optional<std::string> bottleneck_error(const bottleneck_config& config) {
  if (config.rate_bits_per_s < least_rate || config.rate_bits_per_s > most_rate)
    return "a bottleneck of " + std::to_string(config.rate_bits_per_s) +
           " bit/s is not between 100 kbit/s and 10 Tbit/s";
  if (config.queue_bytes < least_queue_bytes || config.queue_bytes > most_queue_bytes)
    return "a bottleneck's queue of " + std::to_string(config.queue_bytes) +
           " bytes is out of range: " + std::to_string(least_queue_bytes) + " to " + std::to_string(most_queue_bytes);
  if (config.mark_above_bytes >= config.queue_bytes)
    return "a queue of " + std::to_string(config.queue_bytes) + " bytes would be full before it is marked above " +
           std::to_string(config.mark_above_bytes);
  return std::nullopt;
}

}  // namespace

bool impairment_config::any() const noexcept {
  return !drops.empty() || loss != 0 || burst || bottleneck || duplicate != 0 || corrupt != 0 ||
         corrupt_silently != 0 || jitter_ns != 0 || reorder != 0;
}

std::optional<std::string> config_error(const impairment_config& config) {
  if (auto error = probability_error(config)) return error;
  if (config.jitter_ns > most_delay_ns || config.reorder_delay_ns > most_delay_ns)
    return "a frame can be held back for a second at most";
  const bool senseless = std::ranges::any_of(
      config.drops, [](const scripted_loss& drop) { return drop.first == 0 || drop.last < drop.first; });
  if (senseless) return "a scripted loss counts from 1 and does not end before it begins";
  if (config.bottleneck) return bottleneck_error(*config.bottleneck);
  return std::nullopt;
}

}  // namespace fourtuple::model::wire
