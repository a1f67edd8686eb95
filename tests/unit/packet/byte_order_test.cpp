// SPDX-License-Identifier: Apache-2.0
//
// Numbers in network order are written and read at any place, and touch nothing beside it.

#include "host/base/byte_order.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fourtuple::base {
namespace {

TEST(ByteOrder, MostSignificantByteFirst) {
  const std::array<std::byte, 5> bytes{std::byte{0x01}, std::byte{0x82}, std::byte{0x03}, std::byte{0x84},
                                       std::byte{0x05}};
  EXPECT_EQ(load_be8(bytes, 1), 0x82);
  EXPECT_EQ(load_be16(bytes), 0x0182);
  EXPECT_EQ(load_be16(bytes, 1), 0x8203);
  EXPECT_EQ(load_be32(bytes, 1), 0x82038405U);
}

TEST(ByteOrder, StoresItsOwnBytesOnly) {
  std::array<std::byte, 12> bytes;
  for (std::size_t offset = 1; offset + 9 <= bytes.size(); ++offset) {
    bytes.fill(std::byte{0xaa});
    store_be(std::span{bytes}, offset, std::uint64_t{0x0102030405060708});
    EXPECT_EQ(load_be<std::uint64_t>(bytes, offset), 0x0102030405060708U);
    EXPECT_EQ(bytes[offset], std::byte{0x01});
    EXPECT_EQ(bytes[offset - 1], std::byte{0xaa});
    EXPECT_EQ(bytes[offset + 8], std::byte{0xaa});
  }
  bytes.fill(std::byte{0xaa});
  store_be8(bytes, 0, 0x11);
  store_be16(bytes, 1, 0x2233);
  store_be32(bytes, 3, 0x44556677);
  EXPECT_EQ(load_be<std::uint64_t>(bytes), 0x11223344556677aaU);
}

}  // namespace
}  // namespace fourtuple::base
