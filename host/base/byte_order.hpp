// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fourtuple::base {

/// The number that starts at bytes[offset] in network order (big-endian), at any alignment. The bytes must be there.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T load_be(std::span<const std::byte> bytes, std::size_t offset = 0) noexcept {
  assert(offset + sizeof(T) <= bytes.size());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
  return static_cast<T>(value);
}

/// Puts `value` at bytes[offset] in network order, at any alignment. There must be room.
template <std::unsigned_integral T>
constexpr void store_be(std::span<std::byte> bytes, std::size_t offset, T value) noexcept {
  assert(offset + sizeof(T) <= bytes.size());
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[offset + i] = static_cast<std::byte>(std::uint64_t{value} >> (8 * (sizeof(T) - 1 - i)));
  }
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
