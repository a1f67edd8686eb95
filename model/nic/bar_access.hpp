// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "model/pcie/tlp.hpp"

namespace fourtuple::model::nic {

inline constexpr std::uint64_t bar0_bytes = 0x1'0000;

/// What a host's memory read or write asks of BAR0's registers.
///
/// Registers are words of 4 bytes. An access of 8 bytes is two words, low address first, as an AXI4-Lite bridge of 32
/// bits makes it. Anything else (other lengths, addresses that are not multiples of 4, beyond the BAR) is refused: a
/// read is answered with unsupported_request, a write does nothing, and either is one register error.
struct bar_access {
  std::uint32_t offset = 0;
  std::uint32_t words = 0;  ///< 0: refused.
};
[[nodiscard]] bar_access decode_bar_access(const pcie::tlp& request) noexcept;

/// The word at `index` of a write.
[[nodiscard]] std::uint32_t written_word(const pcie::tlp& request, std::uint32_t index);

/// The completion of a read; no words: unsupported_request.
[[nodiscard]] pcie::tlp bar_completion(const pcie::tlp& request, std::span<const std::uint32_t> words);

}  // namespace fourtuple::model::nic
