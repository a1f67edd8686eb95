// SPDX-License-Identifier: Apache-2.0
#include "host/base/siphash.hpp"

#include <bit>

namespace fourtuple::base {
namespace {

class siphash_state {
 public:
  explicit siphash_state(const siphash_key& key) noexcept
      : v0_(key[0] ^ 0x736f6d6570736575),
        v1_(key[1] ^ 0x646f72616e646f6d),
        v2_(key[0] ^ 0x6c7967656e657261),
        v3_(key[1] ^ 0x7465646279746573) {}

  void compress(std::uint64_t word) noexcept {
    v3_ ^= word;
    rounds(2);
    v0_ ^= word;
  }

  /// `last`: the bytes that fill no word, with the length modulo 256 on top.
  [[nodiscard]] std::uint64_t finish(std::uint64_t last) noexcept {
    compress(last);
    v2_ ^= 0xff;
    rounds(4);
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void rounds(int count) noexcept {
    for (; count > 0; --count) {
      half_round(v0_, v1_, v2_, v3_, 13, 16);
      half_round(v2_, v1_, v0_, v3_, 17, 21);
    }
  }
  /// The paper's figure 2.1 has two of these a round, the second with v0 and v2 in each other's place.
  static void half_round(std::uint64_t& a, std::uint64_t& b, std::uint64_t& c, std::uint64_t& d, int s,
                         int t) noexcept {
    a += b;
    c += d;
    b = std::rotl(b, s) ^ a;
    d = std::rotl(d, t) ^ c;
    a = std::rotl(a, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace

std::uint64_t siphash(std::span<const std::byte> bytes, const siphash_key& key) noexcept {
  siphash_state state(key);
  const auto word_of = [](std::span<const std::byte> part) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < part.size(); ++i) word |= std::to_integer<std::uint64_t>(part[i]) << (8 * i);
    return word;
  };
  const auto length = static_cast<std::uint64_t>(bytes.size());
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.compress(word_of(bytes.first(8)));
  return state.finish(length << 56 | word_of(bytes));
}

std::uint64_t siphash_words(std::span<const std::uint32_t> words, const siphash_key& key) noexcept {
  siphash_state state(key);
  const auto length = static_cast<std::uint64_t>(words.size()) * 4;
  for (; words.size() >= 2; words = words.subspan(2)) state.compress(std::uint64_t{words[1]} << 32 | words[0]);
  return state.finish(length << 56 | (words.empty() ? 0 : words[0]));
}

}  // namespace fourtuple::base
