// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {

/// What the driver's watchdog saw when it last looked.
struct nic_watch {
  /// Of each queue: the completion that was there and not taken.
  std::array<std::optional<std::uint16_t>, regs::queues_count> untaken{};
  /// Frames received and sent, events and commands by then: whether anything has passed since.
  std::uint64_t passed = 0;
  /// Of a transmit queue.
  struct transmit {
    std::uint16_t finished = 0;  ///< transmit_ring::finished().
    unsigned waits = 0;          ///< So often in a row it was seen to wait for the same completion.
  };
  std::array<transmit, regs::queues_count> tx{};
};

}  // namespace fourtuple::driver
