// SPDX-License-Identifier: Apache-2.0
// The options of a TCP header: the first byte says whether it is of a SYN, the others are the options. What is read is
// what a second, plainer reader finds, and what is written of it reads the same again.
#include <array>
#include <vector>

#include "host/packet/tcp_header.hpp"
#include "tests/fuzz/fuzz_input.hpp"

namespace fourtuple::fuzz {
namespace {

using packet::tcp_header;
using packet::tcp_options;

constexpr std::size_t most_option_bytes = tcp_header::max_bytes - tcp_header::bytes;
constexpr std::size_t flags_offset = 13;
constexpr std::size_t data_offset_offset = 12;

unsigned at(std::span<const std::byte> bytes, std::size_t index) { return std::to_integer<unsigned>(bytes[index]); }
std::uint32_t word(std::span<const std::byte> bytes, std::size_t index) {
  return at(bytes, index) << 24 | at(bytes, index + 1) << 16 | at(bytes, index + 2) << 8 | at(bytes, index + 3);
}

/// RFC 9293 3.2, RFC 7323 and RFC 2018 in a straight line; the first malformed option ends it.
tcp_options read_plainly(std::span<const std::byte> bytes, bool syn) {
  tcp_options options;
  std::size_t i = 0;
  while (i < bytes.size() && at(bytes, i) != 0) {
    const unsigned kind = at(bytes, i);
    if (kind == 1) {
      ++i;
      continue;
    }
    if (i + 1 >= bytes.size()) break;
    const unsigned length = at(bytes, i + 1);
    if (length < 2 || i + length > bytes.size()) break;
    const auto option = bytes.subspan(i, length);
    if (kind == 2 && length == 4 && syn && (at(option, 2) << 8 | at(option, 3)) != 0) {
      options.mss = static_cast<std::uint16_t>(at(option, 2) << 8 | at(option, 3));
    } else if (kind == 3 && length == 3 && syn) {
      options.window_scale = static_cast<std::uint8_t>(std::min(at(option, 2), 14U));
    } else if (kind == 4 && length == 2 && syn) {
      options.sack_permitted = true;
    } else if (kind == 5 && length >= 10 && (length - 2) % 8 == 0) {
      options.sack_block_count = static_cast<std::uint8_t>(std::min((length - 2) / 8, 4U));
      for (unsigned block = 0; block < options.sack_block_count; ++block) {
        options.sack_blocks[block] = {word(option, 2 + block * 8), word(option, 6 + block * 8)};
      }
    } else if (kind == 8 && length == 10) {
      options.timestamps = packet::tcp_timestamps{word(option, 2), word(option, 6)};
    }
    i += length;
  }
  return options;
}

/// Blocks behind the count are left over from an option that came before; they say nothing.
bool same(const tcp_options& a, const tcp_options& b) {
  return a.mss == b.mss && a.window_scale == b.window_scale && a.sack_permitted == b.sack_permitted &&
         a.timestamps == b.timestamps && std::ranges::equal(a.sacks(), b.sacks());
}

void look_at(std::span<const std::byte> options, bool syn) {
  std::vector<std::byte> bytes(tcp_header::bytes);
  bytes.insert(bytes.end(), options.begin(), options.end());
  bytes.resize((bytes.size() + 3) / 4 * 4);
  bytes[data_offset_offset] = static_cast<std::byte>(bytes.size() / 4 << 4);
  bytes[flags_offset] = static_cast<std::byte>(syn ? 0x02 : 0x10);
  const auto read = packet::parse_tcp(bytes);
  require(read.has_value(), "a header within its bytes is read");
  require(read->payload.empty(), "there is no payload");
  require(same(read->options, read_plainly(std::span<const std::byte>(bytes).subspan(tcp_header::bytes), syn)),
          "both readers find the same");

  const std::size_t written_bytes = tcp_header::bytes + packet::tcp_options_bytes(read->options);
  if (written_bytes > tcp_header::max_bytes) return;
  std::array<std::byte, tcp_header::max_bytes> written{};
  packet::write_tcp(written, read->header, read->options);
  const auto again = packet::parse_tcp(std::span<const std::byte>(written).first(written_bytes));
  require(again.has_value(), "what was written is read");
  require(again->header == read->header && same(again->options, read->options), "written and read, it is the same");
}

}  // namespace
}  // namespace fourtuple::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fourtuple::fuzz;
  fuzz_input input(data, size);
  const bool syn = input.flag();
  look_at(input.take(most_option_bytes), syn);
  return 0;
}
