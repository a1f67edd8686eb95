// SPDX-License-Identifier: Apache-2.0
#include "host/driver/nic_queue.hpp"

#include "host/driver/registers.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {
namespace {
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t ring_alignment_bytes = 64;  // frames start at multiples of it
}  // namespace

bool nic_queue::allocate(const nic_queue_shape& shape) {
  shape_ = shape;
  rx_ = memory_.allocate(std::size_t{1} << shape.rx_bytes_log2, page_bytes);
  completion_ = memory_.allocate(completion_ring::record_bytes << shape.completion_entries_log2, page_bytes);
  descriptors_ = memory_.allocate(transmit_ring::descriptor_bytes * shape.tx.entries(), page_bytes);
  slots_ = memory_.allocate(shape.tx.slot_bytes * shape.tx.entries(), page_bytes);
  const bool all =
      rx_.data != nullptr && completion_.data != nullptr && descriptors_.data != nullptr && slots_.data != nullptr;
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
  transmit.start(descriptors_, slots_, shape_.tx);

  write64(device_, regs::queues_rx_base(0), rx_.bus_address);
  device_.write32(regs::queues_rx_size(0), shape_.rx_bytes_log2);
  write64(device_, regs::queues_completion_base(0), completion_.bus_address);
  write64(device_, regs::queues_tx_base(0), descriptors_.bus_address);
  device_.write32(regs::queues_ring_sizes(0),
                  shape_.completion_entries_log2 << regs::queues_ring_sizes::completion_log2_shift |
                      shape_.tx.entries_log2 << regs::queues_ring_sizes::tx_log2_shift);
  device_.write32(regs::queues_rx_head(0), 0);
  device_.write32(regs::queues_completion_head(0), 0);
  device_.write32(regs::queues_tx_tail(0), 0);
  // The completion ring starts with the receive side, so that goes first.
  device_.write32(regs::queues_control(0), regs::queues_control::rx_enable_mask);
  device_.write32(regs::queues_control(0), regs::queues_control::rx_enable_mask | regs::queues_control::tx_enable_mask);
}

bool nic_queue::wait_until_inactive(std::uint32_t mask, unsigned read_limit) {
  for (unsigned i = 0; i < read_limit; ++i) {
    const std::uint32_t status = device_.read32(regs::queues_status(0));
    if (status == no_answer) return false;
    if ((status & mask) == 0) return true;
  }
  return false;
}

bool nic_queue::stop(unsigned read_limit) {
  // Transmit completions need the completion ring, which goes with the receive side.
  const std::uint32_t control = device_.read32(regs::queues_control(0));
  if (control == no_answer) return false;
  device_.write32(regs::queues_control(0), control & regs::queues_control::rx_enable_mask);
  const bool transmit_stopped = wait_until_inactive(regs::queues_status::tx_active_mask, read_limit);
  device_.write32(regs::queues_control(0), 0);
  const bool receive_stopped = wait_until_inactive(regs::queues_status::rx_active_mask, read_limit);
  return transmit_stopped && receive_stopped;
}

std::span<const std::byte> nic_queue::frame(std::uint32_t ring_offset, std::size_t length) const noexcept {
  const std::size_t place = ring_offset & (rx_.bytes - 1);
  if (ring_offset % ring_alignment_bytes != 0 || length > rx_.bytes - place) return {};
  return {rx_.data + place, length};
}

}  // namespace fourtuple::driver
