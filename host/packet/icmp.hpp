// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace fourtuple::packet {

/// ICMP types (RFC 792; Linux: ICMP_ECHOREPLY ...).
inline constexpr std::uint8_t icmp_echoreply = 0;
inline constexpr std::uint8_t icmp_dest_unreach = 3;
inline constexpr std::uint8_t icmp_source_quench = 4;
inline constexpr std::uint8_t icmp_redirect = 5;
inline constexpr std::uint8_t icmp_echo = 8;
inline constexpr std::uint8_t icmp_time_exceeded = 11;
inline constexpr std::uint8_t icmp_parameterprob = 12;

/// Codes of icmp_dest_unreach (Linux: ICMP_PROT_UNREACH ...).
inline constexpr std::uint8_t icmp_prot_unreach = 2;
inline constexpr std::uint8_t icmp_port_unreach = 3;
inline constexpr std::uint8_t icmp_frag_needed = 4;
/// Code of icmp_time_exceeded: fragments did not all come in time.
inline constexpr std::uint8_t icmp_exc_fragtime = 1;

/// The eight bytes that every ICMP message starts with.
struct icmp_header {
  static constexpr std::size_t bytes = 8;

  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint32_t rest = 0;  ///< Echo: identifier and sequence number. Code 4 of type 3: MTU in the low half (RFC 1191).
  friend constexpr bool operator==(const icmp_header&, const icmp_header&) = default;
};

struct icmp_message {
  icmp_header header;
  std::span<const std::byte> payload;  ///< A view of what was parsed.
};

/// nullopt if the header is not complete. The checksum is not looked at: it is over all of `bytes`.
[[nodiscard]] std::optional<icmp_message> parse_icmp(std::span<const std::byte> bytes) noexcept;

/// Writes the first icmp_header::bytes of `out`, the checksum as given.
void write_icmp(std::span<std::byte> out, const icmp_header& header) noexcept;

}  // namespace fourtuple::packet
