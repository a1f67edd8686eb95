// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/iommu.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <sstream>

#include "model/sim/time.hpp"

namespace fourtuple::model::pcie {

std::string iommu_fault::to_string() const {
  std::ostringstream text;
  text << device << (direction == dma_direction::device_reads ? " read" : " write") << " of " << length_bytes
       << " bytes at 0x" << std::hex << address << std::dec << ", " << sim::to_ps(when) << " ps";
  return text.str();
}

bool iommu::map(std::uint64_t address, std::span<std::byte> memory, dma_permissions permissions) {
  if (memory.empty() || memory.size() - 1 > std::numeric_limits<std::uint64_t>::max() - address) return false;
  const auto next = mappings_.lower_bound(address);
  if (next != mappings_.end() && next->first - address < memory.size()) return false;
  if (next != mappings_.begin()) {
    const auto previous = std::prev(next);
    if (address - previous->first < previous->second.memory.size()) return false;
  }
  mappings_.emplace_hint(next, address, mapping{memory, permissions});
  return true;
}

bool iommu::unmap(std::uint64_t address) { return mappings_.erase(address) == 1; }

template <typename Piece>
bool iommu::for_each_piece(std::uint64_t address, std::size_t length_bytes, dma_direction direction,
                           Piece piece) const {
  std::size_t done = 0;
  while (done < length_bytes) {
    const std::uint64_t at = address + done;
    auto found = mappings_.upper_bound(at);
    if (at < address || found == mappings_.begin()) return false;
    --found;
    const std::uint64_t offset = at - found->first;
    const mapping& range = found->second;
    if (offset >= range.memory.size()) return false;
    if (!(direction == dma_direction::device_reads ? range.permissions.read : range.permissions.write)) return false;
    const std::span<std::byte> rest = range.memory.subspan(offset);
    const std::span<std::byte> part = rest.first(std::min(rest.size(), length_bytes - done));
    piece(part, done);
    done += part.size();
  }
  return true;
}

bool iommu::read(const std::string& device, std::uint64_t address, std::span<std::byte> into) {
  const auto check = [](std::span<std::byte>, std::size_t) {};
  if (!for_each_piece(address, into.size(), dma_direction::device_reads, check)) {
    record_fault(device, address, into.size(), dma_direction::device_reads);
    return false;
  }
  return for_each_piece(address, into.size(), dma_direction::device_reads,
                        [&](std::span<std::byte> memory, std::size_t offset) {
                          std::memcpy(into.data() + offset, memory.data(), memory.size());
                        });
}

bool iommu::write(const std::string& device, std::uint64_t address, std::span<const std::byte> bytes) {
  const auto check = [](std::span<std::byte>, std::size_t) {};
  if (!for_each_piece(address, bytes.size(), dma_direction::device_writes, check)) {
    record_fault(device, address, bytes.size(), dma_direction::device_writes);
    return false;
  }
  return for_each_piece(address, bytes.size(), dma_direction::device_writes,
                        [&](std::span<std::byte> memory, std::size_t offset) {
                          std::memcpy(memory.data(), bytes.data() + offset, memory.size());
                        });
}

void iommu::record_fault(const std::string& device, std::uint64_t address, std::size_t length_bytes,
                         dma_direction direction) {
  ++fault_count_;
  if (faults_.size() == most_recorded_faults) return;
  faults_.push_back({.device = device,
                     .when = sc_core::sc_time_stamp(),
                     .address = address,
                     .length_bytes = static_cast<std::uint32_t>(length_bytes),
                     .direction = direction});
}

}  // namespace fourtuple::model::pcie
