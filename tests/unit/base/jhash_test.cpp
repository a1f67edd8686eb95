// SPDX-License-Identifier: Apache-2.0
// jhash gives lookup3's results: the values that its author published, and those of a second implementation written
// from his description as a table of steps.
#include "host/base/jhash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

#include "host/base/seeded_random.hpp"

namespace fourtuple::base {
namespace {

std::uint32_t jhash_of(std::string_view text, std::uint32_t initval) {
  return jhash(std::as_bytes(std::span(text)), initval);
}

/// lookup3 by its structure: registers in an array, each step {target, source, rotation} read from a table.
class lookup3 {
 public:
  static std::uint32_t words(const std::vector<std::uint32_t>& key, std::uint32_t initval) {
    return run(key, 0xdeadbeef + static_cast<std::uint32_t>(key.size() * 4) + initval);
  }
  static std::uint32_t bytes(const std::vector<std::byte>& key, std::uint32_t initval) {
    std::vector<std::uint32_t> padded((key.size() + 3) / 4, 0);
    if (!key.empty()) std::memcpy(padded.data(), key.data(), key.size());
    return run(padded, 0xdeadbeef + static_cast<std::uint32_t>(key.size()) + initval);
  }

 private:
  struct step {
    unsigned target, source, rotation;
  };

  static std::uint32_t run(const std::vector<std::uint32_t>& key, std::uint32_t start) {
    std::array<std::uint32_t, 3> r{start, start, start};
    std::size_t at = 0;
    while (key.size() - at > 3) {
      for (unsigned i = 0; i < 3; ++i) r[i] += key[at++];
      for (const auto& s : {step{0, 2, 4}, {1, 0, 6}, {2, 1, 8}, {0, 2, 16}, {1, 0, 19}, {2, 1, 4}}) {
        r[s.target] = (r[s.target] - r[s.source]) ^ rotate(r[s.source], s.rotation);
        r[s.source] += r[3 - s.target - s.source];
      }
    }
    if (at == key.size()) return r[2];
    for (unsigned i = 0; at < key.size(); ++i) r[i] += key[at++];
    for (const auto& s : {step{2, 1, 14}, {0, 2, 11}, {1, 0, 25}, {2, 1, 16}, {0, 2, 4}, {1, 0, 14}, {2, 1, 24}})
      r[s.target] = (r[s.target] ^ r[s.source]) - rotate(r[s.source], s.rotation);
    return r[2];
  }
  static std::uint32_t rotate(std::uint32_t x, unsigned by) { return x << by | x >> (32 - by); }
};

TEST(jhash, gives_the_published_values) {
  EXPECT_EQ(jhash_of("", 0), 0xdeadbeefU);
  EXPECT_EQ(jhash_of("", 0xdeadbeef), 0xbd5b7ddeU);
  EXPECT_EQ(jhash_of("Four score and seven years ago", 0), 0x17770551U);
  EXPECT_EQ(jhash_of("Four score and seven years ago", 1), 0xcd628161U);
}

TEST(jhash, agrees_with_a_second_implementation) {
  seeded_random random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto initval = static_cast<std::uint32_t>(random.next());
    std::vector<std::uint32_t> words(random.next() % 40);
    for (auto& w : words) w = static_cast<std::uint32_t>(random.next());
    std::vector<std::byte> bytes(random.next() % 80);
    for (auto& b : bytes) b = static_cast<std::byte>(random.next());
    EXPECT_EQ(jhash2(words, initval), lookup3::words(words, initval)) << words.size() << " words";
    EXPECT_EQ(jhash(bytes, initval), lookup3::bytes(bytes, initval)) << bytes.size() << " bytes";
  }
}

TEST(jhash, of_three_words_is_the_short_form_of_the_general_one) {
  seeded_random random(2);
  for (int i = 0; i < 2000; ++i) {
    const std::array<std::uint32_t, 3> w{static_cast<std::uint32_t>(random.next()),
                                         static_cast<std::uint32_t>(random.next()),
                                         static_cast<std::uint32_t>(random.next())};
    const auto initval = static_cast<std::uint32_t>(random.next());
    EXPECT_EQ(jhash_3words(w[0], w[1], w[2], initval), jhash2(w, initval));
  }
}

}  // namespace
}  // namespace fourtuple::base
