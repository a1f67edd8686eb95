// SPDX-License-Identifier: Apache-2.0
#include "host/packet/checksum.hpp"

#include <bit>
#include <cstring>

namespace fourtuple::packet {

namespace {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

constexpr std::uint16_t swap_bytes(std::uint16_t value) noexcept {
  return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

/// The folded sum of 16-bit words in the machine's own byte order. RFC 1071 section 2 (B): the sum does not depend on
/// the order of bytes but for being swapped itself, and (C) wider words may be summed and folded later.
std::uint16_t native_sum(std::span<const std::byte> bytes) noexcept {
  // The two halves of 64-bit words apart: a 64-bit sum of 32-bit numbers has room for 2^32 of them without a carry.
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    low += word & 0xffffffff;
    high += word >> 32;
  }
  if (left > 0) {
    std::uint64_t word = 0;  // an odd last byte is followed by a zero (RFC 1071 section 1)
    std::memcpy(&word, at, left);
    low += word & 0xffffffff;
    high += word >> 32;
  }
  return fold_sum(std::uint64_t{fold_sum(low)} + fold_sum(high));
}

}  // namespace

internet_checksum& internet_checksum::add(std::span<const std::byte> bytes) noexcept {
  const std::uint16_t native = native_sum(bytes);
  const bool swapped = (std::endian::native == std::endian::little) != odd_;
  sum_ += swapped ? swap_bytes(native) : native;
  odd_ = odd_ != (bytes.size() % 2 != 0);
  return *this;
}

std::uint16_t internet_checksum::sum() const noexcept { return fold_sum(sum_); }

std::uint16_t transport_checksum(ipv4_address source, ipv4_address destination, std::uint8_t protocol,
                                 std::span<const std::byte> bytes) noexcept {
  const std::uint16_t pseudo =
      pseudo_header_sum(source, destination, protocol, static_cast<std::uint16_t>(bytes.size()));
  return internet_checksum{pseudo}.add(bytes).checksum();
}

std::uint16_t subtract_sum(std::uint16_t whole, std::uint16_t part) noexcept {
  return fold_sum(std::uint64_t{whole} + static_cast<std::uint16_t>(~part));
}

}  // namespace fourtuple::packet
