// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

/// Bob Jenkins' lookup3 hash (2006, public domain) under the names and with the results that it has in Linux on a
/// little-endian machine. Fast and well spread; not proof against someone who knows `initval`.
namespace fourtuple::base {

namespace jhash_detail {

inline constexpr std::uint32_t initval = 0xdeadbeef;

struct state {
  std::uint32_t a, b, c;

  constexpr explicit state(std::uint32_t start) noexcept : a(start), b(start), c(start) {}

  constexpr void mix() noexcept {
    step(a, c, b, 4), step(b, a, c, 6), step(c, b, a, 8);
    step(a, c, b, 16), step(b, a, c, 19), step(c, b, a, 4);
  }

  constexpr std::uint32_t final() noexcept {
    fold(c, b, 14), fold(a, c, 11), fold(b, a, 25), fold(c, b, 16);
    fold(a, c, 4), fold(b, a, 14), fold(c, b, 24);
    return c;
  }

 private:
  static constexpr void step(std::uint32_t& x, std::uint32_t& y, std::uint32_t z, int rotation) noexcept {
    x -= y;
    x ^= std::rotl(y, rotation);
    y += z;
  }
  static constexpr void fold(std::uint32_t& x, std::uint32_t y, int rotation) noexcept {
    x ^= y;
    x -= std::rotl(y, rotation);
  }
};

}  // namespace jhash_detail

/// Hash of three words: what ehash and the NIC's connection table use.
[[nodiscard]] constexpr std::uint32_t jhash_3words(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                                   std::uint32_t initval) noexcept {
  jhash_detail::state s(jhash_detail::initval + (3U << 2U) + initval);
  s.a += a;
  s.b += b;
  s.c += c;
  return s.final();
}

/// Hash of any number of words.
[[nodiscard]] constexpr std::uint32_t jhash2(std::span<const std::uint32_t> words, std::uint32_t initval) noexcept {
  jhash_detail::state s(jhash_detail::initval + (static_cast<std::uint32_t>(words.size()) << 2U) + initval);
  for (; words.size() > 3; words = words.subspan(3)) {
    s.a += words[0];
    s.b += words[1];
    s.c += words[2];
    s.mix();
  }
  if (words.empty()) return s.c;
  s.a += words[0];
  if (words.size() > 1) s.b += words[1];
  if (words.size() > 2) s.c += words[2];
  return s.final();
}

/// Hash of any number of bytes.
[[nodiscard]] constexpr std::uint32_t jhash(std::span<const std::byte> bytes, std::uint32_t initval) noexcept {
  const auto add = [&bytes](std::uint32_t& word, std::size_t first) {
    for (std::size_t i = first; i < first + 4 && i < bytes.size(); ++i)
      word += std::to_integer<std::uint32_t>(bytes[i]) << (8 * (i - first));
  };
  jhash_detail::state s(jhash_detail::initval + static_cast<std::uint32_t>(bytes.size()) + initval);
  for (; bytes.size() > 12; bytes = bytes.subspan(12)) {
    add(s.a, 0), add(s.b, 4), add(s.c, 8);
    s.mix();
  }
  if (bytes.empty()) return s.c;
  add(s.a, 0), add(s.b, 4), add(s.c, 8);
  return s.final();
}

}  // namespace fourtuple::base
