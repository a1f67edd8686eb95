// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fourtuple::base {

/// A secret of 128 bits: k0, k1 as in the paper.
using siphash_key = std::array<std::uint64_t, 2>;

/// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a hash that nobody can predict
/// without the key. For initial sequence numbers, ports, and SYN cookies.
[[nodiscard]] std::uint64_t siphash(std::span<const std::byte> bytes, const siphash_key& key) noexcept;

/// siphash() of the words' bytes, each least significant byte first (Linux: siphash_2u32, siphash_3u32 and so on).
[[nodiscard]] std::uint64_t siphash_words(std::span<const std::uint32_t> words, const siphash_key& key) noexcept;

}  // namespace fourtuple::base
