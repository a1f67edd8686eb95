// SPDX-License-Identifier: Apache-2.0
// Shows what the model says about a received frame: class, offsets, checksum verdicts, sum, hash (docs/device.md,
// Parsing and The hash).
#include "model/nic/frame_offload.hpp"

#include <gtest/gtest.h>

#include "tests/unit/nic/frame_builder.hpp"

namespace fourtuple::model::nic {
namespace {

using regs::packet_class;
using test::build_frame;
using test::frame_spec;

frame_offload offload(const frame_spec& spec, std::uint32_t secret = 0) {
  return offload_frame(build_frame(spec), secret);
}

TEST(frame_offload, tcp_is_described_completely) {
  const auto result = offload({.ip_option_words = 2, .tcp_option_words = 3, .payload = {1, 2, 3}}, 99);
  EXPECT_EQ(result.packet_class, packet_class::ipv4_tcp);
  EXPECT_EQ(result.l3_offset, 14);
  EXPECT_EQ(result.l4_offset, 14 + 28);
  EXPECT_EQ(result.payload_offset, 14 + 28 + 32);
  EXPECT_TRUE(result.ip_checked && result.ip_good && result.l4_checked && result.l4_good);
  // Local is the destination; addresses as the little-endian number of their bytes in network order.
  EXPECT_EQ(result.hash, base::jhash_3words(0x0100000a, 0x0200000a, 80U << 16U | 0x409cU, 99));
  EXPECT_EQ(connection_hash(result.tuple, 99), result.hash);
}

TEST(frame_offload, one_vlan_tag_moves_everything_by_four) {
  const auto result = offload({.vlan_tags = 1, .payload = {1}});
  EXPECT_TRUE(result.vlan);
  EXPECT_EQ(result.packet_class, packet_class::ipv4_tcp);
  EXPECT_EQ(result.l3_offset, 18);
  EXPECT_EQ(result.l4_offset, 38);
  EXPECT_TRUE(result.l4_good);
  EXPECT_EQ(offload({.vlan_tags = 2}).packet_class, packet_class::other);
}

TEST(frame_offload, checksum_verdicts_do_not_influence_each_other) {
  const auto ip_wrong = offload({.ip_checksum_error = 0x0100});
  EXPECT_TRUE(ip_wrong.ip_checked && !ip_wrong.ip_good && ip_wrong.l4_checked && ip_wrong.l4_good);
  const auto l4_wrong = offload({.l4_checksum_error = 0x0001});
  EXPECT_TRUE(l4_wrong.ip_good && l4_wrong.l4_checked && !l4_wrong.l4_good);
}

TEST(frame_offload, every_payload_length_up_to_a_line_sums_right) {
  for (std::size_t length = 0; length < 130; ++length) {
    frame_spec spec;
    for (std::size_t i = 0; i < length; ++i) spec.payload.push_back(static_cast<std::uint8_t>(i * 37 + length));
    for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
      spec.protocol = protocol;
      EXPECT_TRUE(offload(spec).l4_good) << "protocol " << int{protocol} << " length " << length;
    }
  }
}

TEST(frame_offload, udp_without_checksum_is_not_checked) {
  const auto result = offload({.protocol = 17, .payload = {1, 2}, .udp_without_checksum = true});
  EXPECT_EQ(result.packet_class, packet_class::ipv4_udp);
  EXPECT_FALSE(result.l4_checked || result.l4_good);
  EXPECT_EQ(result.payload_offset, 42);
}

TEST(frame_offload, udp_length_bounds_what_is_summed) {
  // Shorter than what remains is fine, longer is not.
  EXPECT_EQ(offload({.protocol = 17, .payload = {1, 2}, .udp_length_error = -2}).packet_class, packet_class::ipv4_udp);
  EXPECT_EQ(offload({.protocol = 17, .payload = {1, 2}, .udp_length_error = 1}).packet_class, packet_class::ipv4_bad);
  EXPECT_EQ(offload({.protocol = 17, .payload = {}, .udp_length_error = -1}).packet_class, packet_class::ipv4_bad);
}

TEST(frame_offload, contradicting_headers_are_bad_and_unchecked) {
  const frame_spec bad[] = {{.ip_version = 6},
                            {.ip_header_words_error = -1},
                            {.ip_length_error = -30},
                            {.payload = std::vector<std::uint8_t>(60), .ip_length_error = 1},
                            {.tcp_header_words_error = -1},
                            {.tcp_header_words_error = 1},
                            {.ip_length_error = -1}};
  for (const auto& spec : bad) {
    const auto result = offload(spec);
    EXPECT_EQ(result.packet_class, packet_class::ipv4_bad);
    EXPECT_FALSE(result.ip_checked || result.ip_good || result.l4_checked || result.l4_good);
    EXPECT_EQ(result.hash, 0U);
    EXPECT_EQ(result.l4_offset, 0);
  }
}

TEST(frame_offload, fragments_and_other_protocols_stop_at_the_ip_header) {
  for (const std::uint16_t field : {std::uint16_t{0x2000}, std::uint16_t{1}, std::uint16_t{0x3fff}}) {
    const auto result = offload({.fragment_field = field});
    EXPECT_EQ(result.packet_class, packet_class::ipv4_fragment);
    EXPECT_TRUE(result.ip_good && !result.l4_checked);
    EXPECT_EQ(result.l4_offset, 0);
  }
  EXPECT_EQ(offload({.fragment_field = 0xc000}).packet_class, packet_class::ipv4_tcp);  // Reserved and DF.
  EXPECT_EQ(offload({.protocol = 1, .payload = {8, 0, 0, 0}}).packet_class, packet_class::ipv4_other);
  EXPECT_EQ(offload({.ethertype = 0x0806}).packet_class, packet_class::arp);
  EXPECT_EQ(offload({.ethertype = 0x86dd}).packet_class, packet_class::other);
}

TEST(frame_offload, raw_sum_has_padding_in_it_and_an_odd_byte_high) {
  frame_spec spec{.ethertype = 0x1234, .payload = std::vector<std::uint8_t>(47, 0)};
  EXPECT_EQ(offload(spec).raw_sum, 0);
  spec.payload[46] = 0x12;
  EXPECT_EQ(offload(spec).raw_sum, 0x1200);
  spec.payload[0] = 0xff;
  spec.payload[1] = 0xff;
  EXPECT_EQ(offload(spec).raw_sum, 0x1200);  // Ones' complement: 0xffff is nothing ...
  spec.payload[46] = 0;
  EXPECT_EQ(offload(spec).raw_sum, 0xffff);  // ... but not 0.
}

TEST(destination_accepted, by_address_and_filter) {
  constexpr std::uint64_t mac = 0x0100'0000'0002;  // 02:00:00:00:00:01, first byte lowest.
  const auto own = build_frame({});
  const auto other = build_frame({.destination = {0x02, 0, 0, 0, 0, 9}});
  const auto group = build_frame({.destination = {0x01, 0, 0x5e, 0, 0, 1}});
  const auto everyone = build_frame({.destination = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}});
  EXPECT_TRUE(destination_accepted(own, mac, false, false));
  EXPECT_TRUE(destination_accepted(everyone, mac, false, false));
  EXPECT_FALSE(destination_accepted(other, mac, false, true));
  EXPECT_FALSE(destination_accepted(group, mac, false, false));
  EXPECT_TRUE(destination_accepted(group, mac, false, true));
  EXPECT_TRUE(destination_accepted(other, mac, true, false));
}

}  // namespace
}  // namespace fourtuple::model::nic
