// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "host/driver/platform.hpp"

namespace fourtuple::driver {

/// The host's side of a completion ring: finds out by the phase bit how far the device has written.
///
/// Does not own its memory. Threads: one at a time; the device writes at any time.
class completion_ring {
 public:
  static constexpr std::size_t record_bytes = 32;
  using record = std::span<const std::byte, record_bytes>;

  /// Starts in `memory`, of which 2^entries_log2 records are used, at index 0; clears it.
  void start(const dma_region& memory, unsigned entries_log2) noexcept;

  /// The next record if the device has written it. Valid until index() past it is given back to the device.
  [[nodiscard]] std::optional<record> next() const noexcept;
  /// Goes on behind the record that next() gave.
  void advance() noexcept { ++index_; }

  /// Free-running index of the next record to read: what completion_head is to be.
  [[nodiscard]] std::uint16_t index() const noexcept { return index_; }

 private:
  std::byte* records_ = nullptr;
  unsigned entries_log2_ = 0;
  std::uint16_t index_ = 0;
};

}  // namespace fourtuple::driver
