// SPDX-License-Identifier: Apache-2.0
//
// The internet checksum against a sum that is written as RFC 1071 says it, in pieces of every length and alignment, and
// the example of RFC 1071 section 3.

#include "host/packet/checksum.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "host/base/byte_order.hpp"

namespace fourtuple::packet {
namespace {

/// Word by word, one carry at a time.
std::uint16_t naive_sum(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(sum);
}

std::vector<std::byte> random_bytes(std::mt19937_64& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(InternetChecksum, ExampleOfRfc1071) {
  const std::array<std::byte, 8> bytes{std::byte{0x00}, std::byte{0x01}, std::byte{0xf2}, std::byte{0x03},
                                       std::byte{0xf4}, std::byte{0xf5}, std::byte{0xf6}, std::byte{0xf7}};
  EXPECT_EQ(internet_checksum{}.add(bytes).sum(), 0xddf2);
  EXPECT_EQ(internet_checksum{}.add(bytes).checksum(), 0x220d);
}

TEST(InternetChecksum, NothingAndZeros) {
  const std::array<std::byte, 5> zeros{};
  EXPECT_EQ(internet_checksum{}.sum(), 0);
  EXPECT_EQ(internet_checksum{}.add(zeros).sum(), 0);
  EXPECT_EQ(internet_checksum{0x1234}.add(zeros).sum(), 0x1234);
}

TEST(InternetChecksum, EveryLengthAndAlignmentAsTheNaiveSum) {
  std::mt19937_64 random{1};
  const std::vector<std::byte> bytes = random_bytes(random, 400);
  for (std::size_t start = 0; start < 16; ++start) {
    for (std::size_t size = 0; start + size <= bytes.size(); ++size) {
      const auto piece = std::span{bytes}.subspan(start, size);
      ASSERT_EQ(internet_checksum{}.add(piece).sum(), naive_sum(piece)) << start << " " << size;
    }
  }
}

TEST(InternetChecksum, AllOnesOverflowNothing) {
  const std::vector<std::byte> bytes(70'000, std::byte{0xff});
  EXPECT_EQ(internet_checksum{}.add(bytes).sum(), 0xffff);
  EXPECT_TRUE(internet_checksum{}.add(bytes).good());
}

TEST(InternetChecksum, PiecesAreAsTheWhole) {
  std::mt19937_64 random{2};
  for (unsigned round = 0; round < 2000; ++round) {
    const std::vector<std::byte> bytes = random_bytes(random, random() % 3000);
    internet_checksum sum;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(random() % 50, bytes.size() - at);
      sum.add(std::span{bytes}.subspan(at, size));
      at += size;
    }
    ASSERT_EQ(sum.sum(), naive_sum(bytes));
  }
}

TEST(InternetChecksum, AChecksumPutInIsGoodAndAnyFlippedBitIsNot) {
  std::mt19937_64 random{3};
  std::vector<std::byte> bytes = random_bytes(random, 61);
  base::store_be16(bytes, 16, 0);
  base::store_be16(bytes, 16, internet_checksum{}.add(bytes).checksum());
  EXPECT_TRUE(internet_checksum{}.add(bytes).good());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(internet_checksum{}.add(bytes).good()) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(InternetChecksum, PseudoHeaderIsTheSumOfItsTwelveBytes) {
  std::mt19937_64 random{4};
  for (unsigned round = 0; round < 1000; ++round) {
    std::vector<std::byte> header = random_bytes(random, 12);
    header[8] = std::byte{0};
    EXPECT_EQ(pseudo_header_sum({base::load_be32(header, 0)}, {base::load_be32(header, 4)}, base::load_be8(header, 9),
                                base::load_be16(header, 10)),
              naive_sum(header));
  }
}

TEST(InternetChecksum, TransportChecksumPutInIsGood) {
  std::mt19937_64 random{6};
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<std::byte> bytes = random_bytes(random, 20 + random() % 100);
    const ipv4_address source{static_cast<std::uint32_t>(random())};
    const ipv4_address destination{static_cast<std::uint32_t>(random())};
    base::store_be16(bytes, 16, 0);
    base::store_be16(bytes, 16, transport_checksum(source, destination, 6, bytes));
    EXPECT_EQ(transport_checksum(source, destination, 6, bytes), 0);
    EXPECT_NE(transport_checksum(source, destination, 17, bytes), 0);
  }
}

TEST(InternetChecksum, APartCanBeTakenOffASum) {
  std::mt19937_64 random{5};
  for (unsigned round = 0; round < 1000; ++round) {
    const std::vector<std::byte> bytes = random_bytes(random, 40 + random() % 100);
    const std::size_t headers = 2 * (random() % 20);
    const std::uint16_t rest = subtract_sum(naive_sum(bytes), naive_sum(std::span{bytes}.first(headers)));
    // 0 and 0xffff are the same number in ones' complement.
    EXPECT_EQ(rest % 0xffff, naive_sum(std::span{bytes}.subspan(headers)) % 0xffff);
  }
}

}  // namespace
}  // namespace fourtuple::packet
