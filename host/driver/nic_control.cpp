// SPDX-License-Identifier: Apache-2.0
//
// Taking the device up and down, and its error events. The data path is in nic_driver.cpp.
#include <algorithm>
#include <cassert>
#include <cstdio>
#include <string>
#include <utility>

#include "host/driver/nic_driver.hpp"
#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::uint32_t known_id = 0x50555434;  // 4TUP
constexpr std::uint32_t known_major = 0;
constexpr std::size_t ethernet_header_bytes = 14;
constexpr std::size_t vlan_tag_bytes = 4;
constexpr unsigned largest_frame_bytes = 9600;
constexpr std::size_t smallest_slot_bytes = 2048;
constexpr std::size_t largest_segmented_bytes = 65'536;  // one more than the device takes; 33 of the smallest slots
constexpr std::size_t header_room_bytes = packet::tx_sk_buff::headroom_bytes;
constexpr std::uint32_t all_events =
    regs::device_event_status::dma_write_error_mask | regs::device_event_status::dma_read_error_mask |
    regs::device_event_status::rx_halted_mask | regs::device_event_status::tx_halted_mask |
    regs::device_event_status::register_error_mask;
constexpr std::uint32_t dma_errors =
    regs::device_event_status::dma_write_error_mask | regs::device_event_status::dma_read_error_mask;
constexpr std::uint32_t halted = regs::device_event_status::rx_halted_mask | regs::device_event_status::tx_halted_mask;

constexpr bool within(unsigned value, unsigned low, unsigned high) noexcept { return value >= low && value <= high; }

/// A frame's slot: a power of two keeps slots within pages, or starts them at one.
std::size_t slot_bytes_for(std::size_t frame_bytes) noexcept {
  std::size_t bytes = smallest_slot_bytes;
  while (bytes < frame_bytes) bytes *= 2;
  return bytes;
}

std::string_view dma_source_name(std::uint32_t source) noexcept {
  switch (source) {
    case 0:
      return "receive data";
    case 1:
      return "a completion";
    case 2:
      return "an interrupt";
    case 3:
      return "a transmit descriptor";
    case 4:
      return "transmit data";
    default:
      return "an unknown access";
  }
}

}  // namespace

std::string_view describe(nic_result result) noexcept {
  switch (result) {
    case nic_result::ok:
      return "no error";
    case nic_result::bad_option:
      return "an option of the NIC driver is out of its range";
    case nic_result::no_answer:
      return "the device does not answer: reads give all ones";
    case nic_result::wrong_device:
      return "the device is not a Fourtuple NIC";
    case nic_result::unknown_version:
      return "the device's register map has a version that this driver does not know";
    case nic_result::table_not_ready:
      return "the device did not clear its connection table in time";
    case nic_result::no_memory:
      return "not enough DMA memory for the rings";
    case nic_result::still_active:
      return "the device did not stop in time; its memory has been unmapped all the same";
  }
  return "unknown result";
}

nic_driver::nic_driver(mmio& device, dma_memory& memory, interrupt_controller& interrupts, const nic_options& options,
                       std::function<void()> wake, log_callback log)
    : device_(device),
      interrupts_(interrupts),
      options_(options),
      log_(std::move(log)),
      state_(std::make_shared<interrupt_state>()),
      commands_(device) {
  for (unsigned queue = 0; queue < std::clamp(options_.queues, 1U, regs::queues_count); ++queue)
    queues_.push_back(std::make_unique<nic_queue>(device, memory, queue));
  assert(wake && log_);
  state_->wake = std::move(wake);
}

nic_driver::~nic_driver() {
  close();
  state_->connected = false;
}

bool nic_driver::options_valid() const noexcept {
  return within(options_.mtu, 68, largest_frame_bytes - ethernet_header_bytes - vlan_tag_bytes) &&  // RFC 791: 68
         within(options_.queues, 1, regs::queues_count) && within(options_.tx_queues, 1, regs::queues_count) &&
         within(options_.rx_ring_bytes_log2, 15, 30) && within(options_.completion_entries_log2, 4, 15) &&
         within(options_.tx_entries_log2, 4, 15) &&
         within(options_.tx_completion_every, 1, 1U << (options_.tx_entries_log2 - 1)) && !options_.address.is_group();
}

bool nic_driver::wait_for(std::uint32_t offset, std::uint32_t mask, std::uint32_t value) {
  for (unsigned i = 0; i < options_.wait_reads; ++i) {
    const std::uint32_t got = device_.read32(offset);
    if (got == no_answer) return false;
    if ((got & mask) == value) return true;
  }
  return false;
}

nic_result nic_driver::identify() {
  const std::uint32_t id = device_.read32(regs::device_id);
  if (id == no_answer) return nic_result::no_answer;
  if (id != known_id) return nic_result::wrong_device;
  const std::uint32_t version = device_.read32(regs::device_version);
  if (version >> regs::device_version::major_shift != known_major) return nic_result::unknown_version;

  const std::uint32_t capabilities = device_.read32(regs::device_capabilities);
  device_queues_ = (capabilities & regs::device_capabilities::queues_mask) >> regs::device_capabilities::queues_shift;
  used_queues_ = std::min(options_.queues, device_queues_);
  if (used_queues_ == 0) return nic_result::wrong_device;
  used_tx_queues_ = std::min(options_.tx_queues, used_queues_);
  command_depth_ =
      (capabilities & regs::device_capabilities::command_depth_mask) >> regs::device_capabilities::command_depth_shift;
  features_.rx_checksum = (capabilities & regs::device_capabilities::rx_checksum_mask) != 0;
  features_.tx_checksum = (capabilities & regs::device_capabilities::tx_checksum_mask) != 0;
  features_.connection_table =
      (capabilities & regs::device_capabilities::connection_table_mask) != 0 && command_depth_ != 0;
  features_.tso = features_.tx_checksum && (capabilities & regs::device_capabilities::tso_mask) != 0;
  clock_period_ps_ = device_.read32(regs::device_clock);
  return nic_result::ok;
}

nic_result nic_driver::clear_table() {
  if (!features_.connection_table) return nic_result::ok;
  // After reset it clears itself; what an earlier driver put in is flushed. The answer is only in the register, because
  // the queue is down.
  const std::uint32_t ready = regs::device_status::table_ready_mask;
  if (!wait_for(regs::device_status, ready, ready)) return nic_result::table_not_ready;
  device_.write32(regs::connection_command, static_cast<std::uint32_t>(regs::command_op::flush));
  if (!wait_for(regs::connection_result, regs::connection_result::outstanding_mask, 0))
    return nic_result::table_not_ready;
  if (!wait_for(regs::device_status, ready, ready)) return nic_result::table_not_ready;
  commands_.start(command_depth_);
  return nic_result::ok;
}

void nic_driver::connect_interrupts() {
  if (state_->connected) return;
  state_->connected = true;
  // The controller keeps the handlers; a driver that is gone must not be reached through them.
  const auto connect = [this](std::atomic<bool>& flag) {
    return interrupts_.connect([state = state_, &flag] {
      if (!state->connected) return;
      ++state->count;
      flag.store(true, std::memory_order_release);
      state->wake();
    });
  };
  for (unsigned queue = 0; queue < used_queues_; ++queue) queue_messages_[queue] = connect(state_->queue[queue]);
  event_message_ = connect(state_->event);
}

void nic_driver::set_masked(bool masked) {
  const std::uint32_t control = masked ? regs::msix_control::mask_mask : 0;
  for (unsigned queue = 0; queue < used_queues_; ++queue) device_.write32(regs::msix_control(queue), control);
  device_.write32(regs::msix_control(device_queues_), control);
}

void nic_driver::configure_vectors() {
  const auto write = [this](unsigned vector, const msi_message& message) {
    write64(device_, regs::msix_address(vector), message.address);
    device_.write32(regs::msix_data(vector), message.data);
  };
  for (unsigned queue = 0; queue < used_queues_; ++queue) {
    device_.write32(regs::queues_moderation(queue),
                    std::uint32_t{options_.interrupt_completions} | std::uint32_t{options_.interrupt_clocks}
                                                                        << regs::queues_moderation::clocks_shift);
    write(queue, queue_messages_[queue]);
  }
  write(device_queues_, event_message_);  // The last one.
}

void nic_driver::spread_frames() {
  constexpr std::uint32_t entries_of_word = 16;
  constexpr std::uint32_t entry_bits = 4;
  const auto queue_of = [this](std::uint32_t hash) { return queue_of_hash(hash, used_queues_); };
  for (std::uint32_t word = 0; word < regs::indirection_count; ++word) {
    std::uint64_t queues = 0;
    for (std::uint32_t entry = 0; entry < entries_of_word; ++entry)
      queues |= std::uint64_t{queue_of(word * entries_of_word + entry)} << (entry_bits * entry);
    write64(device_, regs::indirection_queues(word), queues);
  }
  flows_.start(queue_of);
}

void nic_driver::configure() {
  std::uint64_t address = 0;
  for (unsigned i = 0; i < 6; ++i) address |= std::uint64_t{options_.address.bytes[i]} << (8 * i);
  write64(device_, regs::device_mac_address, address);
  device_.write32(regs::device_max_frame,
                  static_cast<std::uint32_t>(options_.mtu + ethernet_header_bytes + vlan_tag_bytes));
  device_.write32(regs::device_rx_filter,
                  (options_.promiscuous ? regs::device_rx_filter::promiscuous_mask : 0) |
                      (options_.all_multicast ? regs::device_rx_filter::all_multicast_mask : 0));
  device_.write32(regs::device_hash_secret, options_.hash_secret);
  configure_vectors();
  spread_frames();
  device_.write32(regs::device_event_status, all_events);
  device_.write32(regs::device_event_enable, all_events);
}

nic_result nic_driver::open() {
  if (open_) return nic_result::ok;
  if (!options_valid()) return nic_result::bad_option;
  if (const nic_result found = identify(); found != nic_result::ok) return found;
  // An earlier driver may have left it running, with more queues than are used now.
  for (unsigned queue = 0; queue < device_queues_; ++queue)
    if (!stop_queue(device_, queue, options_.wait_reads)) return nic_result::still_active;
  if (const nic_result cleared = clear_table(); cleared != nic_result::ok) return cleared;

  const std::size_t slot_bytes = slot_bytes_for(options_.mtu + ethernet_header_bytes);
  // Half of the ring at most, so that there is always room again at some time (transmit_ring::full).
  features_.tso_max_size = static_cast<std::uint32_t>(
      std::min<std::size_t>(largest_segmented_bytes, (slot_bytes << options_.tx_entries_log2) / 2 - header_room_bytes));
  nic_queue_shape shape{
      .rx_bytes_log2 = options_.rx_ring_bytes_log2,
      .completion_entries_log2 = options_.completion_entries_log2,
      .tx = {options_.tx_entries_log2, slot_bytes, options_.tx_completion_every},
  };
  for (unsigned queue = 0; queue < used_queues_; ++queue) {
    shape.transmits = queue < used_tx_queues_;
    if (queues_[queue]->allocate(shape)) continue;
    for (const auto& each : queues_) each->release();
    return nic_result::no_memory;
  }
  connect_interrupts();
  configure();
  tx_stopped_ = {};
  shown_ = {};
  watch_ = {};
  counters_.queues = used_queues_;
  counters_.tx_queues = used_tx_queues_;
  for (unsigned queue = 0; queue < used_queues_; ++queue) queues_[queue]->start();
  open_ = true;
  set_masked(false);
  complete();
  return nic_result::ok;
}

nic_result nic_driver::close() {
  if (!open_) return nic_result::ok;
  open_ = false;
  set_masked(true);
  device_.write32(regs::device_event_enable, 0);
  const bool stopped = stop_queues();
  for (const auto& queue : queues_) queue->release();
  for (auto& flag : state_->queue) flag = false;
  state_->event = false;
  return stopped ? nic_result::ok : nic_result::still_active;
}

void nic_driver::handle_event() {
  state_->event.store(false, std::memory_order_release);
  if (!open_ || state_->frozen) return;
  const std::uint32_t status = device_.read32(regs::device_event_status);
  if (status == no_answer) {
    // Unless the link has failed meanwhile: then there is slot_reset().
    if (!state_->frozen) log_("NIC: the device does not answer");
    return;
  }
  ++counters_.events;
  if ((status & dma_errors) != 0) {
    // Read before the bits are cleared: then the registers may take the next error.
    const std::uint64_t address = read64(device_, regs::device_dma_error_address);
    const std::uint32_t source = device_.read32(regs::device_dma_error_source);
    char where[24];
    std::snprintf(where, sizeof where, "0x%016llx", static_cast<unsigned long long>(address));
    std::string line = (status & regs::device_event_status::dma_write_error_mask) != 0 ? "NIC: DMA write failed, "
                                                                                       : "NIC: DMA read failed, ";
    log_(line.append(dma_source_name(source)).append(" at ").append(where));
  }
  if ((status & regs::device_event_status::register_error_mask) != 0) log_("NIC: a register access was refused");
  device_.write32(regs::device_event_status, status);
  if ((status & halted) == 0) return;
  log_((status & regs::device_event_status::rx_halted_mask) != 0 ? "NIC: receive halted, restarting the queue"
                                                                 : "NIC: transmit halted, restarting the queue");
  restart_halted_queues();
}

}  // namespace fourtuple::driver
