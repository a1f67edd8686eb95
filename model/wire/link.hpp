// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "model/wire/frame_port.hpp"
#include "model/wire/impairment.hpp"
#include "model/wire/wire_observer.hpp"

namespace fourtuple::model::wire {

struct link_config {
  std::uint64_t rate_bits_per_s = 100'000'000'000;
  std::uint64_t propagation_delay_ps =
      500'000;  ///< 100 m of fibre. At least 1 ns: it bounds how far senders run ahead.
};

/// One sentence on what is wrong with it; nothing if it can be built.
[[nodiscard]] std::optional<std::string> config_error(const link_config& config);

/// Beside the frame itself (IEEE 802.3 3.1.1, 4.4.2).
inline constexpr std::size_t preamble_bytes = 8;
inline constexpr std::size_t frame_check_sequence_bytes = 4;
inline constexpr std::size_t interframe_gap_bytes = 12;
/// Shorter frames are padded with zeros, as a MAC does (802.3 4.2.3.3).
inline constexpr std::size_t smallest_frame_bytes = 60;

/// What has passed in one direction.
struct link_counters {
  std::uint64_t frames = 0;
  std::uint64_t frame_bytes = 0;  ///< Padding included.
  std::uint64_t padded = 0;       ///< Frames that were too short.
  std::uint64_t bad = 0;          ///< Frames with a wrong check sequence.
  std::uint64_t busy_ps = 0;      ///< Time that the wire was in use, gaps included.
};

/// A full duplex point-to-point Ethernet link. Each direction takes one frame after the other at the link's rate:
/// preamble, frame, check sequence, interframe gap. What enters first leaves first; nothing is lost, unless a direction
/// is impaired. An impairment is at the far end: observers and link_counters see each frame as its sender put it on the
/// wire, also one that does not arrive, and not the second copy of one that arrives twice.
class link : public sc_core::sc_module {
 public:
  /// `config` must be free of config_error().
  link(sc_core::sc_module_name name, const link_config& config);

  /// Bound to the frame_out of the device at that end, and to its frame_in.
  frame_in& from_a() noexcept { return from_a_; }
  frame_out& to_a() noexcept { return to_a_; }
  frame_in& from_b() noexcept { return from_b_; }
  frame_out& to_b() noexcept { return to_b_; }

  /// `observer` outlives the simulation. Observers are called in the order in which they were added.
  void add_observer(wire_observer& observer) { observers_.push_back(&observer); }

  /// Before the simulation starts, once for a direction. `config` must be free of config_error(); `streams` is used
  /// during the call only.
  void impair(direction way, const impairment_config& config, const random_streams& streams);

  [[nodiscard]] const link_counters& counters(direction way) const noexcept {
    return ways_[static_cast<std::size_t>(way)].counters;
  }

  /// Nothing if the direction is not impaired.
  [[nodiscard]] const impairment* impairment_of(direction way) const noexcept {
    return ways_[static_cast<std::size_t>(way)].impaired.get();
  }

  /// No frame arrives sooner than this after it was sent.
  [[nodiscard]] sc_core::sc_time smallest_latency() const;

 private:
  struct way_state {
    sc_core::sc_time free_at;  ///< When the next preamble may start.
    link_counters counters;
    std::unique_ptr<impairment> impaired;
  };
  void carry(direction way, frame&& content, sc_core::sc_time ready);
  void pass_impairment(const wire_event& event, frame&& content, sc_core::sc_time duration);
  void deliver(direction way, frame&& content, sc_core::sc_time arrival);
  [[nodiscard]] std::uint64_t duration_ps(std::size_t bytes) const noexcept;

  link_config config_;
  std::array<way_state, 2> ways_;
  std::vector<wire_observer*> observers_;
  frame_out to_a_;
  frame_out to_b_;
  frame_in from_a_;
  frame_in from_b_;
};

}  // namespace fourtuple::model::wire
