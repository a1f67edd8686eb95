// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/driver/connection_commands.hpp"
#include "host/driver/platform.hpp"

namespace fourtuple::driver {

/// A number with its name, e.g. "rx_drop_ring_full". The name lives as long as the program.
struct named_counter {
  std::string_view name;
  std::uint64_t value = 0;
};

/// What the driver itself counts. Frames are those that passed between it and the device.
struct nic_driver_counters {
  std::uint64_t interrupts = 0;  ///< As of the last poll.
  std::uint64_t polls = 0;
  std::uint64_t polls_out_of_budget = 0;
  std::uint64_t rx_frames = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_table_hits = 0;
  std::size_t queues = 1;     ///< Of rx_frames_of_queue, so many mean something.
  std::size_t tx_queues = 1;  ///< Of tx_frames_of_queue likewise.
  std::array<std::uint64_t, 16> rx_frames_of_queue{};
  std::array<std::uint64_t, 16> tx_frames_of_queue{};
  std::uint64_t bad_completions = 0;  ///< Records that say what can not be; they are skipped.
  std::uint64_t tx_frames = 0;        ///< Put into the ring.
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_tso_frames = 0;  ///< Of them: for the device to cut up.
  std::uint64_t tx_busy = 0;        ///< The ring was full.
  std::uint64_t tx_wakes = 0;
  std::uint64_t tx_doorbells = 0;
  std::uint64_t tx_dropped_size = 0;     ///< Too short for Ethernet, longer than the MTU allows, or not to be cut up.
  std::uint64_t tx_dropped_down = 0;     ///< The device is not open.
  std::uint64_t tx_lost_in_restart = 0;  ///< Perhaps not sent, because the queue was taken down.
  std::uint64_t events = 0;
  std::uint64_t queue_restarts = 0;
  std::uint64_t function_resets = 0;
  std::uint64_t missed_interrupts = 0;  ///< Completions that the watchdog found, and nobody had told of.
  std::uint64_t missed_events = 0;      ///< Likewise, events.
  std::uint64_t tx_timeouts = 0;        ///< The device did not send what it was given (Linux: ndo_tx_timeout).
  std::uint64_t link_errors = 0;        ///< That slot_reset() recovered from.
};

/// The driver's counters, with the connection table's commands, as a list.
[[nodiscard]] std::vector<named_counter> list_counters(const nic_driver_counters& driver,
                                                       const connection_command_counters& commands);

/// Reads every counter of the device, and how full its connection table is. Waits for each answer: for the end of a
/// run.
[[nodiscard]] std::vector<named_counter> read_device_counters(mmio& device);

}  // namespace fourtuple::driver
