// SPDX-License-Identifier: Apache-2.0
#include "model/nic/device.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

#include "model/nic/frame_offload.hpp"

namespace fourtuple::model::nic {
namespace {

constexpr std::uint32_t shortest_frame_bytes = 60;
constexpr std::uint32_t longest_frame_bytes = 9600;
constexpr std::uint32_t page_mask = 0xf000;  // Registers of one kind share a page of BAR0.

using event_fields = struct regs::device_event_status;

/// The number of the queue that the register at `offset` belongs to.
std::optional<std::uint32_t> queue_at(std::uint32_t offset) noexcept {
  if (offset < regs::queues_rx_base(0) || offset >= regs::queues_rx_base(regs::queues_count)) return std::nullopt;
  return (offset - regs::queues_rx_base(0)) / regs::queues_stride;
}

constexpr std::uint32_t dma_error_events = event_fields::dma_write_error_mask | event_fields::dma_read_error_mask;

}  // namespace

device::device(const device_config& config, device_port& port)
    : config_(config),
      port_(port),
      registers_(config.queues, [this](std::uint32_t offset) { return hardware_value(offset); }),
      dma_(port, [this](dma_source source, std::uint64_t address,
                        bool is_write) { on_dma_error(source, address, is_write); }),
      table_(config.buckets_log2, config.overflow_lines_log2),
      mailbox_(table_, counts_),
      msix_(config.queues + 1, [this](std::uint64_t address, std::uint32_t data) {
        std::array<std::byte, 4> message;
        for (unsigned i = 0; i < message.size(); ++i) message[i] = static_cast<std::byte>(data >> 8 * i);
        counts_.add(regs::counter_interrupts);
        dma_.write(dma_source::interrupt, address, message, [](bool) {});
      }) {
  if (config.queues == 0 || config.queues > regs::queues_count || !std::has_single_bit(config.queues))
    throw std::invalid_argument("the device has 1, 2, 4, 8 or 16 queues");
  for (unsigned number = 0; number < config.queues; ++number)
    queues_.push_back(std::make_unique<queue_pair>(
        port, dma_, counts_,
        queue_pair::callbacks{
            .interrupt = [this, number] { msix_.raise(number); },
            .events = [this](std::uint32_t bits) { set_event(bits); },
            .answered = [this](const regs::command_completion& answer) { mailbox_.answered(answer); }}));
}

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
  return config_.queues << fields::queues_shift | (config_.queues + 1) << fields::vectors_shift |
         static_cast<std::uint32_t>(command_mailbox::depth) << fields::command_depth_shift | fields::rx_checksum_mask |
         fields::tx_checksum_mask | fields::connection_table_mask | fields::tso_mask;
}

std::uint64_t device::hardware_value(std::uint32_t offset) const {
  if (counters::is_counter(offset)) return counts_.value(offset);
  if (const auto number = queue_at(offset))
    return queues_[*number]->hardware_value(offset - regs::queues_rx_base(*number)).value_or(0);
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
    case regs::connection_command:
      on_command_written();
      break;
    default:
      break;
  }
  if ((offset & page_mask) == (regs::msix_address(0) & page_mask)) configure_vectors();
  if (const auto number = queue_at(offset)) queues_[*number]->on_register_written(registers_, *number, offset, value);
}

void device::memory_read(bool ok, std::span<const std::byte> data) {
  dma_.read_finished(ok, data);
  for (const auto& queue : queues_) queue->after_memory_read();
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
  const bool steer = (command & fields::steer_mask) != 0;
  const std::uint32_t steer_queue = (command & fields::steer_queue_mask) >> fields::steer_queue_shift;
  mailbox_.submit({.op = static_cast<regs::command_op>(command & fields::op_mask),
                   .tag = static_cast<std::uint16_t>(command >> fields::tag_shift),
                   .tuple = tuple,
                   .entry = {.handle = registers_.stored32(regs::connection_handle),
                             .steer = steer,
                             .steer_queue = static_cast<std::uint8_t>(steer ? steer_queue % config_.queues : 0)},
                   .hash = connection_hash(tuple, registers_.stored32(regs::device_hash_secret))},
                  queues_[0]->completions());
}

void device::configure_vectors() {
  for (unsigned vector = 0; vector <= config_.queues; ++vector) {
    msix_.set_message(vector, registers_.stored(regs::msix_address(vector)),
                      registers_.stored32(regs::msix_data(vector)));
    msix_.set_masked(vector, registers_.stored(regs::msix_control(vector)) != 0);
  }
}

// ---- Events and interrupts

void device::clear_events(std::uint32_t bits) noexcept { events_ &= ~bits; }

void device::set_event(std::uint32_t bit) {
  if ((events_ & bit) != 0) return;
  events_ |= bit;
  if ((registers_.stored32(regs::device_event_enable) & bit) != 0) msix_.raise(config_.queues);
}

std::optional<std::uint64_t> device::next_timer() const noexcept {
  std::optional<std::uint64_t> first;
  for (const auto& queue : queues_)
    if (const auto timer = queue->next_timer()) first = first ? std::min(*first, *timer) : timer;
  return first;
}

void device::on_timer() {
  // The MAC's room goes to another queue first each time.
  for (std::size_t turn = 0; turn < queues_.size(); ++turn) queues_[(next_queue_ + turn) % queues_.size()]->on_timer();
  next_queue_ = (next_queue_ + 1) % queues_.size();
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
  if (frame.size() > std::min(registers_.stored32(regs::device_max_frame), longest_frame_bytes))
    return regs::counter_rx_drop_too_long;
  const std::uint32_t filtering = registers_.stored32(regs::device_rx_filter);
  if (!destination_accepted(frame, registers_.stored(regs::device_mac_address),
                            (filtering & filter::promiscuous_mask) != 0, (filtering & filter::all_multicast_mask) != 0))
    return regs::counter_rx_drop_filtered;
  return std::nullopt;
}

std::uint32_t device::spread(std::uint32_t hash) const {
  const std::uint32_t entry = hash % 128;
  const std::uint64_t word = registers_.stored(regs::indirection_queues(entry / 16));
  return static_cast<std::uint32_t>(word >> (4 * (entry % 16)) & 0xfU);
}

std::pair<regs::frame_completion, std::uint32_t> device::look_at(std::span<const std::byte> frame) {
  const auto offload = offload_frame(frame, registers_.stored32(regs::device_hash_secret));
  regs::frame_completion record{.length = static_cast<std::uint16_t>(frame.size()),
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
  const bool is_tcp = record.packet_class == regs::packet_class::ipv4_tcp;
  std::uint32_t queue = is_tcp || record.packet_class == regs::packet_class::ipv4_udp ? spread(offload.hash) : 0;
  if (const auto found = is_tcp ? table_.find(offload.hash, offload.tuple) : std::nullopt) {
    record.hit = true;
    record.handle = found->handle;
    if (found->steer) queue = found->steer_queue;
  }
  return {record, queue % config_.queues};
}

void device::deliver(std::span<const std::byte> frame) {
  const auto [record, number] = look_at(frame);
  queue_pair& queue = *queues_[number];
  if (const auto counter = queue.admit(record.length)) {
    counts_.add(*counter);
    return;
  }
  const std::uint32_t occupied = round_up_to_lines(record.length);
  receive_buffered_bytes_ += occupied;
  count_verdicts(record);
  queue.deliver(frame, record, [this, occupied] { receive_buffered_bytes_ -= occupied; });
}

void device::count_verdicts(const regs::frame_completion& record) {
  counts_.add(regs::counter_rx_delivered);
  counts_.add(regs::counter_rx_bytes, record.length);
  if (record.ip_checked) counts_.add(record.ip_good ? regs::counter_rx_ipv4_good : regs::counter_rx_ipv4_bad);
  if (record.l4_checked) counts_.add(record.l4_good ? regs::counter_rx_l4_good : regs::counter_rx_l4_bad);
  if (record.packet_class == regs::packet_class::ipv4_tcp)
    counts_.add(record.hit ? regs::counter_table_hit : regs::counter_table_miss);
}

}  // namespace fourtuple::model::nic
