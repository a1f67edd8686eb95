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
  bool transmits = true;                  ///< Otherwise there is no transmit side, and no memory for one.
  unsigned rx_bytes_log2 = 20;            ///< Receive ring, 15 to 30.
  unsigned completion_entries_log2 = 12;  ///< 4 to 15.
  transmit_ring::layout tx;               ///< entries_log2 4 to 15.
};

/// Disables both sides of the device's queue `number` and waits until it is done with the queue's memory, for at most
/// `read_limit` reads of its status. False if it still is not.
[[nodiscard]] bool stop_queue(mmio& device, unsigned number, unsigned read_limit);

/// A queue pair of the device: its memory, and taking it up and down. docs/device.md, Enabling a queue.
///
/// Owns its memory from allocate() to release(). Threads: one at a time.
class nic_queue {
 public:
  nic_queue(mmio& device, dma_memory& memory, unsigned number) noexcept
      : device_(device), memory_(memory), number_(number) {}
  nic_queue(const nic_queue&) = delete;
  nic_queue& operator=(const nic_queue&) = delete;
  ~nic_queue() { release(); }

  /// False if there is not enough memory; then nothing is held.
  [[nodiscard]] bool allocate(const nic_queue_shape& shape);
  void release() noexcept;

  /// Empty rings, the sides enabled, not armed. The queue is down.
  void start();
  [[nodiscard]] bool stop(unsigned read_limit) { return stop_queue(device_, number_, read_limit); }
  /// One of its sides has stopped because of a DMA error. Reads a register.
  [[nodiscard]] bool halted();

  /// The space of a frame and of everything before it may be given back.
  void frame_taken(std::uint32_t ring_offset, std::size_t length) noexcept;
  /// Tells the device what has been read since it was last told.
  void give_back();
  /// Asks for an interrupt, unless one is still asked for that is not out of date. `fired`: it has come.
  void arm(bool fired);

  /// Bytes of a frame in the receive ring; empty if they do not lie in it.
  [[nodiscard]] std::span<const std::byte> frame(std::uint32_t ring_offset, std::size_t length) const noexcept;

  completion_ring completions;
  transmit_ring transmit;

 private:
  mmio& device_;
  dma_memory& memory_;
  unsigned number_;
  nic_queue_shape shape_;
  dma_region rx_;
  dma_region completion_;
  dma_region descriptors_;
  dma_region slots_;
  std::uint32_t rx_head_ = 0;
  bool rx_head_moved_ = false;
  std::uint16_t told_index_ = 0;  ///< completion_head, as the device knows it.
  std::uint16_t armed_index_ = 0;
  bool armed_ = false;
};

}  // namespace fourtuple::driver
