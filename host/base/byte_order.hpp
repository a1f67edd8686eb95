// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fourtuple::base {

/// `value` with its bytes in network order, or back.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_to_be(T value) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}

/// The number that starts at bytes[offset] in network order (big-endian), at any alignment. The bytes must be there.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T load_be(std::span<const std::byte> bytes, std::size_t offset = 0) noexcept {
  assert(offset + sizeof(T) <= bytes.size());
  std::array<std::byte, sizeof(T)> value;
  std::copy_n(bytes.data() + offset, sizeof(T), value.data());
  return swap_to_be(std::bit_cast<T>(value));
}

/// Puts `value` at bytes[offset] in network order, at any alignment. There must be room.
template <std::unsigned_integral T>
constexpr void store_be(std::span<std::byte> bytes, std::size_t offset, T value) noexcept {
  assert(offset + sizeof(T) <= bytes.size());
  const auto swapped = std::bit_cast<std::array<std::byte, sizeof(T)>>(swap_to_be(value));
  std::copy_n(swapped.data(), sizeof(T), bytes.data() + offset);
}

[[nodiscard]] constexpr std::uint8_t load_be8(std::span<const std::byte> bytes, std::size_t offset = 0) noexcept {
  return load_be<std::uint8_t>(bytes, offset);
}
[[nodiscard]] constexpr std::uint16_t load_be16(std::span<const std::byte> bytes, std::size_t offset = 0) noexcept {
  return load_be<std::uint16_t>(bytes, offset);
}
[[nodiscard]] constexpr std::uint32_t load_be32(std::span<const std::byte> bytes, std::size_t offset = 0) noexcept {
  return load_be<std::uint32_t>(bytes, offset);
}
constexpr void store_be8(std::span<std::byte> bytes, std::size_t offset, std::uint8_t value) noexcept {
  store_be(bytes, offset, value);
}
constexpr void store_be16(std::span<std::byte> bytes, std::size_t offset, std::uint16_t value) noexcept {
  store_be(bytes, offset, value);
}
constexpr void store_be32(std::span<std::byte> bytes, std::size_t offset, std::uint32_t value) noexcept {
  store_be(bytes, offset, value);
}

}  // namespace fourtuple::base
