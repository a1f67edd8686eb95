// SPDX-License-Identifier: Apache-2.0
#include "host/driver/completion_ring.hpp"

#include <atomic>
#include <cstring>

namespace fourtuple::driver {
namespace {
constexpr std::size_t phase_byte = 31;
constexpr std::byte phase_bit{0x80};
}  // namespace

void completion_ring::start(const dma_region& memory, unsigned entries_log2) noexcept {
  records_ = memory.data;
  entries_log2_ = entries_log2;
  index_ = 0;
  // Phase 0 everywhere: nothing of the first round, whose phase is 1, has been written yet.
  std::memset(records_, 0, record_bytes << entries_log2_);
}

std::optional<completion_ring::record> completion_ring::next() const noexcept {
  const std::size_t entry = index_ & ((std::size_t{1} << entries_log2_) - 1);
  std::byte* bytes = records_ + entry * record_bytes;
  const std::byte expected = (index_ >> entries_log2_ & 1U) == 0 ? phase_bit : std::byte{0};
  // The rest of the record, and the frame it speaks of, must not be read before its phase (Linux: dma_rmb).
  const std::byte written = std::atomic_ref<std::byte>(bytes[phase_byte]).load(std::memory_order_acquire) & phase_bit;
  if (written != expected) return std::nullopt;
  return record(bytes, record_bytes);
}

}  // namespace fourtuple::driver
