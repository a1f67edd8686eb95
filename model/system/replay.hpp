// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/packet/addresses.hpp"
#include "model/nic/nic.hpp"
#include "model/system/scenario.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::system {

/// A frame of a capture.
struct replay_frame {
  std::vector<std::byte> bytes;
  std::uint64_t time_ns = 0;  ///< Of the capture. It may go backwards; then the frame follows at once.
};

/// What one device made of a frame.
struct replay_outcome {
  bool known = false;     ///< The device has said something of it.
  bool received = false;  ///< Otherwise it was dropped, and `reason` is the counter.
  std::string reason;
  regs::frame_completion record;
  std::uint64_t latency_clocks = 0;  ///< From the frame's last bit at the MAC to its completion on the PCIe lanes.

  /// The same fate and, but for time and place in the ring, the same record.
  [[nodiscard]] bool agrees_with(const replay_outcome& other) const noexcept;
};

struct replay_options {
  platform_options platform;                      ///< `nic` is left aside.
  std::vector<nic_kind> devices;                  ///< One or two, which get the same.
  std::vector<packet::connection_tuple> inserts;  ///< Put into the connection table first, with handles from 1 on.
  // Of the functional model's connection table; the RTL has what it was built with.
  std::uint32_t table_buckets_log2 = nic::nic_config{}.buckets_log2;
  std::uint32_t table_overflow_lines_log2 = nic::nic_config{}.overflow_lines_log2;
  bool learn = false;         ///< Insert each connection of TCP when its first frame has been received.
  bool capture_time = false;  ///< Frames come as in the capture; otherwise one behind the other at the line's rate.
  std::uint64_t longest_gap_ns = 1'000'000'000;  ///< With capture_time: longer pauses are shortened to this.
};

struct replay_totals {
  std::uint64_t frames = 0;
  std::uint64_t different = 0;   ///< Devices do not agree.
  std::uint64_t unanswered = 0;  ///< Frames that a device has said nothing of: an error.
  std::uint64_t inserted = 0;    ///< In the first device's table at the end, as its answers say.
  std::uint64_t inserts_full = 0;
};

using replay_source = std::function<std::optional<replay_frame>()>;
/// Called for each frame in order, numbered from 1; outcomes are in the order of replay_options::devices.
using replay_sink = std::function<void(std::uint64_t number, std::size_t length_bytes, std::uint64_t time_ps,
                                       std::span<const replay_outcome> outcomes)>;

/// Sends frames through devices, each behind a driver of its own, and tells what they make of them. Devices receive
/// everything (promiscuous), frames of up to the longest that they take. One such run in a process.
///
/// Throws std::runtime_error with one line if a device cannot be brought up.
[[nodiscard]] replay_totals run_replay(const replay_options& options, const replay_source& next,
                                       const replay_sink& told);

}  // namespace fourtuple::model::system
