// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <systemc>
#include <vector>

namespace fourtuple::model::pcie {

enum class dma_direction : std::uint8_t { device_reads, device_writes };

/// What a mapping allows the device.
struct dma_permissions {
  bool read = true;
  bool write = true;
};

/// An access that was refused.
struct iommu_fault {
  std::string device;
  sc_core::sc_time when;
  std::uint64_t address = 0;
  std::uint32_t length_bytes = 0;
  dma_direction direction = dma_direction::device_reads;

  /// "nic0 write of 64 bytes at 0x100000000, 1234567 ps"
  [[nodiscard]] std::string to_string() const;
};

/// Stands between devices and a host's memory: which I/O virtual addresses a device may read and write, and what memory
/// they are. An access is carried out as a whole or not at all; a refused one is recorded.
///
/// Ownership: the memory is not owned, whoever maps it keeps it alive until unmap(). Threads: the simulation's.
class iommu {
 public:
  /// The first faults are kept in full; all are counted.
  static constexpr std::size_t most_recorded_faults = 1024;

  /// False, and nothing changes, if `memory` is empty or the range would overlap another or run past 2^64.
  [[nodiscard]] bool map(std::uint64_t address, std::span<std::byte> memory, dma_permissions permissions = {});
  /// Takes away the mapping that starts at `address`. False if there is none.
  bool unmap(std::uint64_t address);

  /// Copies out of and into the host's memory. False if any byte of the range is not mapped with the permission:
  /// then nothing is copied and the fault is recorded. A length of 0 is always allowed.
  [[nodiscard]] bool read(const std::string& device, std::uint64_t address, std::span<std::byte> into);
  [[nodiscard]] bool write(const std::string& device, std::uint64_t address, std::span<const std::byte> bytes);

  /// Records an access that was refused for another reason than a missing mapping (a bad interrupt message).
  void record_fault(const std::string& device, std::uint64_t address, std::size_t length_bytes,
                    dma_direction direction);

  [[nodiscard]] const std::vector<iommu_fault>& faults() const noexcept { return faults_; }
  [[nodiscard]] std::uint64_t fault_count() const noexcept { return fault_count_; }
  [[nodiscard]] std::size_t mappings() const noexcept { return mappings_.size(); }

 private:
  struct mapping {
    std::span<std::byte> memory;
    dma_permissions permissions;
  };
  /// Calls piece(memory, offset) for each mapped part of the range; false if there is a hole in it.
  template <typename Piece>
  bool for_each_piece(std::uint64_t address, std::size_t length_bytes, dma_direction direction, Piece piece) const;

  std::map<std::uint64_t, mapping> mappings_;  ///< By first address.
  std::vector<iommu_fault> faults_;
  std::uint64_t fault_count_ = 0;
};

}  // namespace fourtuple::model::pcie
