// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "host/base/byte_order.hpp"

namespace fourtuple::packet {

/// The control bits of a TCP header (RFC 9293 3.1, RFC 3168), from the lowest up.
struct tcp_flags {
  std::uint8_t fin : 1 = 0;
  std::uint8_t syn : 1 = 0;
  std::uint8_t rst : 1 = 0;
  std::uint8_t psh : 1 = 0;
  std::uint8_t ack : 1 = 0;
  std::uint8_t urg : 1 = 0;
  std::uint8_t ece : 1 = 0;
  std::uint8_t cwr : 1 = 0;

  /// The byte as it stands in a header, and back.
  [[nodiscard]] std::uint8_t bits() const noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      return std::bit_cast<std::uint8_t>(*this);
    } else {
      return static_cast<std::uint8_t>(fin << 0 | syn << 1 | rst << 2 | psh << 3 | ack << 4 | urg << 5 | ece << 6 |
                                       cwr << 7);
    }
  }
  [[nodiscard]] static tcp_flags from_bits(std::uint8_t bits) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      return std::bit_cast<tcp_flags>(bits);
    } else {
      const auto is_set = [bits](unsigned bit) { return (bits >> bit & 1) != 0; };
      return {is_set(0), is_set(1), is_set(2), is_set(3), is_set(4), is_set(5), is_set(6), is_set(7)};
    }
  }
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

/// NOP, NOP, timestamps: what nearly every segment of an established connection carries, and nothing else.
inline constexpr std::size_t aligned_timestamps_bytes = 12;
inline constexpr std::uint32_t aligned_timestamps = 0x01'01'08'0a;

/// Reads options, `bytes` of them, of a segment with or without SYN.
[[nodiscard]] tcp_options parse_any_tcp_options(std::span<const std::byte> bytes, bool syn) noexcept;
/// The same, short for aligned timestamps (Linux: tcp_parse_aligned_timestamp).
[[nodiscard]] inline tcp_options parse_tcp_options(std::span<const std::byte> bytes, bool syn) noexcept {
  if (bytes.size() != aligned_timestamps_bytes || base::load_be32(bytes) != aligned_timestamps) [[unlikely]] {
    return parse_any_tcp_options(bytes, syn);
  }
  return {.mss = {},
          .window_scale = {},
          .timestamps = tcp_timestamps{base::load_be32(bytes, 4), base::load_be32(bytes, 8)}};
}

/// Room that write_tcp_options needs, a multiple of 4.
[[nodiscard]] constexpr std::size_t tcp_options_bytes(const tcp_options& options) noexcept {
  std::size_t bytes = 0;
  if (options.mss) bytes += 4;
  if (options.timestamps) {
    bytes += 12;
  } else if (options.sack_permitted) {
    bytes += 4;
  }
  if (options.window_scale) bytes += 4;
  if (options.sack_block_count != 0) bytes += 4 + options.sack_block_count * sizeof(tcp_sack_block);
  return bytes;
}

/// How many SACK blocks fit beside the other options of a segment that is no SYN.
[[nodiscard]] constexpr std::size_t tcp_sack_blocks_that_fit(bool with_timestamps) noexcept {
  return with_timestamps ? 3 : 4;
}

/// Writes the fixed header, and how long it is with options.
[[gnu::always_inline]] inline void write_tcp_header(std::span<std::byte> out, const tcp_header& header,
                                                    std::size_t header_bytes) noexcept {
  base::store_be32(out, 0, std::uint32_t{header.source_port} << 16 | header.destination_port);
  base::store_be32(out, 4, header.seq);
  base::store_be32(out, 8, header.ack_seq);
  base::store_be32(
      out, 12,
      static_cast<std::uint32_t>(header_bytes / 4) << 28 | std::uint32_t{header.flags.bits()} << 16 | header.window);
  base::store_be32(out, 16, std::uint32_t{header.checksum} << 16 | header.urgent_pointer);
}

/// write_tcp for a segment with aligned timestamps.
[[gnu::always_inline]] inline void write_tcp_with_timestamps(std::span<std::byte> out, const tcp_header& header,
                                                             const tcp_timestamps& timestamps) noexcept {
  write_tcp_header(out, header, tcp_header::bytes + aligned_timestamps_bytes);
  base::store_be32(out, tcp_header::bytes, aligned_timestamps);
  base::store_be32(out, tcp_header::bytes + 4, timestamps.value);
  base::store_be32(out, tcp_header::bytes + 8, timestamps.echo_reply);
}

/// What a SYN says if all options are on, in Linux's order: MSS, SACK-permitted, timestamps, NOP, window scale.
struct tcp_usual_syn_options {
  static constexpr std::size_t bytes = 20;
  std::uint16_t mss = 0;
  std::uint8_t window_scale = 0;
  tcp_timestamps timestamps;
};
/// write_tcp for a segment with these.
void write_tcp_with_syn_options(std::span<std::byte> out, const tcp_header& header,
                                const tcp_usual_syn_options& options) noexcept;

/// Writes header and options to the first tcp_header::bytes + tcp_options_bytes() of `out`, with the checksum field as
/// given. Options come in Linux's order (tcp_options_write): MSS, SACK-permitted, timestamps, window scale, SACK.
void write_tcp(std::span<std::byte> out, const tcp_header& header, const tcp_options& options) noexcept;

}  // namespace fourtuple::packet
