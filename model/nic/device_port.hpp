// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fourtuple::model::nic {

/// What the device's behaviour needs from what it is built into: a clock, the host's memory, the MAC.
class device_port {
 public:
  virtual ~device_port() = default;
  /// Clocks since reset.
  [[nodiscard]] virtual std::uint64_t clock() const = 0;
  /// Answered by dma_engine::written(), in the order of the calls.
  virtual void write_memory(std::uint64_t address, std::span<const std::byte> bytes) = 0;
  /// Answered by dma_engine::read_finished(), in the order of the calls. `address` and length are multiples of 64.
  virtual void read_memory(std::uint64_t address, std::uint32_t length_bytes) = 0;
  /// Gives the MAC a frame. Returns the clock from which its buffer has room for more.
  virtual std::uint64_t transmit(std::vector<std::byte> frame) = 0;
};

}  // namespace fourtuple::model::nic
