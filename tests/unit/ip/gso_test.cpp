// SPDX-License-Identifier: Apache-2.0
// Segmentation in software: every field of every segment, checked by parsing what a receiver would get; and what
// happens when the device has no room in the middle.
#include "host/ip/gso.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "host/ip/qdisc.hpp"
#include "host/packet/tcp_header.hpp"
#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

constexpr std::size_t tcp_checksum_offset = 16;

struct shape {
  std::size_t payload = 5000;
  std::uint16_t mss = 1448;
  std::optional<packet::vlan_tag> vlan = std::nullopt;
  packet::tcp_flags flags = {.fin = true, .psh = true, .ack = true, .cwr = true};
  bool timestamps = true;
};

/// A large TCP packet as the stack would hand it down, in pieces of `piece` bytes.
packet::tx_sk_buff large(const shape& how, const bytes& payload, std::size_t piece = 1000) {
  packet::tx_sk_buff skb;
  for (std::size_t at = 0; at < payload.size(); at += piece)
    EXPECT_TRUE(skb.append(std::span(payload).subspan(at, std::min(piece, payload.size() - at))));
  skb.gso_size = how.mss;
  packet::tcp_options options;
  if (how.timestamps) options.timestamps = packet::tcp_timestamps{7, 8};
  const std::size_t tcp_bytes = packet::tcp_header::bytes + packet::tcp_options_bytes(options);
  packet::write_tcp(skb.push(tcp_bytes),
                    {.source_port = 80,
                     .destination_port = 4000,
                     .seq = 0xffff'ff00,
                     .ack_seq = 3,
                     .flags = how.flags,
                     .window = 99,
                     .checksum = packet::pseudo_header_sum(own, peer, packet::ip_protocol::tcp,
                                                           static_cast<std::uint16_t>(tcp_bytes + payload.size()))},
                    options);
  skb.set_checksum_partial(tcp_checksum_offset);
  packet::write_ipv4(skb.push(packet::ipv4_header::min_bytes), {.tos = 2,
                                                                .total_bytes = static_cast<std::uint16_t>(skb.size()),
                                                                .id = 0xfffe,
                                                                .dont_fragment = true,
                                                                .ttl = 64,
                                                                .protocol = packet::ip_protocol::tcp,
                                                                .source = own,
                                                                .destination = peer});
  const packet::ethernet_header ethernet{
      .destination = peer_mac, .source = {{2, 0, 0, 0, 0, 1}}, .vlan = how.vlan, .ether_type = packet::eth_p_ip};
  packet::write_ethernet(skb.push(ethernet.bytes()), ethernet);
  return skb;
}

/// The frame as it leaves a device that puts checksums in.
bytes on_the_wire(packet::tx_sk_buff skb) {
  if (skb.checksum_partial()) skb_checksum_help(skb);
  bytes frame(skb.headers().begin(), skb.headers().end());
  for (const auto piece : skb.payload()) frame.insert(frame.end(), piece.begin(), piece.end());
  return frame;
}

/// Checks the frames against the whole that they were, from scratch: nothing here is shared with gso.cpp but parsers.
void expect_segments_of(const shape& how, const bytes& payload, const std::vector<bytes>& frames) {
  ASSERT_EQ(frames.size(), (payload.size() + how.mss - 1) / how.mss);
  bytes joined;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto ethernet = packet::parse_ethernet(frames[i]);
    ASSERT_TRUE(ethernet);
    EXPECT_EQ(ethernet->header.vlan.has_value(), how.vlan.has_value());
    const auto parsed = packet::parse_ipv4(ethernet->payload, false);
    const auto* ip = std::get_if<packet::ipv4_datagram>(&parsed);
    ASSERT_NE(ip, nullptr) << "the IPv4 header is not good";
    EXPECT_EQ(ip->header.id, static_cast<std::uint16_t>(0xfffe + i));
    EXPECT_EQ(ip->header.tos, 2);
    EXPECT_EQ(ip->header_bytes.size() + ip->payload.size(), ethernet->payload.size());
    EXPECT_EQ(packet::transport_checksum(own, peer, packet::ip_protocol::tcp, ip->payload), 0);
    const auto tcp = packet::parse_tcp(ip->payload);
    ASSERT_TRUE(tcp);
    EXPECT_EQ(tcp->header.seq, static_cast<std::uint32_t>(0xffff'ff00 + joined.size()));
    EXPECT_EQ(tcp->header.window, 99);
    EXPECT_EQ(tcp->options.timestamps.has_value(), how.timestamps);
    packet::tcp_flags flags = how.flags;
    flags.cwr = how.flags.cwr && i == 0;
    flags.fin = how.flags.fin && i + 1 == frames.size();
    flags.psh = how.flags.psh && i + 1 == frames.size();
    EXPECT_EQ(tcp->header.flags, flags) << "segment " << i;
    EXPECT_TRUE(tcp->payload.size() == how.mss || i + 1 == frames.size());
    joined.insert(joined.end(), tcp->payload.begin(), tcp->payload.end());
  }
  EXPECT_EQ(joined, payload);
}

bytes some_payload(std::size_t size) {
  bytes payload(size);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<std::byte>(i * 7 + i / 251);
  return payload;
}

void expect_good(const shape& how, std::size_t piece = 1000) {
  const bytes payload = some_payload(how.payload);
  const packet::tx_sk_buff whole = large(how, payload, piece);
  const gso_segments segments(whole);
  std::vector<bytes> frames;
  for (std::size_t i = 0; i < segments.count(); ++i) {
    EXPECT_EQ(segments.segment(i).gso_size, 0);
    frames.push_back(on_the_wire(segments.segment(i)));
  }
  expect_segments_of(how, payload, frames);
}

TEST(gso, segments_carry_the_whole_and_nothing_else) {
  expect_good({});
  expect_good({.payload = 1448 * 3});
  expect_good({.payload = 1448 * 3 + 1});
  expect_good({.payload = 100, .mss = 1448});
  expect_good({.payload = 999, .mss = 1, .timestamps = false});
  expect_good({.payload = 65'000, .mss = 8948}, 4096);
}

TEST(gso, a_tagged_frame_and_other_flags) {
  expect_good({.vlan = packet::vlan_tag{.vid = 5}});
  expect_good({.flags = {.ack = true}});
  expect_good({.flags = {.ack = true, .urg = true, .ece = true}});
}

TEST(gso, what_a_device_takes_whole) {
  const bytes payload = some_payload(5000);
  packet::tx_sk_buff skb = large({}, payload);
  EXPECT_TRUE(netif_needs_gso(skb, {}));
  EXPECT_FALSE(netif_needs_gso(skb, {.tso = true}));
  EXPECT_FALSE(netif_needs_gso(skb, {.tso = true, .tso_max_size = 5001, .tso_max_segs = 4}));
  EXPECT_TRUE(netif_needs_gso(skb, {.tso = true, .tso_max_size = 5000}));
  EXPECT_TRUE(netif_needs_gso(skb, {.tso = true, .tso_max_segs = 3}));
  skb.gso_size = 0;
  EXPECT_FALSE(netif_needs_gso(skb, {}));
}

struct segmenting_qdisc : testing::Test {
  fake_device device;
  qdisc queue{device};
  struct : net_device_receiver {
    unsigned wakes = 0;
    void receive(std::span<const packet::sk_buff>) override {}
    void tx_wake() override { ++wakes; }
  } above;
  segmenting_qdisc() { queue.set_receiver(above); }

  void expect_sent(const shape& how, const bytes& payload) {
    std::vector<bytes> frames;
    for (const auto& sent : device.sent) {
      EXPECT_FALSE(sent.checksum_partial);
      frames.push_back(sent.frame);
    }
    expect_segments_of(how, payload, frames);
  }
};

TEST_F(segmenting_qdisc, a_device_without_anything_gets_frames_that_are_ready) {
  const bytes payload = some_payload(5000);
  EXPECT_EQ(queue.xmit(large({}, payload)), netdev_tx::ok);
  expect_sent({}, payload);
  EXPECT_EQ(queue.segmented(), 1U);
}

TEST_F(segmenting_qdisc, a_device_with_tso_gets_it_whole) {
  device.offloads = {.tx_checksum = true, .tso = true};
  const bytes payload = some_payload(5000);
  EXPECT_EQ(queue.xmit(large({}, payload)), netdev_tx::ok);
  ASSERT_EQ(device.sent.size(), 1U);
  EXPECT_EQ(device.sent[0].gso_size, 1448);
  EXPECT_EQ(queue.segmented(), 0U);
}

TEST_F(segmenting_qdisc, a_device_that_is_full_at_once_takes_nothing) {
  device.room = 0;
  const bytes payload = some_payload(5000);
  EXPECT_EQ(queue.xmit(large({}, payload)), netdev_tx::busy);
  EXPECT_EQ(queue.queued() + queue.segmented(), 0U);
}

TEST_F(segmenting_qdisc, what_is_left_waits_and_goes_first) {
  device.room = 1;
  bytes payload = some_payload(5000);
  const bytes kept = payload;
  EXPECT_EQ(queue.xmit(large({}, payload)), netdev_tx::ok);
  EXPECT_EQ(device.sent.size(), 1U);
  payload.assign(payload.size(), std::byte{0xee});  // the owner may reuse it at once
  packet::tx_sk_buff pure_ack;
  pure_ack.push(60)[12] = std::byte{8};
  device.room = 1;  // the device has room, but what waits must not be overtaken
  EXPECT_EQ(queue.xmit(pure_ack), netdev_tx::ok);
  EXPECT_EQ(device.sent.size(), 1U);
  device.receiver->tx_wake();
  EXPECT_EQ(device.sent.size(), 2U);
  EXPECT_EQ(above.wakes, 0U);
  device.room = 10;
  device.receiver->tx_wake();
  EXPECT_EQ(above.wakes, 1U);
  ASSERT_EQ(device.sent.size(), 5U);
  EXPECT_EQ(device.sent.back().frame.size(), 60U);
  device.sent.pop_back();
  expect_sent({}, kept);
}

}  // namespace
}  // namespace fourtuple::ip
