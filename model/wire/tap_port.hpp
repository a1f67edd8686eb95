// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "model/sim/arrival_queue.hpp"
#include "model/wire/frame_port.hpp"
#include "model/wire/tap_device.hpp"

namespace fourtuple::model::wire {

struct tap_counters {
  std::uint64_t from_kernel = 0;
  std::uint64_t to_kernel = 0;
  std::uint64_t bad = 0;          ///< Not given to the kernel: wrong check sequence, as a NIC does.
  std::uint64_t refused = 0;      ///< Not taken by the kernel: the device is down or its queue is full.
  std::uint64_t read_errors = 0;  ///< Other than "nothing there".
};

/// An Ethernet port with a Linux kernel on its other side, by a TAP device. It goes at the far end of a wire::link,
/// which pads, delays, captures and counts as always.
///
/// It has no clock of its own: with sim::paced_run, given device_file() and receive() as an input, simulated time
/// follows the wall clock. Frames from the kernel enter the simulation at the time shown when they are read; frames
/// for the kernel are written when simulated time has come to their arrival.
class tap_port : public sc_core::sc_module {
 public:
  /// `device` is an open TAP device (open_tap_device), or anything else that reads and writes one frame at a time and
  /// does not wait.
  tap_port(sc_core::sc_module_name name, file_descriptor device);

  frame_out& out() noexcept { return out_; }
  frame_in& in() noexcept { return in_; }

  [[nodiscard]] int device_file() const noexcept { return device_.value(); }
  /// Sends the frames that the kernel has ready, some at a time. Called between sc_start() calls.
  void receive();

  [[nodiscard]] const tap_counters& counters() const noexcept { return counters_; }

 private:
  void write_arrivals();

  file_descriptor device_;
  frame_out out_;
  frame_in in_;
  sim::arrival_queue<frame> arrivals_;
  std::vector<std::byte> buffer_;
  tap_counters counters_;
};

}  // namespace fourtuple::model::wire
