// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "host/packet/addresses.hpp"

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
void write_ipv4(std::span<std::byte> out, const ipv4_header& header) noexcept;

}  // namespace fourtuple::packet
