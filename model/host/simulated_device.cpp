// SPDX-License-Identifier: Apache-2.0
#include "model/host/simulated_device.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <new>

namespace fourtuple::model::host {

simulated_mmio::simulated_mmio(pcie::root_complex& root, processor* cpu, std::uint64_t access_ns)
    : root_(root), cpu_(cpu), access_ns_(access_ns) {
  if (cpu == nullptr) return;
  sc_core::sc_spawn_options as_method;
  as_method.spawn_method();
  as_method.dont_initialize();
  as_method.set_sensitivity(&writes_.changed());
  sc_core::sc_spawn([this] { send_due_writes(); }, sc_core::sc_gen_unique_name("posted_writes"), &as_method);
}

void simulated_mmio::send_due_writes() {
  while (const auto due = writes_.pop(sc_core::sc_time_stamp())) root_.write32(due->offset, due->value);
}

void simulated_mmio::write32(std::uint32_t offset, std::uint32_t value) {
  if (cpu_ == nullptr) return root_.write32(offset, value);
  cpu_->charge(access_ns_);
  writes_.push({offset, value}, sc_core::sc_time_stamp() + cpu_->ahead());
}

std::uint32_t simulated_mmio::read32(std::uint32_t offset) {
  if (cpu_ == nullptr) return root_.read32(offset);
  cpu_->charge(access_ns_);
  // Behind the writes before it. What is destroyed after a run waits for nothing: the device is gone.
  if (sc_core::sc_get_status() == sc_core::SC_RUNNING) cpu_->settle();
  return root_.read32(offset);
}

void simulated_dma_memory::free_pages::operator()(std::byte* pages) const noexcept {
  ::operator delete (pages, std::align_val_t{page_bytes});
}

simulated_dma_memory::~simulated_dma_memory() {
  for (const auto& [address, memory] : allocations_) iommu_.unmap(address);
}

driver::dma_region simulated_dma_memory::allocate(std::size_t bytes, std::size_t alignment) {
  constexpr std::size_t most_bytes = std::size_t{1} << 40;
  constexpr std::uint64_t most_address = std::uint64_t{1} << 48;  // What an IOMMU with four levels of tables maps.
  if (bytes == 0 || bytes > most_bytes || alignment > most_bytes || !std::has_single_bit(alignment)) return {};
  const std::size_t whole = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  const std::uint64_t step = std::max(alignment, page_bytes);
  const std::uint64_t address = (next_address_ + step - 1) / step * step;
  if (address > most_address - whole) return {};
  auto* const pages = static_cast<std::byte*>(::operator new (whole, std::align_val_t{page_bytes}, std::nothrow));
  if (pages == nullptr) return {};
  allocation memory{.pages = std::unique_ptr<std::byte, free_pages>(pages), .bytes = whole};
  if (!iommu_.map(address, {pages, whole})) return {};
  std::memset(pages, 0, whole);
  next_address_ = address + whole + page_bytes;
  allocated_bytes_ += whole;
  allocations_.emplace(address, std::move(memory));
  return {.data = pages, .bus_address = address, .bytes = bytes};
}

void simulated_dma_memory::release(const driver::dma_region& region) noexcept {
  const auto found = allocations_.find(region.bus_address);
  if (found == allocations_.end()) return;
  iommu_.unmap(region.bus_address);
  allocated_bytes_ -= found->second.bytes;
  allocations_.erase(found);
}

}  // namespace fourtuple::model::host
