// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace fourtuple::packet {

/// The control bits of a TCP header (RFC 9293 3.1, RFC 3168).
struct tcp_flags {
  bool fin = false;
  bool syn = false;
  bool rst = false;
  bool psh = false;
  bool ack = false;
  bool urg = false;
  bool ece = false;
  bool cwr = false;
  friend constexpr bool operator==(const tcp_flags&, const tcp_flags&) = default;
};

/// TCP's fixed header as numbers.
struct tcp_header {
  static constexpr std::size_t bytes = 20;
  static constexpr std::size_t max_bytes = 60;
  static constexpr std::size_t checksum_offset = 16;

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack_seq = 0;
  tcp_flags flags;
  std::uint16_t window = 0;
  std::uint16_t checksum = 0;
  std::uint16_t urgent_pointer = 0;
  friend constexpr bool operator==(const tcp_header&, const tcp_header&) = default;
};

/// A block of sequence numbers, from start up to but not including end (RFC 2018).
struct tcp_sack_block {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  friend constexpr bool operator==(const tcp_sack_block&, const tcp_sack_block&) = default;
};

/// RFC 7323 section 3.
struct tcp_timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo_reply = 0;
  friend constexpr bool operator==(const tcp_timestamps&, const tcp_timestamps&) = default;
};

/// What the options of a segment say (Linux: tcp_options_received). Unknown options are passed over.
struct tcp_options {
  static constexpr std::size_t max_sack_blocks = 4;

  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
  std::optional<tcp_timestamps> timestamps;
  std::array<tcp_sack_block, max_sack_blocks> sack_blocks{};
  std::uint8_t sack_block_count = 0;

  [[nodiscard]] std::span<const tcp_sack_block> sacks() const noexcept {
    return std::span{sack_blocks}.first(sack_block_count);
  }
  friend constexpr bool operator==(const tcp_options&, const tcp_options&) = default;
};

/// A received segment: parsed once, so that nothing behind this sees raw header bytes.
struct tcp_segment {
  tcp_header header;
  tcp_options options;
  std::span<const std::byte> payload;  ///< A view of what was parsed.
};

/// Reads header and options. nullopt if the data offset is below 5 or the header does not lie within `bytes`. The
/// checksum is not looked at. A malformed option ends the options, as in Linux's tcp_parse_options: what was read so
/// far counts.
[[nodiscard]] std::optional<tcp_segment> parse_tcp(std::span<const std::byte> bytes) noexcept;

/// Room that write_tcp_options needs, a multiple of 4.
[[nodiscard]] std::size_t tcp_options_bytes(const tcp_options& options) noexcept;

/// How many SACK blocks fit beside the other options of a segment that is no SYN.
[[nodiscard]] constexpr std::size_t tcp_sack_blocks_that_fit(bool with_timestamps) noexcept {
  return with_timestamps ? 3 : 4;
}

/// Writes header and options to the first tcp_header::bytes + tcp_options_bytes() of `out`, with the checksum field as
/// given. Options come in Linux's order (tcp_options_write): MSS, SACK-permitted, timestamps, window scale, SACK.
void write_tcp(std::span<std::byte> out, const tcp_header& header, const tcp_options& options) noexcept;

}  // namespace fourtuple::packet
