// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <systemc>

#include "model/wire/frame_port.hpp"

namespace fourtuple::model::wire {

/// Of a link's two ports, a and b.
enum class direction : std::uint8_t { a_to_b = 0, b_to_a = 1 };

/// A frame on a link, as it is on the wire: padded. `content` is valid during the call.
struct wire_event {
  direction way;
  sc_core::sc_time start;    ///< The first bit of the preamble is on the wire.
  sc_core::sc_time arrival;  ///< The last bit of the frame check sequence is at the other end.
  const frame& content;
};

/// Sees every frame of a link: captures, digests, statistics.
///
/// Called when a frame is sent, which is at or before its start, in order of start for each direction. Between the
/// directions there is no order: a sender may run ahead. No later call has a start before sc_time_stamp(). A frame
/// whose start is not past when a run ends did not happen: whether it was shown depends on how far its sender ran
/// ahead.
class wire_observer {
 public:
  wire_observer() = default;
  wire_observer(const wire_observer&) = delete;
  wire_observer& operator=(const wire_observer&) = delete;
  virtual ~wire_observer() = default;

  virtual void on_frame(const wire_event& event) = 0;

  /// Only of an impaired direction, before on_arrival(): what happened to the frame, under the names of
  /// impairment_counters: "lost_random", "corrupted", ... More than one thing can.
  virtual void on_impairment(const wire_event& /*event*/, std::span<const char* const> /*what*/) {}

  /// A frame will be complete at the far end at `arrival`: not called for one that is lost, twice for one that is
  /// duplicated. With an impairment that reorders, arrivals do not come in the order of the calls.
  virtual void on_arrival(direction /*way*/, const frame& /*content*/, sc_core::sc_time /*arrival*/) {}
};

}  // namespace fourtuple::model::wire
