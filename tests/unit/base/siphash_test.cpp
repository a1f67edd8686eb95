// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 gives the values of its authors' reference: messages 00, 00 01, 00 01 02 ... under the key 00 01 .. 0f.
#include "host/base/siphash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "host/base/seeded_random.hpp"

namespace fourtuple::base {
namespace {

constexpr siphash_key reference_key{0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(siphash, gives_the_reference_values) {
  // The first 16 of the reference's vectors_sip64, and, from the paper's appendix A, the 15-byte message (the last
  // here).
  constexpr std::array<std::uint64_t, 16> expected{
      0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
      0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
      0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
      0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
  };
  std::vector<std::byte> message;
  for (std::size_t length = 0; length < expected.size(); ++length) {
    EXPECT_EQ(siphash(message, reference_key), expected[length]) << length << " bytes";
    message.push_back(static_cast<std::byte>(length));
  }
}

TEST(siphash, of_words_is_that_of_their_bytes) {
  seeded_random random(3);
  for (std::size_t count = 0; count < 12; ++count) {
    std::vector<std::uint32_t> words(count);
    for (auto& w : words) w = static_cast<std::uint32_t>(random.next());
    std::vector<std::byte> bytes;
    for (const std::uint32_t w : words)
      for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::byte>(w >> shift));
    const siphash_key key{random.next(), random.next()};
    EXPECT_EQ(siphash_words(words, key), siphash(bytes, key)) << count << " words";
  }
}

}  // namespace
}  // namespace fourtuple::base
