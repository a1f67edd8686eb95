// SPDX-License-Identifier: Apache-2.0
#include "model/nic/device.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "model/nic/frame_offload.hpp"

namespace fourtuple::model::nic {
namespace {

constexpr std::uint32_t shortest_frame_bytes = 60;
constexpr unsigned event_vector = 1;
constexpr std::uint32_t page_mask = 0xf000;  // Registers of one kind share a page of BAR0.

using event_fields = struct regs::device_event_status;
constexpr std::uint32_t dma_error_events = event_fields::dma_write_error_mask | event_fields::dma_read_error_mask;

}  // namespace

device::device(const device_config& config, device_port& port)
    : config_(config),
      port_(port),
      registers_(1, [this](std::uint32_t offset) { return hardware_value(offset); }),
      dma_(port, [this](dma_source source, std::uint64_t address,
                        bool is_write) { on_dma_error(source, address, is_write); }),
      table_(config.buckets_log2, config.overflow_lines_log2),
      mailbox_(table_, counts_),
      completions_(
          port, dma_, [this](bool ok) { on_receive_write_acknowledged(ok); }, [this] { update_interrupt(); },
          [this](const regs::command_completion& answer) { mailbox_.answered(answer); }),
      transmit_(
          port, dma_, counts_, [this](std::uint16_t index) { completions_.finish_transmit(index); },
          [this] { set_event(event_fields::tx_halted_mask); }),
      msix_([this](std::uint64_t address, std::uint32_t data) {
        std::array<std::byte, 4> message;
        for (unsigned i = 0; i < message.size(); ++i) message[i] = static_cast<std::byte>(data >> 8 * i);
        counts_.add(regs::counter_interrupts);
        dma_.write(dma_source::interrupt, address, message, [](bool) {});
      }) {}

// ---- Registers

std::optional<std::uint32_t> device::read_register(std::uint32_t offset) {
  const auto value = registers_.read(offset);
  if (!value) refuse_register_access();
  return value;
}

void device::write_register(std::uint32_t offset, std::uint32_t value) {
  if (registers_.write(offset, value))
    on_register_written(offset, value);
  else
    refuse_register_access();
}

void device::refuse_register_access() {
  counts_.add(regs::counter_register_errors);
  set_event(event_fields::register_error_mask);
}

std::uint32_t device::capabilities() const noexcept {
  using fields = struct regs::device_capabilities;
  return 1U << fields::queues_shift | msix_table::vectors << fields::vectors_shift |
         static_cast<std::uint32_t>(command_mailbox::depth) << fields::command_depth_shift | fields::rx_checksum_mask |
         fields::tx_checksum_mask | fields::connection_table_mask | fields::tso_mask;
}

std::uint32_t device::queue_status() const noexcept {
  using fields = struct regs::queues_status;
  const bool rx_active = rx_enabled_ || receive_writes_outstanding_ != 0 || !completions_.idle();
  return (rx_active ? fields::rx_active_mask : 0) | (transmit_.active() ? fields::tx_active_mask : 0) |
         (rx_halted_ ? fields::rx_halted_mask : 0) | (transmit_.halted() ? fields::tx_halted_mask : 0);
}

std::uint64_t device::hardware_value(std::uint32_t offset) const {
  if (counters::is_counter(offset)) return counts_.value(offset);
  switch (offset) {
    case regs::device_capabilities:
      return capabilities();
    case regs::device_table_size:
      return config_.buckets_log2 | config_.overflow_lines_log2 << 8;
    case regs::device_clock:
      return config_.clock_period_ps;
    case regs::device_status:
      return 1;  // The model's table is never being cleared.
    case regs::device_event_status:
      return events_;
    case regs::device_timestamp:
      return port_.clock();
    case regs::device_dma_error_address:
      return dma_error_address_;
    case regs::device_dma_error_source:
      return static_cast<std::uint64_t>(dma_error_source_);
    case regs::queues_rx_tail(0):
      return receive_ring_.tail();
    case regs::queues_completion_tail(0):
      return completions_.tail();
    case regs::queues_tx_head(0):
      return transmit_.head();
    case regs::queues_status(0):
      return queue_status();
    case regs::queues_rx_delivered(0):
      return counts_.value(regs::counter_rx_delivered) & 0xffff'ffffU;
    case regs::queues_rx_drop_ring_full(0):
      return counts_.value(regs::counter_rx_drop_ring_full) & 0xffff'ffffU;
    case regs::queues_rx_drop_completion_full(0):
      return counts_.value(regs::counter_rx_drop_completion_full) & 0xffff'ffffU;
    case regs::queues_rx_drop_disabled(0):
      return counts_.value(regs::counter_rx_drop_disabled) & 0xffff'ffffU;
    case regs::connection_result:
      return mailbox_.result_register();
    case regs::connection_result_handle:
      return mailbox_.result_handle();
    case regs::connection_entries:
      return table_.entries();
    case regs::connection_overflow_lines_used:
      return table_.overflow_lines_used();
    case regs::msix_pba_pending:
      return msix_.pending_bits();
    default:
      return 0;
  }
}

void device::on_register_written(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case regs::device_event_status:
      clear_events(value);
      break;
    case regs::device_function_reset:
      reset_requested_ = (value & regs::device_function_reset::start_mask) != 0;
      break;
    case regs::queues_control(0):
      on_control_written();
      break;
    case regs::queues_tx_tail(0):
      transmit_.set_tail(static_cast<std::uint16_t>(value));
      break;
    case regs::queues_moderation(0):
      queue_interrupt_.configure(static_cast<std::uint16_t>(value), static_cast<std::uint16_t>(value >> 16U));
      update_interrupt();
      break;
    case regs::connection_command:
      on_command_written();
      break;
    default:
      break;
  }
  switch (offset & page_mask) {
    case regs::queues_rx_base(0) & page_mask:
      configure_rings();
      break;
    case regs::msix_address(0) & page_mask:
      configure_vector(0, regs::msix_address(0), regs::msix_data(0), regs::msix_control(0));
      configure_vector(1, regs::msix_address(1), regs::msix_data(1), regs::msix_control(1));
      break;
    default:
      break;
  }
  if (offset == regs::queues_completion_head(0) && (value & regs::queues_completion_head::arm_mask) != 0) {
    queue_interrupt_.arm(static_cast<std::uint16_t>(value));
    update_interrupt();
  }
}

void device::configure_rings() {
  using sizes = struct regs::queues_ring_sizes;
  const std::uint32_t ring_sizes = registers_.stored32(regs::queues_ring_sizes(0));
  receive_ring_.configure(registers_.stored(regs::queues_rx_base(0)), registers_.stored32(regs::queues_rx_size(0)),
                          registers_.stored32(regs::queues_rx_head(0)));
  transmit_.set_ring(registers_.stored(regs::queues_tx_base(0)),
                     (ring_sizes & sizes::tx_log2_mask) >> sizes::tx_log2_shift);
  completions_.configure(registers_.stored(regs::queues_completion_base(0)),
                         (ring_sizes & sizes::completion_log2_mask) >> sizes::completion_log2_shift,
                         static_cast<std::uint16_t>(registers_.stored32(regs::queues_completion_head(0))));
}

void device::on_control_written() {
  using fields = struct regs::queues_control;
  const std::uint32_t control = registers_.stored32(regs::queues_control(0));
  const bool rx_enable = (control & fields::rx_enable_mask) != 0;
  if (rx_enable && !rx_enabled_) {
    rx_halted_ = false;
    receive_ring_.reset();
    queue_interrupt_.disarm();
    completions_.start();
  }
  rx_enabled_ = rx_enable;
  transmit_.set_enabled((control & fields::tx_enable_mask) != 0);
  update_completion_ring_use();
}

void device::update_completion_ring_use() {
  if (rx_enabled_ || transmit_.active()) return;
  completions_.stop();
}

void device::memory_read(bool ok, std::span<const std::byte> data) {
  dma_.read_finished(ok, data);
  update_completion_ring_use();  // The transmit side may have finished after being disabled.
}

void device::on_command_written() {
  using ports = struct regs::connection_ports;
  using fields = struct regs::connection_command;
  const std::uint32_t port_pair = registers_.stored32(regs::connection_ports);
  const std::uint32_t command = registers_.stored32(regs::connection_command);
  const connection_tuple tuple{.local_address = registers_.stored32(regs::connection_local_address),
                               .foreign_address = registers_.stored32(regs::connection_foreign_address),
                               .local_port = static_cast<std::uint16_t>(port_pair >> ports::local_port_shift),
                               .foreign_port = static_cast<std::uint16_t>(port_pair & ports::foreign_port_mask)};
  mailbox_.submit({.op = static_cast<regs::command_op>(command & fields::op_mask),
                   .tag = static_cast<std::uint16_t>(command >> fields::tag_shift),
                   .tuple = tuple,
                   .handle = registers_.stored32(regs::connection_handle),
                   .hash = connection_hash(tuple, registers_.stored32(regs::device_hash_secret))},
                  completions_);
}

void device::configure_vector(unsigned vector, std::uint32_t address_offset, std::uint32_t data_offset,
                              std::uint32_t control_offset) {
  msix_.set_message(vector, registers_.stored(address_offset), registers_.stored32(data_offset));
  msix_.set_masked(vector, registers_.stored(control_offset) != 0);
}

// ---- Events and interrupts

void device::clear_events(std::uint32_t bits) noexcept { events_ &= ~bits; }

void device::set_event(std::uint32_t bit) {
  if ((events_ & bit) != 0) return;
  events_ |= bit;
  if ((registers_.stored32(regs::device_event_enable) & bit) != 0) msix_.raise(event_vector);
}

void device::update_interrupt() {
  if (queue_interrupt_.update(completions_.tail(), port_.clock())) msix_.raise(0);
}

std::optional<std::uint64_t> device::next_timer() const noexcept {
  const auto interrupt = queue_interrupt_.deadline();
  const auto transmit = transmit_.next_clock();
  if (interrupt && transmit) return std::min(*interrupt, *transmit);
  return interrupt ? interrupt : transmit;
}

void device::on_timer() {
  update_interrupt();
  transmit_.run();
}

void device::on_dma_error(dma_source source, std::uint64_t address, bool is_write) {
  counts_.add(is_write ? regs::counter_dma_write_errors : regs::counter_dma_read_errors);
  if ((events_ & dma_error_events) == 0) {
    dma_error_address_ = address;
    dma_error_source_ = source;
  }
  set_event(is_write ? event_fields::dma_write_error_mask : event_fields::dma_read_error_mask);
}

// ---- Receive

void device::receive(std::span<const std::byte> frame, bool bad) {
  counts_.add(regs::counter_rx_frames);
  if (const auto counter = reason_to_drop(frame, bad))
    counts_.add(*counter);
  else
    deliver(frame);
}

std::optional<std::uint32_t> device::reason_to_drop(std::span<const std::byte> frame, bool bad) const {
  using filter = struct regs::device_rx_filter;
  const auto rounded = static_cast<std::uint64_t>(frame.size() + line_bytes - 1) & ~std::uint64_t{line_bytes - 1};
  if (receive_buffered_bytes_ + rounded > config_.receive_buffer_bytes) return regs::counter_rx_drop_fifo_full;
  if (bad) return regs::counter_rx_drop_mac_error;
  if (frame.size() < shortest_frame_bytes) return regs::counter_rx_drop_too_short;
  if (frame.size() > registers_.stored(regs::device_max_frame)) return regs::counter_rx_drop_too_long;
  const std::uint32_t filtering = registers_.stored32(regs::device_rx_filter);
  if (!destination_accepted(frame, registers_.stored(regs::device_mac_address),
                            (filtering & filter::promiscuous_mask) != 0, (filtering & filter::all_multicast_mask) != 0))
    return regs::counter_rx_drop_filtered;
  if (!rx_enabled_ || rx_halted_) return regs::counter_rx_drop_disabled;
  if (!receive_ring_.fits(static_cast<std::uint32_t>(frame.size()))) return regs::counter_rx_drop_ring_full;
  if (!completions_.has_space()) return regs::counter_rx_drop_completion_full;
  return std::nullopt;
}

void device::deliver(std::span<const std::byte> frame) {
  const auto offload = offload_frame(frame, registers_.stored32(regs::device_hash_secret));
  const auto length = static_cast<std::uint16_t>(frame.size());
  const std::uint32_t ring_offset = receive_ring_.place(length).value();
  std::vector<std::byte> lines(frame.begin(), frame.end());
  lines.resize(round_up_to_lines(length));
  const auto occupied = static_cast<std::uint32_t>(lines.size());
  receive_buffered_bytes_ += occupied;
  ++receive_writes_outstanding_;
  dma_.write(dma_source::rx_data, receive_ring_.address_of(ring_offset), lines, [this, occupied](bool ok) {
    receive_buffered_bytes_ -= occupied;
    --receive_writes_outstanding_;
    on_receive_write_acknowledged(ok);
  });
  regs::frame_completion record{.ring_offset = ring_offset,
                                .length = length,
                                .l3_offset = offload.l3_offset,
                                .l4_offset = offload.l4_offset,
                                .hash = offload.hash,
                                .raw_sum = offload.raw_sum,
                                .payload_offset = offload.payload_offset,
                                .packet_class = offload.packet_class,
                                .vlan = offload.vlan,
                                .ip_checked = offload.ip_checked,
                                .ip_good = offload.ip_good,
                                .l4_checked = offload.l4_checked,
                                .l4_good = offload.l4_good};
  if (record.packet_class == regs::packet_class::ipv4_tcp) {
    const auto handle = table_.find(offload.hash, offload.tuple);
    record.hit = handle.has_value();
    record.handle = handle.value_or(0);
  }
  count_verdicts(record);
  completions_.write_frame(record);
}

void device::count_verdicts(const regs::frame_completion& record) {
  counts_.add(regs::counter_rx_delivered);
  counts_.add(regs::counter_rx_bytes, record.length);
  if (record.ip_checked) counts_.add(record.ip_good ? regs::counter_rx_ipv4_good : regs::counter_rx_ipv4_bad);
  if (record.l4_checked) counts_.add(record.l4_good ? regs::counter_rx_l4_good : regs::counter_rx_l4_bad);
  if (record.packet_class == regs::packet_class::ipv4_tcp)
    counts_.add(record.hit ? regs::counter_table_hit : regs::counter_table_miss);
}

void device::on_receive_write_acknowledged(bool ok) {
  if (ok || rx_halted_) return;
  rx_halted_ = true;
  completions_.stop();
  set_event(event_fields::rx_halted_mask);
}

}  // namespace fourtuple::model::nic
