// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// The device's 64-bit counters, named by their register offsets: add(regs::counter_rx_frames).
class counters {
 public:
  void add(std::uint32_t offset, std::uint64_t amount = 1) noexcept {
    values_.at(index_of(offset)) += amount;
    if (on_drop_ && is_drop(offset)) on_drop_(offset);
  }
  [[nodiscard]] std::uint64_t value(std::uint32_t offset) const { return values_.at(index_of(offset)); }
  [[nodiscard]] static bool is_counter(std::uint32_t offset) noexcept {
    return offset >= regs::counter_rx_frames && offset <= regs::counter_tx_tso_segments + 4;
  }
  /// Those that count frames, or commands, that the device did not carry out.
  [[nodiscard]] static constexpr bool is_drop(std::uint32_t offset) noexcept {
    return (offset >= regs::counter_rx_drop_mac_error && offset <= regs::counter_rx_drop_disabled) ||
           offset == regs::counter_commands_dropped || offset == regs::counter_tx_drop_descriptor ||
           offset == regs::counter_tx_drop_dma_error;
  }
  /// Called for each drop, with its counter. It does not throw.
  void set_drop_callback(std::function<void(std::uint32_t offset)> on_drop) { on_drop_ = std::move(on_drop); }

 private:
  static constexpr std::size_t index_of(std::uint32_t offset) { return (offset - regs::counter_rx_frames) / 8; }
  std::array<std::uint64_t, (regs::counter_tx_tso_segments - regs::counter_rx_frames) / 8 + 1> values_{};
  std::function<void(std::uint32_t)> on_drop_;
};

}  // namespace fourtuple::model::nic
