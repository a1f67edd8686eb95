// SPDX-License-Identifier: Apache-2.0
#include "host/driver/nic_queue.hpp"

#include "host/driver/registers.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {
namespace {
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t ring_alignment_bytes = 64;  // frames start at multiples of it

bool wait_until_inactive(mmio& device, unsigned number, std::uint32_t mask, unsigned read_limit) {
  for (unsigned i = 0; i < read_limit; ++i) {
    const std::uint32_t status = device.read32(regs::queues_status(number));
    if (status == no_answer) return false;
    if ((status & mask) == 0) return true;
  }
  return false;
}

}  // namespace

bool nic_queue::allocate(const nic_queue_shape& shape) {
  shape_ = shape;
  rx_ = memory_.allocate(std::size_t{1} << shape.rx_bytes_log2, page_bytes);
  completion_ = memory_.allocate(completion_ring::record_bytes << shape.completion_entries_log2, page_bytes);
  if (shape.transmits) {
    descriptors_ = memory_.allocate(transmit_ring::descriptor_bytes * shape.tx.entries(), page_bytes);
    slots_ = memory_.allocate(shape.tx.slot_bytes * shape.tx.entries(), page_bytes);
  }
  const bool all = rx_.data != nullptr && completion_.data != nullptr &&
                   (!shape.transmits || (descriptors_.data != nullptr && slots_.data != nullptr));
  if (!all) release();
  return all;
}

void nic_queue::release() noexcept {
  for (dma_region* region : {&rx_, &completion_, &descriptors_, &slots_}) {
    if (region->data != nullptr) memory_.release(*region);
    *region = {};
  }
}

void nic_queue::start() {
  completions.start(completion_, shape_.completion_entries_log2);
  if (shape_.transmits) transmit.start(descriptors_, slots_, shape_.tx);
  rx_head_ = 0;
  told_index_ = 0;
  rx_head_moved_ = armed_ = false;

  write64(device_, regs::queues_rx_base(number_), rx_.bus_address);
  device_.write32(regs::queues_rx_size(number_), shape_.rx_bytes_log2);
  write64(device_, regs::queues_completion_base(number_), completion_.bus_address);
  write64(device_, regs::queues_tx_base(number_), descriptors_.bus_address);
  device_.write32(regs::queues_ring_sizes(number_),
                  shape_.completion_entries_log2 << regs::queues_ring_sizes::completion_log2_shift |
                      shape_.tx.entries_log2 << regs::queues_ring_sizes::tx_log2_shift);
  device_.write32(regs::queues_rx_head(number_), 0);
  device_.write32(regs::queues_completion_head(number_), 0);
  device_.write32(regs::queues_tx_tail(number_), 0);
  // The completion ring starts with the receive side, so that goes first.
  device_.write32(regs::queues_control(number_), regs::queues_control::rx_enable_mask);
  if (shape_.transmits)
    device_.write32(regs::queues_control(number_),
                    regs::queues_control::rx_enable_mask | regs::queues_control::tx_enable_mask);
}

void nic_queue::frame_taken(std::uint32_t ring_offset, std::size_t length) noexcept {
  const auto beats = static_cast<std::uint32_t>((length + ring_alignment_bytes - 1) / ring_alignment_bytes);
  rx_head_ = ring_offset + beats * static_cast<std::uint32_t>(ring_alignment_bytes);
  rx_head_moved_ = true;
}

void nic_queue::give_back() {
  // Space for frames first: their completions must not find the ring full where the other one is not.
  if (rx_head_moved_) device_.write32(regs::queues_rx_head(number_), rx_head_);
  rx_head_moved_ = false;
  if (told_index_ == completions.index()) return;
  told_index_ = completions.index();
  device_.write32(regs::queues_completion_head(number_), told_index_);
}

void nic_queue::arm(bool fired) {
  // An interrupt that was asked for an earlier index may be on its way, or have come unseen: it is asked for anew.
  if (armed_ && !fired && armed_index_ == completions.index()) return;
  armed_ = true;
  armed_index_ = told_index_ = completions.index();
  device_.write32(regs::queues_completion_head(number_),
                  std::uint32_t{armed_index_} | regs::queues_completion_head::arm_mask);
}

bool nic_queue::halted() {
  constexpr std::uint32_t mask = regs::queues_status::rx_halted_mask | regs::queues_status::tx_halted_mask;
  return (device_.read32(regs::queues_status(number_)) & mask) != 0;
}

bool stop_queue(mmio& device, unsigned number, unsigned read_limit) {
  // Transmit completions need the completion ring, which goes with the receive side.
  const std::uint32_t control = device.read32(regs::queues_control(number));
  if (control == no_answer) return false;
  device.write32(regs::queues_control(number), control & regs::queues_control::rx_enable_mask);
  const bool transmit_stopped = wait_until_inactive(device, number, regs::queues_status::tx_active_mask, read_limit);
  device.write32(regs::queues_control(number), 0);
  const bool receive_stopped = wait_until_inactive(device, number, regs::queues_status::rx_active_mask, read_limit);
  return transmit_stopped && receive_stopped;
}

std::span<const std::byte> nic_queue::frame(std::uint32_t ring_offset, std::size_t length) const noexcept {
  const std::size_t place = ring_offset & (rx_.bytes - 1);
  if (ring_offset % ring_alignment_bytes != 0 || length > rx_.bytes - place) return {};
  return {rx_.data + place, length};
}

}  // namespace fourtuple::driver
