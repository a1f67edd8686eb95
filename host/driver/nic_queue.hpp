// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/driver/completion_ring.hpp"
#include "host/driver/platform.hpp"
#include "host/driver/transmit_ring.hpp"

namespace fourtuple::driver {

/// Sizes of a queue pair's memory.
struct nic_queue_shape {
  unsigned rx_bytes_log2 = 20;            ///< Receive ring, 15 to 30.
  unsigned completion_entries_log2 = 12;  ///< 4 to 15.
  transmit_ring::layout tx;               ///< entries_log2 4 to 15.
};

/// Queue pair 0 of the device: its memory, and taking it up and down. docs/device.md, Enabling a queue.
///
/// Owns its memory from allocate() to release(). Threads: one at a time.
class nic_queue {
 public:
  nic_queue(mmio& device, dma_memory& memory) noexcept : device_(device), memory_(memory) {}
  nic_queue(const nic_queue&) = delete;
  nic_queue& operator=(const nic_queue&) = delete;
  ~nic_queue() { release(); }

  /// False if there is not enough memory; then nothing is held.
  [[nodiscard]] bool allocate(const nic_queue_shape& shape);
  void release() noexcept;

  /// Empty rings, both sides enabled, not armed. The queue is down.
  void start();
  /// Disables both sides and waits until the device is done with the memory, for at most `read_limit` reads of its
  /// status. False if it still is not.
  [[nodiscard]] bool stop(unsigned read_limit);

  /// Bytes of a frame in the receive ring; empty if they do not lie in it.
  [[nodiscard]] std::span<const std::byte> frame(std::uint32_t ring_offset, std::size_t length) const noexcept;

  completion_ring completions;
  transmit_ring transmit;

 private:
  [[nodiscard]] bool wait_until_inactive(std::uint32_t mask, unsigned read_limit);

  mmio& device_;
  dma_memory& memory_;
  nic_queue_shape shape_;
  dma_region rx_;
  dma_region completion_;
  dma_region descriptors_;
  dma_region slots_;
};

}  // namespace fourtuple::driver
