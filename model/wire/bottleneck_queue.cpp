// SPDX-License-Identifier: Apache-2.0
#include "model/wire/bottleneck_queue.hpp"

#include <algorithm>

namespace fourtuple::model::wire {

std::optional<bottleneck_queue::passage> bottleneck_queue::enter(std::uint64_t now_ps, std::uint64_t frame_bytes) {
  constexpr std::uint64_t ps_per_s = 1'000'000'000'000;
  constexpr std::uint64_t overhead_bytes = 24;  // Preamble 8, check sequence 4, gap 12: IEEE 802.3 clause 4.
  for (; !frames_.empty() && frames_.front().left_ps <= now_ps; frames_.pop_front()) bytes_ -= frames_.front().bytes;
  if (bytes_ + frame_bytes > config_.queue_bytes) return std::nullopt;
  const bool mark = config_.mark_above_bytes != 0 && bytes_ > config_.mark_above_bytes;
  const std::uint64_t bits_ps = (frame_bytes + overhead_bytes) * 8 * ps_per_s;  // Fits for frames of up to 2 MB.
  const std::uint64_t began_ps = std::max(free_ps_, now_ps);
  free_ps_ = began_ps + (bits_ps + config_.rate_bits_per_s - 1) / config_.rate_bits_per_s;
  frames_.push_back({free_ps_, frame_bytes});
  bytes_ += frame_bytes;
  most_bytes_ = std::max(most_bytes_, bytes_);
  return passage{.began_ps = began_ps, .left_ps = free_ps_, .mark = mark};
}

}  // namespace fourtuple::model::wire
