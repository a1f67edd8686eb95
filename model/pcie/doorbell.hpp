// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::model::pcie {

/// Where messages that are interrupts are written to: the 1 MiB from here, as on x86.
inline constexpr std::uint64_t doorbell_first = 0xfee0'0000;
inline constexpr std::uint64_t doorbell_end = 0xfef0'0000;

[[nodiscard]] constexpr bool is_doorbell(std::uint64_t address) noexcept {
  return address >= doorbell_first && address < doorbell_end;
}

}  // namespace fourtuple::model::pcie
