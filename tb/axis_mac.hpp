// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "model/nic/mac_pacing.hpp"
#include "model/wire/frame_port.hpp"
#include "tb/nic_pins.hpp"

namespace fourtuple::tb {

/// The MAC's side of s_axis and m_axis. A received frame is given to the device one beat a clock, frames back to back;
/// a frame to be sent leaves when its last beat is in and the line is free, and tready goes down while too much waits.
class axis_mac {
 public:
  using send_function = std::function<void(std::vector<std::byte> frame, std::uint64_t departure_ps)>;

  axis_mac(const nic_pins& pins, std::uint64_t line_rate_bits_per_s, send_function send);

  /// Has arrived. Not empty.
  void receive(model::wire::frame content) { received_.push_back(std::move(content)); }

  void drive(std::uint64_t edge_ps) noexcept;
  void sample(std::uint64_t edge_ps);
  [[nodiscard]] bool idle() const noexcept { return received_.empty() && sending_.empty(); }

 private:
  void take_beat(std::uint64_t edge_ps);

  const nic_pins& pins_;
  model::nic::mac_pacing pacing_;
  send_function send_;
  std::deque<model::wire::frame> received_;
  std::size_t position_ = 0;        ///< In received_.front(): the beat that is on the bus.
  bool beat_stale_ = true;          ///< The bus does not carry that beat yet.
  std::vector<std::byte> sending_;  ///< What of a frame is in.
};

}  // namespace fourtuple::tb
