// SPDX-License-Identifier: Apache-2.0
#include "host/packet/ipv4_header.hpp"

#include <algorithm>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"

namespace fourtuple::packet {

namespace {

constexpr unsigned flag_dont_fragment = 0x4000;
constexpr unsigned flag_more_fragments = 0x2000;
constexpr unsigned fragment_offset_mask = 0x1fff;  // in units of 8 bytes

ipv4_header load_header(std::span<const std::byte> bytes) noexcept {
  const unsigned fragment = base::load_be16(bytes, 6);
  return {.tos = base::load_be8(bytes, 1),
          .total_bytes = base::load_be16(bytes, 2),
          .id = base::load_be16(bytes, 4),
          .dont_fragment = (fragment & flag_dont_fragment) != 0,
          .more_fragments = (fragment & flag_more_fragments) != 0,
          .fragment_offset_bytes = static_cast<std::uint16_t>((fragment & fragment_offset_mask) * 8),
          .ttl = base::load_be8(bytes, 8),
          .protocol = base::load_be8(bytes, 9),
          .checksum = base::load_be16(bytes, 10),
          .source = {base::load_be32(bytes, 12)},
          .destination = {base::load_be32(bytes, 16)}};
}

/// Length of the header with options; 0 if it is not there or not one of IPv4.
std::size_t header_length(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < ipv4_header::min_bytes) return 0;
  const unsigned first = base::load_be8(bytes, 0);
  const std::size_t length = (first & 0xf) * std::size_t{4};
  if (first >> 4 != 4 || length < ipv4_header::min_bytes || length > bytes.size()) return 0;
  return length;
}

ipv4_datagram datagram(std::span<const std::byte> bytes, const ipv4_header& header, std::size_t header_bytes,
                       std::size_t total_bytes) noexcept {
  return {.header = header,
          .header_bytes = bytes.first(header_bytes),
          .options = bytes.first(header_bytes).subspan(ipv4_header::min_bytes),
          .payload = bytes.first(total_bytes).subspan(header_bytes)};
}

}  // namespace

std::variant<ipv4_datagram, ipv4_fault> parse_ipv4(std::span<const std::byte> bytes, bool checksum_is_good) noexcept {
  const std::size_t length = header_length(bytes);
  if (length == 0) return ipv4_fault::header;
  if (!checksum_is_good && !internet_checksum{}.add(bytes.first(length)).good()) return ipv4_fault::checksum;
  const ipv4_header header = load_header(bytes);
  if (bytes.size() < header.total_bytes) return ipv4_fault::truncated;
  if (header.total_bytes < length) return ipv4_fault::length;
  return datagram(bytes, header, length, header.total_bytes);
}

std::variant<ipv4_datagram, ipv4_fault> parse_quoted_ipv4(std::span<const std::byte> bytes) noexcept {
  const std::size_t length = header_length(bytes);
  if (length == 0) return ipv4_fault::header;
  const ipv4_header header = load_header(bytes);
  if (header.total_bytes < length) return ipv4_fault::length;
  return datagram(bytes, header, length, std::min<std::size_t>(header.total_bytes, bytes.size()));
}

}  // namespace fourtuple::packet
