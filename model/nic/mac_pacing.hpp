// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace fourtuple::model::nic {

/// The transmit half of a MAC, as far as time goes: frames leave one behind the other at the line's rate, and its
/// buffer refuses more while it holds too much. Times are picoseconds.
class mac_pacing {
 public:
  explicit mac_pacing(std::uint64_t line_rate_bits_per_s) noexcept : line_rate_bits_per_s_(line_rate_bits_per_s) {}

  /// A frame is complete in the buffer at `complete_ps`; when it starts to leave.
  [[nodiscard]] std::uint64_t send(std::uint64_t length_bytes, std::uint64_t complete_ps) noexcept {
    const std::uint64_t start_ps = std::max(complete_ps, free_ps_);
    free_ps_ = start_ps + duration_ps(length_bytes + overhead_bytes);
    return start_ps;
  }
  /// From when on the buffer takes more.
  [[nodiscard]] std::uint64_t room_ps() const noexcept {
    const std::uint64_t buffered_ps = duration_ps(buffer_bytes);
    return free_ps_ > buffered_ps ? free_ps_ - buffered_ps : 0;
  }

 private:
  static constexpr std::uint64_t overhead_bytes =
      24;  // Preamble 8, frame check sequence 4, gap 12: IEEE 802.3 clause 4.
  static constexpr std::uint64_t buffer_bytes = 4096;

  [[nodiscard]] std::uint64_t duration_ps(std::uint64_t bytes) const noexcept {
    constexpr std::uint64_t ps_per_s = 1'000'000'000'000;
    return bytes * 8 * ps_per_s / line_rate_bits_per_s_;
  }

  std::uint64_t line_rate_bits_per_s_;
  std::uint64_t free_ps_ = 0;
};

}  // namespace fourtuple::model::nic
