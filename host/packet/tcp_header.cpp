// SPDX-License-Identifier: Apache-2.0
#include "host/packet/tcp_header.hpp"

#include <algorithm>

#include "host/base/byte_order.hpp"

namespace fourtuple::packet {
namespace {

// Kinds and lengths: RFC 9293 3.1, RFC 7323, RFC 2018.
enum : std::uint8_t {
  kind_eol = 0,
  kind_nop = 1,
  kind_mss = 2,
  kind_window_scale = 3,
  kind_sack_permitted = 4,
  kind_sack = 5,
  kind_timestamps = 8
};
constexpr std::size_t length_mss = 4;
constexpr std::size_t length_window_scale = 3;
constexpr std::size_t length_sack_permitted = 2;
constexpr std::size_t length_timestamps = 10;
constexpr std::size_t length_sack_base = 2;
constexpr std::size_t length_sack_block = 8;
constexpr std::uint8_t max_window_scale = 14;  // RFC 7323 2.3

constexpr auto get8 = base::load_be8;
constexpr auto get16 = base::load_be16;
constexpr auto get32 = base::load_be32;

void parse_option(std::span<const std::byte> option, bool syn, tcp_options& to) noexcept {
  switch (get8(option, 0)) {
    case kind_mss:
      if (option.size() == length_mss && syn && get16(option, 2) != 0) to.mss = get16(option, 2);
      break;
    case kind_window_scale:
      if (option.size() == length_window_scale && syn) to.window_scale = std::min(get8(option, 2), max_window_scale);
      break;
    case kind_sack_permitted:
      if (option.size() == length_sack_permitted && syn) to.sack_permitted = true;
      break;
    case kind_timestamps:
      if (option.size() == length_timestamps) to.timestamps = tcp_timestamps{get32(option, 2), get32(option, 6)};
      break;
    case kind_sack: {
      const std::size_t body = option.size() - length_sack_base;
      if (body == 0 || body % length_sack_block != 0) break;
      to.sack_block_count = static_cast<std::uint8_t>(std::min(body / length_sack_block, tcp_options::max_sack_blocks));
      for (std::size_t i = 0; i < to.sack_block_count; ++i) {
        const std::size_t at = length_sack_base + i * length_sack_block;
        to.sack_blocks[i] = {get32(option, at), get32(option, at + 4)};
      }
      break;
    }
    default:
      break;
  }
}

// tcp_usual_syn_options as they stand in the header.
constexpr std::uint16_t usual_syn_mss = kind_mss << 8 | length_mss;
constexpr std::uint32_t usual_syn_sack_and_timestamps =
    kind_sack_permitted << 24 | length_sack_permitted << 16 | kind_timestamps << 8 | length_timestamps;
constexpr std::uint32_t usual_syn_window_scale = kind_nop << 24 | kind_window_scale << 16 | length_window_scale << 8;

bool are_usual_syn_options(std::span<const std::byte> bytes) noexcept {
  return bytes.size() == tcp_usual_syn_options::bytes && get16(bytes, 0) == usual_syn_mss && get16(bytes, 2) != 0 &&
         get32(bytes, 4) == usual_syn_sack_and_timestamps && (get32(bytes, 16) & ~0xffU) == usual_syn_window_scale;
}

tcp_options parse_usual_syn_options(std::span<const std::byte> bytes) noexcept {
  tcp_options options;
  options.mss = get16(bytes, 2);
  options.sack_permitted = true;
  options.timestamps = tcp_timestamps{get32(bytes, 8), get32(bytes, 12)};
  options.window_scale = std::min(get8(bytes, 19), max_window_scale);
  return options;
}

// Writes numbers in network order one behind the other.
class writer {
 public:
  explicit writer(std::span<std::byte> out) noexcept : out_(out) {}
  void put8(std::size_t value) noexcept { out_[at_++] = static_cast<std::byte>(value); }
  void put16(std::uint16_t value) noexcept {
    base::store_be16(out_, at_, value);
    at_ += sizeof value;
  }
  void put32(std::uint32_t value) noexcept {
    base::store_be32(out_, at_, value);
    at_ += sizeof value;
  }

 private:
  std::span<std::byte> out_;
  std::size_t at_ = 0;
};

void write_options(writer& out, const tcp_options& options) noexcept {
  if (options.mss) {
    out.put8(kind_mss);
    out.put8(length_mss);
    out.put16(*options.mss);
  }
  if (options.timestamps || options.sack_permitted) {
    // SACK-permitted takes the place of the two NOPs that align the timestamps.
    out.put8(options.timestamps && options.sack_permitted ? kind_sack_permitted : kind_nop);
    out.put8(options.timestamps && options.sack_permitted ? length_sack_permitted : std::size_t{kind_nop});
    if (options.timestamps) {
      out.put8(kind_timestamps);
      out.put8(length_timestamps);
      out.put32(options.timestamps->value);
      out.put32(options.timestamps->echo_reply);
    } else {
      out.put8(kind_sack_permitted);
      out.put8(length_sack_permitted);
    }
  }
  if (options.window_scale) {
    out.put8(kind_nop);
    out.put8(kind_window_scale);
    out.put8(length_window_scale);
    out.put8(*options.window_scale);
  }
  if (options.sack_block_count != 0) {
    out.put8(kind_nop);
    out.put8(kind_nop);
    out.put8(kind_sack);
    out.put8(length_sack_base + options.sack_block_count * length_sack_block);
    for (const auto& block : options.sacks()) {
      out.put32(block.start);
      out.put32(block.end);
    }
  }
}

}  // namespace

tcp_options parse_any_tcp_options(std::span<const std::byte> bytes, bool syn) noexcept {
  if (syn && are_usual_syn_options(bytes)) return parse_usual_syn_options(bytes);
  tcp_options options;
  while (!bytes.empty()) {
    const std::uint8_t kind = get8(bytes, 0);
    if (kind == kind_eol) break;
    if (kind == kind_nop) {
      bytes = bytes.subspan(1);
      continue;
    }
    if (bytes.size() < 2) break;
    const std::size_t length = get8(bytes, 1);
    if (length < 2 || length > bytes.size()) break;
    parse_option(bytes.first(length), syn, options);
    bytes = bytes.subspan(length);
  }
  return options;
}

std::optional<tcp_segment> parse_tcp(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < tcp_header::bytes) return std::nullopt;
  const std::size_t header_bytes = std::size_t{get8(bytes, 12)} >> 4 << 2;
  if (header_bytes < tcp_header::bytes || header_bytes > bytes.size()) return std::nullopt;

  tcp_segment segment;
  segment.header.source_port = get16(bytes, 0);
  segment.header.destination_port = get16(bytes, 2);
  segment.header.seq = get32(bytes, 4);
  segment.header.ack_seq = get32(bytes, 8);
  segment.header.flags = tcp_flags::from_bits(get8(bytes, 13));
  segment.header.window = get16(bytes, 14);
  segment.header.checksum = get16(bytes, tcp_header::checksum_offset);
  segment.header.urgent_pointer = get16(bytes, 18);
  segment.options =
      parse_tcp_options(bytes.subspan(tcp_header::bytes, header_bytes - tcp_header::bytes), segment.header.flags.syn);
  segment.payload = bytes.subspan(header_bytes);
  return segment;
}

void write_tcp_with_syn_options(std::span<std::byte> out, const tcp_header& header,
                                const tcp_usual_syn_options& options) noexcept {
  write_tcp_header(out, header, tcp_header::bytes + tcp_usual_syn_options::bytes);
  const std::span<std::byte> to = out.subspan(tcp_header::bytes);
  base::store_be32(to, 0, std::uint32_t{usual_syn_mss} << 16 | options.mss);
  base::store_be32(to, 4, usual_syn_sack_and_timestamps);
  base::store_be32(to, 8, options.timestamps.value);
  base::store_be32(to, 12, options.timestamps.echo_reply);
  base::store_be32(to, 16, usual_syn_window_scale | options.window_scale);
}

void write_tcp(std::span<std::byte> out, const tcp_header& header, const tcp_options& options) noexcept {
  const std::size_t header_bytes = tcp_header::bytes + tcp_options_bytes(options);
  if (header_bytes == tcp_header::bytes + aligned_timestamps_bytes && options.timestamps && !options.sack_permitted) {
    write_tcp_with_timestamps(out, header, *options.timestamps);
    return;
  }
  write_tcp_header(out, header, header_bytes);
  writer to{out.subspan(tcp_header::bytes)};
  write_options(to, options);
}

}  // namespace fourtuple::packet
