// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// The device's 64-bit counters, named by their register offsets: add(regs::counter_rx_frames).
class counters {
 public:
  void add(std::uint32_t offset, std::uint64_t amount = 1) noexcept { values_.at(index_of(offset)) += amount; }
  [[nodiscard]] std::uint64_t value(std::uint32_t offset) const { return values_.at(index_of(offset)); }
  [[nodiscard]] static bool is_counter(std::uint32_t offset) noexcept {
    return offset >= regs::counter_rx_frames && offset <= regs::counter_tx_tso_segments + 4;
  }

 private:
  static constexpr std::size_t index_of(std::uint32_t offset) { return (offset - regs::counter_rx_frames) / 8; }
  std::array<std::uint64_t, (regs::counter_tx_tso_segments - regs::counter_rx_frames) / 8 + 1> values_{};
};

}  // namespace fourtuple::model::nic
