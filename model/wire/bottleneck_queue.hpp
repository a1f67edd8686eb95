// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "model/wire/impairment_config.hpp"

namespace fourtuple::model::wire {

/// A hop of a given rate and the queue in front of it, worked out frame by frame: no process, no waiting. Times are
/// picoseconds; frames enter in order of time.
class bottleneck_queue {
 public:
  explicit bottleneck_queue(const bottleneck_config& config) noexcept : config_(config) {}

  struct passage {
    std::uint64_t began_ps;  ///< The first bit of the preamble leaves.
    std::uint64_t left_ps;   ///< The last bit is across.
    bool mark;               ///< It found more than mark_above_bytes in the queue.
  };
  /// Nothing if there is no room for the frame.
  [[nodiscard]] std::optional<passage> enter(std::uint64_t now_ps, std::uint64_t frame_bytes);

  [[nodiscard]] std::uint64_t most_bytes() const noexcept { return most_bytes_; }

 private:
  struct queued {
    std::uint64_t left_ps;
    std::uint64_t bytes;
  };

  bottleneck_config config_;
  std::deque<queued> frames_;
  std::uint64_t bytes_ = 0;
  std::uint64_t most_bytes_ = 0;
  std::uint64_t free_ps_ = 0;
};

}  // namespace fourtuple::model::wire
