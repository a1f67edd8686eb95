// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fourtuple::model::nic {

/// Adds `bytes` as big-endian 16-bit words to a sum that is not folded yet (RFC 1071). An odd last byte is the high
/// half of its word, so only the last piece of several may be odd. Does not overflow below 2^48 bytes.
[[nodiscard]] std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::byte> bytes) noexcept;

/// Folds to 16 bits with end-around carry. 0 only for a sum of 0.
[[nodiscard]] std::uint16_t checksum_fold(std::uint64_t sum) noexcept;

}  // namespace fourtuple::model::nic
