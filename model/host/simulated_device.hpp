// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "host/driver/platform.hpp"
#include "model/host/processor.hpp"
#include "model/pcie/iommu.hpp"
#include "model/pcie/root_complex.hpp"
#include "model/sim/arrival_queue.hpp"

namespace fourtuple::model::host {

/// BAR0 of the device behind a root complex, which outlives this. read32() only from an SC_THREAD.
///
/// With a processor, an access takes `access_ns` of its time, and a write leaves when the processor has come so far.
/// Not earlier: a link that is told of a packet in advance would keep others waiting for it.
class simulated_mmio final : public driver::mmio {
 public:
  /// `cpu` outlives this; nullptr: accesses take no time of a processor.
  explicit simulated_mmio(pcie::root_complex& root, processor* cpu = nullptr, std::uint64_t access_ns = 0);
  [[nodiscard]] std::uint32_t read32(std::uint32_t offset) override;
  void write32(std::uint32_t offset, std::uint32_t value) override;

 private:
  struct posted_write {
    std::uint32_t offset;
    std::uint32_t value;
  };
  void send_due_writes();

  pcie::root_complex& root_;
  processor* cpu_;
  std::uint64_t access_ns_;
  sim::arrival_queue<posted_write> writes_;
};

/// Interrupts of the device behind a root complex, which outlives this. Handlers must live as long as the simulation.
class simulated_interrupts final : public driver::interrupt_controller {
 public:
  explicit simulated_interrupts(pcie::root_complex& root) : root_(root) {}
  [[nodiscard]] driver::msi_message connect(std::function<void()> handler) override {
    const pcie::interrupt_message message = root_.connect_interrupt(std::move(handler));
    return {.address = message.address, .data = message.data};
  }

 private:
  pcie::root_complex& root_;
};

/// Real memory in whole pages, mapped in an IOMMU (which outlives this) at addresses that are never used twice, each
/// region followed by at least one page that is not mapped: a device that runs past a region, or uses one after its
/// release, is caught at once.
///
/// Bus addresses start at 4 GiB, as on a machine with much memory: away from the doorbell, and requests have the long
/// header. What is still allocated at the end is unmapped and freed.
class simulated_dma_memory final : public driver::dma_memory {
 public:
  static constexpr std::size_t page_bytes = 4096;

  explicit simulated_dma_memory(pcie::iommu& memory) : iommu_(memory) {}
  ~simulated_dma_memory() override;

  [[nodiscard]] driver::dma_region allocate(std::size_t bytes, std::size_t alignment) override;
  void release(const driver::dma_region& region) noexcept override;

  [[nodiscard]] std::size_t allocated_bytes() const noexcept { return allocated_bytes_; }

 private:
  struct free_pages {
    void operator()(std::byte* pages) const noexcept;
  };
  struct allocation {
    std::unique_ptr<std::byte, free_pages> pages;
    std::size_t bytes = 0;
  };

  pcie::iommu& iommu_;
  std::uint64_t next_address_ = std::uint64_t{1} << 32;
  std::map<std::uint64_t, allocation> allocations_;  ///< By bus address.
  std::size_t allocated_bytes_ = 0;
};

}  // namespace fourtuple::model::host
