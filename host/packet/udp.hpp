// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace fourtuple::packet {

/// UDP's header (RFC 768).
struct udp_header {
  static constexpr std::size_t bytes = 8;
  static constexpr std::size_t checksum_offset = 6;

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t length_bytes = 0;  ///< Header and payload.
  std::uint16_t checksum = 0;      ///< 0: there is none.
  friend constexpr bool operator==(const udp_header&, const udp_header&) = default;
};

struct udp_datagram {
  udp_header header;
  std::span<const std::byte> payload;  ///< A view of what was parsed, up to length_bytes.
};

/// nullopt if the header is not complete, or its length is below 8 or more than there is. The checksum is not looked
/// at.
[[nodiscard]] std::optional<udp_datagram> parse_udp(std::span<const std::byte> bytes) noexcept;

/// Writes the first udp_header::bytes of `out`, the checksum as given.
void write_udp(std::span<std::byte> out, const udp_header& header) noexcept;

}  // namespace fourtuple::packet
