// SPDX-License-Identifier: Apache-2.0
#include "model/nic/queue_pair.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fourtuple::model::nic {
namespace {

using event_fields = struct regs::device_event_status;

constexpr std::uint32_t place_of(std::uint32_t offset_of_queue_0) noexcept {
  return offset_of_queue_0 - regs::queues_rx_base(0);
}

}  // namespace

queue_pair::queue_pair(device_port& port, dma_engine& dma, counters& counts, callbacks on)
    : port_(port),
      dma_(dma),
      on_(std::move(on)),
      completions_(
          port, dma, [this](bool ok) { on_write_acknowledged(ok); }, [this] { update_interrupt(); }, on_.answered),
      transmit_(
          port, dma, counts, [this](std::uint16_t index) { completions_.finish_transmit(index); },
          [this] { on_.events(event_fields::tx_halted_mask); }) {}

std::uint32_t queue_pair::status() const noexcept {
  using fields = struct regs::queues_status;
  const bool rx_active = rx_enabled_ || receive_writes_outstanding_ != 0 || !completions_.idle();
  return (rx_active ? fields::rx_active_mask : 0) | (transmit_.active() ? fields::tx_active_mask : 0) |
         (rx_halted_ ? fields::rx_halted_mask : 0) | (transmit_.halted() ? fields::tx_halted_mask : 0);
}

std::optional<std::uint64_t> queue_pair::hardware_value(std::uint32_t offset) const {
  switch (offset) {
    case place_of(regs::queues_rx_tail(0)):
      return receive_ring_.tail();
    case place_of(regs::queues_completion_tail(0)):
      return completions_.tail();
    case place_of(regs::queues_tx_head(0)):
      return transmit_.head();
    case place_of(regs::queues_status(0)):
      return status();
    case place_of(regs::queues_rx_delivered(0)):
      return delivered_;
    case place_of(regs::queues_rx_drop_ring_full(0)):
      return drops_ring_full_;
    case place_of(regs::queues_rx_drop_completion_full(0)):
      return drops_completion_full_;
    case place_of(regs::queues_rx_drop_disabled(0)):
      return drops_disabled_;
    default:
      return std::nullopt;
  }
}

void queue_pair::on_register_written(const device_registers& registers, std::uint32_t number, std::uint32_t offset,
                                     std::uint32_t value) {
  if (offset == regs::queues_control(number)) {
    using fields = struct regs::queues_control;
    on_control_written((value & fields::rx_enable_mask) != 0, (value & fields::tx_enable_mask) != 0);
  } else if (offset == regs::queues_tx_tail(number)) {
    transmit_.set_tail(static_cast<std::uint16_t>(value));
  } else if (offset == regs::queues_moderation(number)) {
    interrupt_.configure(static_cast<std::uint16_t>(value), static_cast<std::uint16_t>(value >> 16U));
    update_interrupt();
  }
  configure(registers, number);
  if (offset == regs::queues_completion_head(number) && (value & regs::queues_completion_head::arm_mask) != 0) {
    interrupt_.arm(static_cast<std::uint16_t>(value));
    update_interrupt();
  }
}

void queue_pair::configure(const device_registers& registers, std::uint32_t number) {
  using sizes = struct regs::queues_ring_sizes;
  const std::uint32_t ring_sizes = registers.stored32(regs::queues_ring_sizes(number));
  receive_ring_.configure(registers.stored(regs::queues_rx_base(number)),
                          registers.stored32(regs::queues_rx_size(number)),
                          registers.stored32(regs::queues_rx_head(number)));
  transmit_.set_ring(registers.stored(regs::queues_tx_base(number)),
                     (ring_sizes & sizes::tx_log2_mask) >> sizes::tx_log2_shift);
  completions_.configure(registers.stored(regs::queues_completion_base(number)),
                         (ring_sizes & sizes::completion_log2_mask) >> sizes::completion_log2_shift,
                         static_cast<std::uint16_t>(registers.stored32(regs::queues_completion_head(number))));
}

void queue_pair::on_control_written(bool rx_enable, bool tx_enable) {
  if (rx_enable && !rx_enabled_) {
    rx_halted_ = false;
    receive_ring_.reset();
    interrupt_.disarm();
    completions_.start();
  }
  rx_enabled_ = rx_enable;
  transmit_.set_enabled(tx_enable);
  update_completion_ring_use();
}

void queue_pair::update_completion_ring_use() {
  if (rx_enabled_ || transmit_.active()) return;
  completions_.stop();
}

void queue_pair::after_memory_read() { update_completion_ring_use(); }  // The transmit side may have finished.

std::optional<std::uint32_t> queue_pair::admit(std::uint32_t length_bytes) {
  if (!rx_enabled_ || rx_halted_) {
    ++drops_disabled_;
    return regs::counter_rx_drop_disabled;
  }
  if (!receive_ring_.fits(length_bytes)) {
    ++drops_ring_full_;
    return regs::counter_rx_drop_ring_full;
  }
  if (!completions_.has_space()) {
    ++drops_completion_full_;
    return regs::counter_rx_drop_completion_full;
  }
  ++delivered_;
  return std::nullopt;
}

void queue_pair::deliver(std::span<const std::byte> frame, regs::frame_completion record,
                         std::function<void()> on_written) {
  const auto length = static_cast<std::uint32_t>(frame.size());
  record.ring_offset = receive_ring_.place(length).value();
  std::vector<std::byte> lines(frame.begin(), frame.end());
  lines.resize(round_up_to_lines(length));
  ++receive_writes_outstanding_;
  dma_.write(dma_source::rx_data, receive_ring_.address_of(record.ring_offset), lines,
             [this, on_written = std::move(on_written)](bool ok) {
               --receive_writes_outstanding_;
               on_written();
               on_write_acknowledged(ok);
             });
  completions_.write_frame(record);
}

void queue_pair::on_write_acknowledged(bool ok) {
  if (ok || rx_halted_) return;
  rx_halted_ = true;
  completions_.stop();
  on_.events(event_fields::rx_halted_mask);
}

void queue_pair::update_interrupt() {
  if (interrupt_.update(completions_.tail(), port_.clock())) on_.interrupt();
}

std::optional<std::uint64_t> queue_pair::next_timer() const noexcept {
  const auto interrupt = interrupt_.deadline();
  const auto transmit = transmit_.next_clock();
  if (interrupt && transmit) return std::min(*interrupt, *transmit);
  return interrupt ? interrupt : transmit;
}

void queue_pair::on_timer() {
  update_interrupt();
  transmit_.run();
}

}  // namespace fourtuple::model::nic
