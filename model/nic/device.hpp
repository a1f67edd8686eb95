// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/nic/command_mailbox.hpp"
#include "model/nic/connection_table.hpp"
#include "model/nic/counters.hpp"
#include "model/nic/device_port.hpp"
#include "model/nic/device_registers.hpp"
#include "model/nic/dma_engine.hpp"
#include "model/nic/interrupts.hpp"
#include "model/nic/queue_pair.hpp"

namespace fourtuple::model::nic {

struct device_config {
  std::uint32_t queues = 16;  ///< A power of two, 1 to 16.
  std::uint32_t clock_period_ps = 4'000;
  std::uint32_t buckets_log2 = 14;
  std::uint32_t overflow_lines_log2 = 13;
  std::uint32_t receive_buffer_bytes = 65'536;  ///< Frames whose bytes are not yet in host memory.
};

/// What the device does (docs/device.md), without time and transport: those are the port's. Every call takes effect at
/// port.clock().
class device {
 public:
  device(const device_config& config, device_port& port);

  /// BAR0, one word. Nothing: answered with an error, which is counted.
  [[nodiscard]] std::optional<std::uint32_t> read_register(std::uint32_t offset);
  void write_register(std::uint32_t offset, std::uint32_t value);
  /// An access to BAR0 that is not of whole words: counted, nothing else.
  void refuse_register_access();

  /// The host has asked for a function-level reset: whoever owns this makes a new one in its place.
  [[nodiscard]] bool reset_requested() const noexcept { return reset_requested_; }

  void receive(std::span<const std::byte> frame, bool bad);

  /// Called for each drop with the offset of the counter that counts it.
  void set_drop_callback(std::function<void(std::uint32_t counter)> on_drop) {
    counts_.set_drop_callback(std::move(on_drop));
  }

  /// Answers to the port's write_memory and read_memory, in order.
  void memory_written(bool ok) { dma_.written(ok); }
  void memory_read(bool ok, std::span<const std::byte> data);

  /// The clock at which on_timer() has something to do although nothing else happens.
  [[nodiscard]] std::optional<std::uint64_t> next_timer() const noexcept;
  void on_timer();

 private:
  [[nodiscard]] std::uint64_t hardware_value(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t capabilities() const noexcept;
  void on_register_written(std::uint32_t offset, std::uint32_t value);
  void on_command_written();
  void configure_vectors();
  void clear_events(std::uint32_t bits) noexcept;
  void set_event(std::uint32_t bit);

  [[nodiscard]] std::optional<std::uint32_t> reason_to_drop(std::span<const std::byte> frame, bool bad) const;
  /// What the device finds out about the frame, and the number of the queue that it goes to.
  [[nodiscard]] std::pair<regs::frame_completion, std::uint32_t> look_at(std::span<const std::byte> frame);
  [[nodiscard]] std::uint32_t spread(std::uint32_t hash) const;
  void deliver(std::span<const std::byte> frame);
  void count_verdicts(const regs::frame_completion& record);
  void on_dma_error(dma_source source, std::uint64_t address, bool is_write);

  device_config config_;
  device_port& port_;
  counters counts_;
  device_registers registers_;
  dma_engine dma_;
  connection_table table_;
  command_mailbox mailbox_;
  msix_table msix_;
  std::vector<std::unique_ptr<queue_pair>> queues_;  ///< At fixed addresses: their callbacks refer to them.
  std::size_t next_queue_ = 0;                       ///< Whose turn on_timer() begins with.

  std::uint32_t events_ = 0;  ///< device.event_status.
  std::uint64_t dma_error_address_ = 0;
  dma_source dma_error_source_ = dma_source::rx_data;
  bool reset_requested_ = false;
  std::uint32_t receive_buffered_bytes_ = 0;
};

}  // namespace fourtuple::model::nic
