// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace fourtuple::driver {

/// BAR0 of the device. What a driver has as an ioremapped pointer on a machine.
class mmio {
 public:
  mmio() = default;
  mmio(const mmio&) = delete;
  mmio& operator=(const mmio&) = delete;
  virtual ~mmio() = default;

  /// Waits for the answer; other threads of the host may run meanwhile. All ones if the device answered with an error
  /// or not at all, as PCIe root ports do. Not for the data path.
  [[nodiscard]] virtual std::uint32_t read32(std::uint32_t offset) = 0;

  /// Posted: returns at once, arrives later, in order with other writes.
  virtual void write32(std::uint32_t offset, std::uint32_t value) = 0;
};

/// Memory that host and device both reach.
struct dma_region {
  std::byte* data = nullptr;      ///< For the host.
  std::uint64_t bus_address = 0;  ///< For the device.
  std::size_t bytes = 0;
};

/// Gives out memory and maps it for the device (Linux: dma_alloc_coherent).
class dma_memory {
 public:
  dma_memory() = default;
  dma_memory(const dma_memory&) = delete;
  dma_memory& operator=(const dma_memory&) = delete;
  virtual ~dma_memory() = default;

  /// Zeroed; `alignment` is a power of two and holds for the bus address. data is nullptr if there is no memory.
  [[nodiscard]] virtual dma_region allocate(std::size_t bytes, std::size_t alignment) = 0;

  /// Unmaps it first: an access by the device after this is refused.
  virtual void release(const dma_region& region) noexcept = 0;
};

/// What to write into an entry of the device's MSI-X table.
struct msi_message {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
};

/// Gives out interrupts (Linux: pci_alloc_irq_vectors and request_irq).
class interrupt_controller {
 public:
  interrupt_controller() = default;
  interrupt_controller(const interrupt_controller&) = delete;
  interrupt_controller& operator=(const interrupt_controller&) = delete;
  virtual ~interrupt_controller() = default;

  /// `handler` runs in interrupt context: it notes and wakes, and does nothing that waits.
  [[nodiscard]] virtual msi_message connect(std::function<void()> handler) = 0;
};

}  // namespace fourtuple::driver
