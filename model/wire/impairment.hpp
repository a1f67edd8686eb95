// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <systemc>
#include <utility>
#include <vector>

#include "model/wire/bottleneck_queue.hpp"
#include "model/wire/frame_port.hpp"
#include "model/wire/impairment_config.hpp"

namespace fourtuple::model::wire {

/// 64 random bits a call.
using random_stream = std::function<std::uint64_t()>;
/// An independent stream for each name: what one impairment draws does not change what another one gets.
using random_streams = std::function<random_stream(std::string_view name)>;

/// Frames. offered + duplicated = delivered + all that were lost.
struct impairment_counters {
  std::uint64_t offered = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost_scripted = 0;
  std::uint64_t lost_random = 0;
  std::uint64_t lost_burst = 0;
  std::uint64_t lost_queue_full = 0;
  std::uint64_t congestion_marked = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;           ///< With a wrong check sequence.
  std::uint64_t corrupted_silently = 0;  ///< With a matching one.
  std::uint64_t jittered = 0;            ///< Arrived later than without jitter.
  std::uint64_t reordered = 0;           ///< Held back.
  std::uint64_t queue_most_bytes = 0;    ///< The bottleneck's queue at its fullest.
};

/// Names and values in the order above.
[[nodiscard]] std::vector<std::pair<const char*, std::uint64_t>> named(const impairment_counters& counters);

/// The names of what was done to the frames between two states of the counters; `offered` and `delivered` apart.
[[nodiscard]] std::vector<const char*> what_happened(const impairment_counters& before,
                                                     const impairment_counters& after);

/// What goes wrong in one direction of a link. It decides when a frame is sent, not when it arrives: everything it does
/// makes frames later or fewer, so that nobody has to wait for it and results do not depend on who runs ahead.
class impairment {
 public:
  /// `config` must be free of config_error(). `streams` is used during construction only.
  impairment(const impairment_config& config, const random_streams& streams);

  struct delivery {
    frame content;
    sc_core::sc_time arrival;
  };
  /// What becomes of a frame that would arrive at `arrival` and takes `duration` on the wire: no, one or two
  /// deliveries. Called in order of arrival; deliveries may overtake earlier ones.
  [[nodiscard]] std::vector<delivery> pass(frame&& content, sc_core::sc_time arrival, sc_core::sc_time duration);

  [[nodiscard]] const impairment_counters& counters() const noexcept { return counters_; }

 private:
  struct script_state {
    scripted_loss rule;
    std::uint64_t seen = 0;
  };
  [[nodiscard]] bool lost(const frame& content);
  [[nodiscard]] bool lost_by_script(const frame& content);
  [[nodiscard]] bool lost_in_burst();
  [[nodiscard]] bool cross_bottleneck(frame& content, sc_core::sc_time& arrival);
  void corrupt(frame& content);
  [[nodiscard]] sc_core::sc_time delayed(sc_core::sc_time arrival, sc_core::sc_time duration);

  impairment_config config_;
  std::vector<script_state> scripts_;
  std::optional<bottleneck_queue> bottleneck_;
  bool channel_bad_ = false;
  sc_core::sc_time last_in_order_;
  random_stream loss_;
  random_stream burst_;
  random_stream duplicate_;
  random_stream corrupt_;
  random_stream corrupt_silently_;
  random_stream jitter_;
  random_stream reorder_;
  impairment_counters counters_;
};

}  // namespace fourtuple::model::wire
