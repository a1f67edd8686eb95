// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "host/base/byte_order.hpp"
#include "host/packet/addresses.hpp"
#include "host/packet/checksum.hpp"

namespace fourtuple::packet {

/// Protocol numbers (Linux: IPPROTO_ICMP ...).
namespace ip_protocol {
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
}  // namespace ip_protocol

/// IPv4's fixed header as numbers (RFC 791). Options are kept apart.
struct ipv4_header {
  static constexpr std::size_t min_bytes = 20;
  static constexpr std::size_t max_bytes = 60;
  static constexpr std::size_t checksum_offset = 10;

  std::uint8_t tos = 0;
  std::uint16_t total_bytes = 0;  ///< Header, options and payload.
  std::uint16_t id = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset_bytes = 0;  ///< A multiple of 8.
  std::uint8_t ttl = 0;
  std::uint8_t protocol = 0;
  std::uint16_t checksum = 0;  ///< As received; write_ipv4 computes its own.
  ipv4_address source;
  ipv4_address destination;

  [[nodiscard]] constexpr bool is_fragment() const noexcept { return more_fragments || fragment_offset_bytes != 0; }
  friend constexpr bool operator==(const ipv4_header&, const ipv4_header&) = default;
};

/// Why bytes are no IPv4 packet, in the order in which Linux's ip_rcv looks.
enum class ipv4_fault : std::uint8_t {
  header,     ///< Not 20 bytes, not version 4, or the header's length is impossible or not there.
  checksum,   ///< The header's checksum is wrong.
  truncated,  ///< Fewer bytes than the total length says.
  length,     ///< The total length is shorter than the header.
};

/// A parsed packet; the views are of what was parsed.
struct ipv4_datagram {
  ipv4_header header;
  std::span<const std::byte> header_bytes;  ///< With options.
  std::span<const std::byte> options;
  std::span<const std::byte> payload;  ///< Up to the total length: without the frame's padding.
};

/// `bytes` start at the IPv4 header and may be longer than the packet. The checksum is summed unless
/// `checksum_is_good`.
[[nodiscard]] std::variant<ipv4_datagram, ipv4_fault> parse_ipv4(std::span<const std::byte> bytes,
                                                                 bool checksum_is_good) noexcept;

/// Reads a header that an ICMP error quotes: neither checksum nor total length need be right, and only the bytes that
/// are there are payload.
[[nodiscard]] std::variant<ipv4_datagram, ipv4_fault> parse_quoted_ipv4(std::span<const std::byte> bytes) noexcept;

/// Writes the first ipv4_header::min_bytes of `out`, without options, and computes the checksum.
[[gnu::always_inline]] inline void write_ipv4(std::span<std::byte> out, const ipv4_header& header) noexcept {
  constexpr std::uint8_t version_and_length = 0x45;  // Version 4, five words: no options.
  constexpr unsigned flag_dont_fragment = 0x4000;
  constexpr unsigned flag_more_fragments = 0x2000;
  constexpr unsigned fragment_offset_mask = 0x1fff;  // in units of 8 bytes
  const unsigned fragment = (header.dont_fragment ? flag_dont_fragment : 0) |
                            (header.more_fragments ? flag_more_fragments : 0) |
                            (header.fragment_offset_bytes / 8U & fragment_offset_mask);
  const std::uint32_t first =
      std::uint32_t{version_and_length} << 24 | std::uint32_t{header.tos} << 16 | header.total_bytes;
  const std::uint32_t second = std::uint32_t{header.id} << 16 | fragment;
  const std::uint32_t third = std::uint32_t{header.ttl} << 24 | std::uint32_t{header.protocol} << 16;
  // The checksum from the numbers themselves: reading back what was just written is slower.
  const std::uint16_t sum =
      fold_sum(std::uint64_t{first} + second + third + header.source.value + header.destination.value);
  base::store_be32(out, 0, first);
  base::store_be32(out, 4, second);
  base::store_be32(out, 8, third | static_cast<std::uint16_t>(~sum));
  base::store_be32(out, 12, header.source.value);
  base::store_be32(out, 16, header.destination.value);
}

/// Puts length, identification and checksum into a header that was written with 0 for all three. `sum`: of its bytes.
[[gnu::always_inline]] inline void complete_ipv4(std::span<std::byte> header, std::uint32_t sum,
                                                 std::uint16_t total_bytes, std::uint16_t id) noexcept {
  base::store_be16(header, 2, total_bytes);
  base::store_be16(header, 4, id);
  base::store_be16(header, ipv4_header::checksum_offset,
                   static_cast<std::uint16_t>(~fold_sum(std::uint64_t{sum} + total_bytes + id)));
}

}  // namespace fourtuple::packet
