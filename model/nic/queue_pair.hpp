// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "model/nic/completion_writer.hpp"
#include "model/nic/counters.hpp"
#include "model/nic/device_port.hpp"
#include "model/nic/device_registers.hpp"
#include "model/nic/dma_engine.hpp"
#include "model/nic/interrupts.hpp"
#include "model/nic/rings.hpp"
#include "model/nic/transmit_queue.hpp"

namespace fourtuple::model::nic {

/// One of the device's queues: its rings, its halves' state, its interrupt, its own counters (docs/device.md, Queues).
class queue_pair {
 public:
  /// What a queue asks of the device.
  struct callbacks {
    std::function<void()> interrupt;                 ///< Its vector's message is due.
    std::function<void(std::uint32_t bits)> events;  ///< Bits of device.event_status happened.
    completion_writer::answered_callback answered;
  };

  queue_pair(device_port& port, dma_engine& dma, counters& counts, callbacks on);
  queue_pair(const queue_pair&) = delete;  // What is outstanding refers to it.
  queue_pair& operator=(const queue_pair&) = delete;

  /// One of its registers was written: the registers of queue `number`.
  void on_register_written(const device_registers& registers, std::uint32_t number, std::uint32_t offset,
                           std::uint32_t value);
  /// The hardware's bits of its register at `offset` - queues_rx_base(number), or nothing if it has none.
  [[nodiscard]] std::optional<std::uint64_t> hardware_value(std::uint32_t offset) const;

  /// The counter of the reason why a frame of this length is dropped, if it is (rules 5 to 7). Counts in the queue.
  [[nodiscard]] std::optional<std::uint32_t> admit(std::uint32_t length_bytes);
  /// Only for a frame that was admitted, at once. Fills in ring_offset. `on_written`: its bytes are in host memory.
  void deliver(std::span<const std::byte> frame, regs::frame_completion record, std::function<void()> on_written);

  [[nodiscard]] completion_writer& completions() noexcept { return completions_; }
  /// Something was read for the transmit side.
  void after_memory_read();

  /// The clock at which on_timer() has something to do although nothing else happens.
  [[nodiscard]] std::optional<std::uint64_t> next_timer() const noexcept;
  void on_timer();

 private:
  void configure(const device_registers& registers, std::uint32_t number);
  void on_control_written(bool rx_enable, bool tx_enable);
  void on_write_acknowledged(bool ok);
  void update_completion_ring_use();
  void update_interrupt();
  [[nodiscard]] std::uint32_t status() const noexcept;

  device_port& port_;
  dma_engine& dma_;
  callbacks on_;
  receive_ring receive_ring_;
  completion_writer completions_;
  transmit_queue transmit_;
  queue_interrupt interrupt_;
  bool rx_enabled_ = false;
  bool rx_halted_ = false;
  std::uint32_t receive_writes_outstanding_ = 0;
  std::uint32_t delivered_ = 0;  ///< This and the next three are modulo 2^32.
  std::uint32_t drops_ring_full_ = 0;
  std::uint32_t drops_completion_full_ = 0;
  std::uint32_t drops_disabled_ = 0;
};

}  // namespace fourtuple::model::nic
