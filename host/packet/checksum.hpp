// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "host/packet/addresses.hpp"

namespace fourtuple::packet {

/// End-around carries until 16 bits are left (RFC 1071 section 4.1).
[[nodiscard]] constexpr std::uint16_t fold_sum(std::uint64_t sum) noexcept {
  // A number plus itself with its halves exchanged has the folded sum, carry included, in its upper half.
  const auto half = static_cast<std::uint32_t>((sum + std::rotl(sum, 32)) >> 32);
  return static_cast<std::uint16_t>((half + std::rotl(half, 16)) >> 16);
}

/// The internet checksum (RFC 1071) of bytes that come in pieces of any length and alignment.
///
/// Sums are of big-endian 16-bit words, as numbers of the host. Counts as many bytes as fit in memory. A plain value.
class internet_checksum {
 public:
  internet_checksum() = default;
  /// Goes on from a sum(), e.g. a pseudo-header's.
  explicit internet_checksum(std::uint16_t sum) noexcept : sum_(sum) {}

  /// The next bytes. After an odd number of bytes the next one is the low half of its word.
  internet_checksum& add(std::span<const std::byte> bytes) noexcept;

  /// The ones' complement sum, folded to 16 bits and not inverted. 0 only if every byte was 0.
  [[nodiscard]] std::uint16_t sum() const noexcept;
  /// What goes into a checksum field that was 0 while it was summed.
  [[nodiscard]] std::uint16_t checksum() const noexcept { return static_cast<std::uint16_t>(~sum()); }
  /// For bytes that contain a checksum field: it is right.
  [[nodiscard]] bool good() const noexcept { return sum() == 0xffff; }

 private:
  std::uint64_t sum_ = 0;
  bool odd_ = false;
};

/// Sum of the pseudo-header of TCP and UDP over IPv4 (RFC 9293 3.1, RFC 768), folded and not inverted. `length` is of
/// the transport header and payload, in bytes.
[[nodiscard]] constexpr std::uint16_t pseudo_header_sum(ipv4_address source, ipv4_address destination,
                                                        std::uint8_t protocol, std::uint16_t length) noexcept {
  return fold_sum(std::uint64_t{source.value} + destination.value + protocol + length);
}

/// The checksum of a transport header and its payload with their pseudo-header: what goes into a field that is 0 in
/// `bytes`, and 0 if the field is there and right. At most 65535 bytes.
[[nodiscard]] std::uint16_t transport_checksum(ipv4_address source, ipv4_address destination, std::uint8_t protocol,
                                               std::span<const std::byte> bytes) noexcept;

/// The sum of a whole minus that of a part of it which starts at an even byte; both folded and not inverted. What
/// remains of a raw sum (CHECKSUM_COMPLETE) when headers are taken off.
[[nodiscard]] std::uint16_t subtract_sum(std::uint16_t whole, std::uint16_t part) noexcept;

}  // namespace fourtuple::packet
