// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/driver/platform.hpp"

namespace fourtuple::driver {

/// What a root port gives for a read that is not answered.
inline constexpr std::uint32_t no_answer = 0xffffffff;

/// 64-bit registers are two halves, low half first (docs/registers.md).
inline void write64(mmio& device, std::uint32_t offset, std::uint64_t value) {
  device.write32(offset, static_cast<std::uint32_t>(value));
  device.write32(offset + 4, static_cast<std::uint32_t>(value >> 32));
}

/// Reading the low half holds the high half for the second read.
[[nodiscard]] inline std::uint64_t read64(mmio& device, std::uint32_t offset) {
  const std::uint64_t low = device.read32(offset);
  return low | std::uint64_t{device.read32(offset + 4)} << 32;
}

}  // namespace fourtuple::driver
