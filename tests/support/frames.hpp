// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/packet/addresses.hpp"
#include "host/packet/tcp_header.hpp"

namespace fourtuple::support {

/// A TCP segment as it was put on the wire, in host terms.
struct captured_segment {
  std::uint64_t time_ns = 0;
  int from_end = 0;
  packet::ipv4_address source;
  packet::ipv4_address destination;
  std::uint8_t tos = 0;
  packet::tcp_header header;
  packet::tcp_options options;
  std::vector<std::byte> payload;

  [[nodiscard]] std::uint32_t segment_length() const noexcept {
    return static_cast<std::uint32_t>(payload.size()) + (header.flags.syn ? 1U : 0U) + (header.flags.fin ? 1U : 0U);
  }
};

/// The address of the net_device at an end of the wire.
[[nodiscard]] packet::mac_address mac_of_end(int index) noexcept;

/// Internet checksum (RFC 1071) of bytes, inverted, written here a second time so that tests do not trust host/.
[[nodiscard]] std::uint16_t checksum(std::span<const std::byte> bytes, std::uint32_t start = 0) noexcept;
void put16(std::span<std::byte> to, std::size_t at, std::uint16_t value) noexcept;

/// Takes an Ethernet frame apart; nullopt unless it is TCP over IPv4 with right checksums.
[[nodiscard]] std::optional<captured_segment> dissect(std::span<const std::byte> frame);

/// A complete Ethernet frame for a segment; source and destination decide the pseudo-header.
[[nodiscard]] std::vector<std::byte> assemble(const captured_segment& segment, packet::mac_address from,
                                              packet::mac_address to);

/// If `frame` asks by ARP for `owner`, the frame that answers with `mac`.
[[nodiscard]] std::optional<std::vector<std::byte>> answer_arp(std::span<const std::byte> frame,
                                                               packet::ipv4_address owner, packet::mac_address mac);

/// In the manner of tcpdump and packetdrill: "P. 1:1001(1000) ack 1 win 1050 <nop,nop,TS val 100 ecr 200>". Sequence
/// numbers are relative to the bases; flags are of "SFRPUEW.", or "-" for none. "urg N" and "tos N" if they are not 0.
[[nodiscard]] std::string describe(const captured_segment& segment, std::uint32_t seq_base, std::uint32_t ack_base,
                                   bool with_window = true, bool with_options = true);

/// What describe() writes, read back; the payload is a pattern of position (see pattern_byte). Throws
/// std::invalid_argument.
[[nodiscard]] captured_segment parse_notation(std::string_view text, std::uint32_t seq_base, std::uint32_t ack_base);

/// The byte at a position of a stream that tests send: position-dependent, so that shifts and swaps show.
[[nodiscard]] constexpr std::byte pattern_byte(std::uint64_t position) noexcept {
  return static_cast<std::byte>((position * 2654435761U) >> 13 & 0xff);
}
[[nodiscard]] std::vector<std::byte> pattern(std::uint64_t position, std::size_t bytes);

}  // namespace fourtuple::support
