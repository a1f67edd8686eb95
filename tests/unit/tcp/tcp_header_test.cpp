// SPDX-License-Identifier: Apache-2.0
// TCP headers and options as values: what is written is read back, in Linux's order, and no bytes make parse_tcp
// misbehave.
#include "host/packet/tcp_header.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/virtual_wire.hpp"

namespace fourtuple::packet {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int v : values) result.push_back(static_cast<std::byte>(v));
  return result;
}

std::vector<std::byte> written(const tcp_header& header, const tcp_options& options) {
  std::vector<std::byte> bytes(tcp_header::bytes + tcp_options_bytes(options));
  write_tcp(bytes, header, options);
  return bytes;
}

TEST(tcp_header, reads_back_what_it_wrote) {
  const tcp_header header{.source_port = 44404,
                          .destination_port = 2222,
                          .seq = 0x01020304,
                          .ack_seq = 0xfffefdfc,
                          .flags = {.fin = true, .psh = true, .ack = true, .cwr = true},
                          .window = 1050,
                          .checksum = 0xabcd,
                          .urgent_pointer = 7};
  tcp_options options;
  options.timestamps = tcp_timestamps{1, 2};
  options.sack_blocks = {{{10, 20}, {30, 40}, {50, 60}}};
  options.sack_block_count = 3;
  auto bytes = written(header, options);
  EXPECT_EQ(bytes.size(), 60U);
  bytes.push_back(std::byte{0x55});
  const auto parsed = parse_tcp(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->header, header);
  EXPECT_EQ(parsed->options, options);
  ASSERT_EQ(parsed->payload.size(), 1U);
  EXPECT_EQ(parsed->payload[0], std::byte{0x55});
}

TEST(tcp_header, options_of_a_syn_come_in_linux_order) {
  tcp_options options;
  options.mss = 1460;
  options.sack_permitted = true;
  options.timestamps = tcp_timestamps{0x01020304, 0};
  options.window_scale = 8;
  const auto bytes = written({.flags = {.syn = true}}, options);
  const auto expected = bytes_of({2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 8});
  EXPECT_EQ(std::vector(bytes.begin() + 20, bytes.end()), expected);
}

TEST(tcp_header, a_usual_syn_is_written_and_read_as_any_other) {
  support::seeded_random random{5};
  for (int i = 0; i < 500; ++i) {
    const auto mss = static_cast<std::uint16_t>(random.chance(100) ? 0 : random.next());
    const auto window_scale = static_cast<std::uint8_t>(random.next() % 20);
    const tcp_timestamps timestamps{static_cast<std::uint32_t>(random.next()),
                                    static_cast<std::uint32_t>(random.next())};
    const tcp_header header{.source_port = 1, .destination_port = 2, .seq = 3, .flags = {.syn = true}, .window = 4};
    tcp_options options;
    options.mss = mss;
    options.sack_permitted = true;
    options.timestamps = timestamps;
    options.window_scale = window_scale;
    auto bytes = written(header, options);
    std::vector<std::byte> usual(bytes.size());
    write_tcp_with_syn_options(usual, header, {.mss = mss, .window_scale = window_scale, .timestamps = timestamps});
    ASSERT_EQ(usual, bytes);

    const auto read = parse_tcp_options(std::span{bytes}.subspan(tcp_header::bytes), true);
    // With NOPs behind them they are not usual any more, and say the same.
    bytes.resize(bytes.size() + 4, std::byte{1});
    EXPECT_EQ(read, parse_tcp_options(std::span{bytes}.subspan(tcp_header::bytes), true));
  }
}

TEST(tcp_header, sack_permitted_without_timestamps_is_aligned_by_nops) {
  tcp_options options;
  options.mss = 1460;
  options.sack_permitted = true;
  options.window_scale = 8;
  const auto bytes = written({.flags = {.syn = true}}, options);
  EXPECT_EQ(std::vector(bytes.begin() + 20, bytes.end()), bytes_of({2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 8}));
}

TEST(tcp_header, handshake_options_count_in_a_syn_only) {
  tcp_options options;
  options.mss = 1460;
  options.window_scale = 3;
  const auto parsed = parse_tcp(written({.flags = {.ack = true}}, options));
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->options.mss);
  EXPECT_FALSE(parsed->options.window_scale);
}

TEST(tcp_header, window_scale_is_at_most_14) {
  tcp_options options;
  options.window_scale = 15;
  const auto parsed = parse_tcp(written({.flags = {.syn = true}}, options));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->options.window_scale, 14);
}

TEST(tcp_header, refuses_headers_that_are_not_there) {
  auto bytes = written({}, {});
  EXPECT_FALSE(parse_tcp(std::span{bytes}.first(19)));
  bytes[12] = std::byte{0x40};
  EXPECT_FALSE(parse_tcp(bytes));
  bytes[12] = std::byte{0x60};
  EXPECT_FALSE(parse_tcp(bytes));
  bytes[12] = std::byte{0x50};
  EXPECT_TRUE(parse_tcp(bytes));
}

TEST(tcp_header, malformed_option_ends_the_options) {
  for (const int length : {0, 1, 9}) {
    auto bytes =
        bytes_of({0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x70, 2, 0, 0, 0, 0, 0, 0, 2, 4, 5, 180, 3, length, 7, 0});
    const auto parsed = parse_tcp(bytes);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->options.mss, 1460);
    EXPECT_FALSE(parsed->options.window_scale) << length;
  }
}

TEST(tcp_header, random_bytes_are_parsed_or_refused) {
  support::seeded_random random{7};
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::byte> bytes(random.next() % 80);
    for (auto& b : bytes) b = static_cast<std::byte>(random.next());
    const auto parsed = parse_tcp(bytes);
    if (!parsed) continue;
    ++accepted;
    EXPECT_LE(parsed->payload.size() + tcp_header::bytes, bytes.size());
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace fourtuple::packet
