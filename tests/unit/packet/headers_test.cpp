// SPDX-License-Identifier: Apache-2.0
//
// Headers: known bytes parse to the known values; what is written parses to the same value, for random values; every
// fault has its name; random and truncated bytes are never read beyond their end (each is parsed from memory of exactly
// its size, which a sanitizer watches).

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <vector>

#include "host/base/byte_order.hpp"
#include "host/packet/arp.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/icmp.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/udp.hpp"

namespace fourtuple::packet {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

class Headers : public ::testing::Test {
 protected:
  std::uint8_t u8() { return static_cast<std::uint8_t>(random()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(random()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(random()); }
  bool flag() { return random() % 2 == 0; }
  mac_address mac() {
    mac_address address;
    for (auto& byte : address.bytes) byte = u8();
    return address;
  }
  ipv4_header ip() {
    return {.tos = u8(),
            .total_bytes = 60,
            .id = u16(),
            .dont_fragment = flag(),
            .more_fragments = flag(),
            .fragment_offset_bytes = static_cast<std::uint16_t>(u16() & 0xfff8),
            .ttl = u8(),
            .protocol = u8(),
            .checksum = 0,
            .source = {u32()},
            .destination = {u32()}};
  }
  std::mt19937_64 random{7};
};

TEST_F(Headers, EthernetFromKnownBytes) {
  auto frame = bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0xaa});
  auto parsed = parse_ethernet(frame);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->header.destination, (mac_address{{1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(parsed->header.source, (mac_address{{7, 8, 9, 10, 11, 12}}));
  EXPECT_EQ(parsed->header.ether_type, eth_p_ip);
  EXPECT_FALSE(parsed->header.vlan);
  EXPECT_EQ(parsed->payload.size(), 1U);

  frame = bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0x00, 0xb1, 0x23, 0x08, 0x06});
  parsed = parse_ethernet(frame);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->header.vlan, (vlan_tag{.vid = 0x123, .pcp = 5, .dei = true}));
  EXPECT_EQ(parsed->header.ether_type, eth_p_arp);
  EXPECT_TRUE(parsed->payload.empty());
}

TEST_F(Headers, EthernetRoundTrip) {
  for (unsigned round = 0; round < 500; ++round) {
    ethernet_header header{.destination = mac(), .source = mac(), .vlan = {}, .ether_type = u16()};
    if (flag()) {
      header.vlan = vlan_tag{
          .vid = static_cast<std::uint16_t>(u16() & 0xfff), .pcp = static_cast<std::uint8_t>(u8() & 7), .dei = flag()};
    }
    if (header.ether_type == eth_p_8021q) continue;
    std::vector<std::byte> frame(header.bytes());
    write_ethernet(frame, header);
    const auto parsed = parse_ethernet(frame);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->header, header);
  }
}

TEST_F(Headers, ArpRoundTripAndForeignKinds) {
  for (unsigned round = 0; round < 200; ++round) {
    const arp_packet packet{.op = static_cast<arp_op>(u16()),
                            .sender_mac = mac(),
                            .sender_ip = {u32()},
                            .target_mac = mac(),
                            .target_ip = {u32()}};
    std::vector<std::byte> bytes(arp_packet::bytes);
    write_arp(bytes, packet);
    EXPECT_EQ(parse_arp(bytes), packet);
    for (std::size_t i = 0; i < 6; ++i) {  // hardware, protocol, and their address lengths
      auto other = bytes;
      other[i] ^= std::byte{0x10};
      EXPECT_FALSE(parse_arp(other)) << i;
    }
  }
}

TEST_F(Headers, Ipv4FromKnownBytes) {
  // The header that is summed in many textbooks: its checksum is 0xb861.
  auto bytes = bytes_of({0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                         0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7});
  bytes.resize(0x73 + 5);
  const auto parsed = parse_ipv4(bytes, false);
  const auto* packet = std::get_if<ipv4_datagram>(&parsed);
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->header, (ipv4_header{.tos = 0,
                                         .total_bytes = 0x73,
                                         .id = 0,
                                         .dont_fragment = true,
                                         .more_fragments = false,
                                         .fragment_offset_bytes = 0,
                                         .ttl = 64,
                                         .protocol = ip_protocol::udp,
                                         .checksum = 0xb861,
                                         .source = {0xc0a80001},
                                         .destination = {0xc0a800c7}}));
  EXPECT_EQ(packet->payload.size(), 0x73U - 20) << "without the padding";
  EXPECT_FALSE(packet->header.is_fragment());
}

TEST_F(Headers, Ipv4RoundTrip) {
  for (unsigned round = 0; round < 500; ++round) {
    ipv4_header header = ip();
    std::vector<std::byte> bytes(header.total_bytes);
    write_ipv4(bytes, header);
    const auto parsed = parse_ipv4(bytes, false);
    ASSERT_TRUE(std::holds_alternative<ipv4_datagram>(parsed));
    header.checksum = base::load_be16(bytes, 10);
    EXPECT_EQ(std::get<ipv4_datagram>(parsed).header, header);
  }
}

TEST_F(Headers, Ipv4CompletedLaterIsAsWrittenAtOnce) {
  for (unsigned round = 0; round < 500; ++round) {
    const ipv4_header header = ip();
    std::vector<std::byte> whole(ipv4_header::min_bytes);
    write_ipv4(whole, header);

    ipv4_header without = header;
    without.total_bytes = 0;
    without.id = 0;
    std::vector<std::byte> bytes(ipv4_header::min_bytes);
    write_ipv4(bytes, without);
    const auto sum = static_cast<std::uint16_t>(~base::load_be16(bytes, ipv4_header::checksum_offset));
    base::store_be16(bytes, ipv4_header::checksum_offset, 0);
    complete_ipv4(bytes, sum, header.total_bytes, header.id);
    EXPECT_EQ(bytes, whole);
  }
}

TEST_F(Headers, Ipv4FaultsHaveTheirNames) {
  std::vector<std::byte> good(60);
  write_ipv4(good, ip());
  const auto fault = [](std::span<const std::byte> bytes, bool checksum_is_good = true) {
    const auto parsed = parse_ipv4(bytes, checksum_is_good);
    return std::holds_alternative<ipv4_fault>(parsed) ? std::optional{std::get<ipv4_fault>(parsed)} : std::nullopt;
  };
  EXPECT_EQ(fault(good, false), std::nullopt);
  EXPECT_EQ(fault(std::span{good}.first(19)), ipv4_fault::header);
  EXPECT_EQ(fault(std::span{good}.first(59)), ipv4_fault::truncated);

  for (const unsigned first : {0x35U, 0x65U, 0x44U, 0x40U}) {
    auto bad = good;
    bad[0] = static_cast<std::byte>(first);
    EXPECT_EQ(fault(bad), ipv4_fault::header) << first;
  }
  auto bad = good;
  bad[0] = std::byte{0x4f};
  EXPECT_EQ(fault(std::span{bad}.first(59)), ipv4_fault::header) << "options are not there";
  bad = good;
  bad[8] ^= std::byte{1};
  EXPECT_EQ(fault(bad, false), ipv4_fault::checksum);
  EXPECT_EQ(fault(bad, true), std::nullopt) << "somebody else has said that it is good";
  bad = good;
  base::store_be16(bad, 2, 19);
  EXPECT_EQ(fault(bad), ipv4_fault::length);
  base::store_be16(bad, 2, 61);
  EXPECT_EQ(fault(bad), ipv4_fault::truncated);
}

TEST_F(Headers, Ipv4OptionsAreNotPayload) {
  std::vector<std::byte> bytes(60);
  write_ipv4(bytes, ip());
  bytes[0] = std::byte{0x47};
  const auto parsed = parse_ipv4(bytes, true);
  const auto* packet = std::get_if<ipv4_datagram>(&parsed);
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->options.size(), 8U);
  EXPECT_EQ(packet->header_bytes.size(), 28U);
  EXPECT_EQ(packet->payload.size(), 32U);
}

TEST_F(Headers, QuotedIpv4MayBeCutOff) {
  std::vector<std::byte> bytes(60);
  write_ipv4(bytes, ip());
  const auto parsed = parse_quoted_ipv4(std::span{bytes}.first(28));
  ASSERT_TRUE(std::holds_alternative<ipv4_datagram>(parsed));
  EXPECT_EQ(std::get<ipv4_datagram>(parsed).payload.size(), 8U);
  EXPECT_TRUE(std::holds_alternative<ipv4_fault>(parse_quoted_ipv4(std::span{bytes}.first(19))));
}

TEST_F(Headers, IcmpAndUdpRoundTrip) {
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<std::byte> bytes(20);
    const icmp_header icmp{.type = u8(), .code = u8(), .checksum = u16(), .rest = u32()};
    write_icmp(bytes, icmp);
    const auto message = parse_icmp(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->header, icmp);
    EXPECT_EQ(message->payload.size(), 12U);

    const udp_header udp{.source_port = u16(),
                         .destination_port = u16(),
                         .length_bytes = static_cast<std::uint16_t>(8 + random() % 13),
                         .checksum = u16()};
    write_udp(bytes, udp);
    const auto datagram = parse_udp(bytes);
    ASSERT_TRUE(datagram);
    EXPECT_EQ(datagram->header, udp);
    EXPECT_EQ(datagram->payload.size(), udp.length_bytes - 8U);
  }
  std::vector<std::byte> bytes(20);
  for (const std::uint16_t wrong : std::array<std::uint16_t, 4>{0, 7, 21, 65535}) {
    write_udp(bytes, {.length_bytes = wrong});
    EXPECT_FALSE(parse_udp(bytes)) << wrong;
  }
}

/// The view lies within `bytes`.
bool within(std::span<const std::byte> view, std::span<const std::byte> bytes) {
  return view.empty() || (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

TEST_F(Headers, RandomBytesAreNeverReadBeyondTheirEnd) {
  for (unsigned round = 0; round < 50'000; ++round) {
    const std::size_t size = random() % 80;
    const std::unique_ptr<std::byte[]> memory{new std::byte[size]};
    std::generate_n(memory.get(), size, [this] { return static_cast<std::byte>(random()); });
    if (size > 0 && flag()) memory[0] = static_cast<std::byte>(0x40 | random() % 16);
    if (size > 3 && flag()) base::store_be16({memory.get(), size}, 2, static_cast<std::uint16_t>(random() % 90));
    const std::span<const std::byte> bytes{memory.get(), size};

    const auto frame = parse_ethernet(bytes);
    EXPECT_TRUE(!frame || within(frame->payload, bytes));
    const auto message = parse_icmp(bytes);
    EXPECT_TRUE(!message || within(message->payload, bytes));
    const auto datagram = parse_udp(bytes);
    EXPECT_TRUE(!datagram || within(datagram->payload, bytes));
    EXPECT_TRUE(size >= arp_packet::bytes || !parse_arp(bytes));
    for (const auto& parsed : {parse_ipv4(bytes, true), parse_ipv4(bytes, false), parse_quoted_ipv4(bytes)}) {
      if (const auto* packet = std::get_if<ipv4_datagram>(&parsed)) {
        EXPECT_TRUE(within(packet->header_bytes, bytes) && within(packet->options, bytes) &&
                    within(packet->payload, bytes));
      }
    }
  }
}

}  // namespace
}  // namespace fourtuple::packet
