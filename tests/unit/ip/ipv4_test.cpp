// SPDX-License-Identifier: Apache-2.0
//
// The IPv4 layer: routes, what is sent, what is accepted and refused, each refusal counted under its name, verdicts of
// the device believed, and random bytes survived.

#include "host/ip/ipv4.hpp"

#include <random>

#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

class Ipv4 : public ip_fixture {};

TEST_F(Ipv4, Routes) {
  const auto near = host.route_output(peer);
  ASSERT_TRUE(near);
  EXPECT_EQ(near->device, &device);
  EXPECT_EQ(near->source, own);
  EXPECT_EQ(near->next_hop, peer);
  EXPECT_EQ(near->mtu, 1500);
  EXPECT_EQ(host.route_output(far_away)->next_hop, gateway);
  EXPECT_FALSE(host.route_output({0}));
  EXPECT_TRUE(host.is_local(own));
  EXPECT_FALSE(host.is_local(peer));

  fake_device other;
  other.mtu_bytes = 9000;
  host.add_device(other, {0x0a000081}, 25);
  EXPECT_EQ(host.route_output({0x0a000090})->device, &other) << "the longer prefix";
  EXPECT_EQ(host.route_output({0x0a000090})->mtu, 9000);
  EXPECT_EQ(host.route_output(peer)->device, &device);
}

TEST_F(Ipv4, NoRouteWithoutGateway) {
  ipv4 lonely{clock, timers};
  EXPECT_FALSE(lonely.route_output(peer));
  lonely.add_device(device, own, 24);
  EXPECT_TRUE(lonely.route_output(peer));
  EXPECT_FALSE(lonely.route_output(far_away));
  packet::tx_sk_buff skb;
  EXPECT_EQ(lonely.queue_xmit(skb, {}, {.source = own, .destination = far_away}), xmit_result::no_route);
}

TEST_F(Ipv4, SendsThroughTheGateway) {
  send(far_away, pattern(20));
  const auto request = take_arp();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target_ip, gateway);
  answer_arp(gateway);
  const sent_packet packet = take_ip();
  EXPECT_EQ(packet.header.destination, far_away);
  EXPECT_EQ(packet.header.source, own);
  EXPECT_EQ(packet.header.ttl, 64);
  EXPECT_TRUE(packet.header.dont_fragment);
  EXPECT_EQ(packet.header.protocol, test_protocol);
}

TEST_F(Ipv4, BroadcastAndMulticastNeedNoNeighbour) {
  EXPECT_EQ(send({0xffffffff}, pattern(20)), xmit_result::ok);
  EXPECT_TRUE(take_ip().ethernet.destination.is_broadcast());
  EXPECT_EQ(send({0x0a0000ff}, pattern(20)), xmit_result::ok);
  EXPECT_TRUE(take_ip().ethernet.destination.is_broadcast());
  EXPECT_EQ(send({0xe1818283}, pattern(20)), xmit_result::ok);
  EXPECT_EQ(take_ip().ethernet.destination, (packet::mac_address{{0x01, 0x00, 0x5e, 0x01, 0x82, 0x83}}));
}

TEST_F(Ipv4, IdentificationsDiffer) {
  introduce_peer();
  send(peer, pattern(10));
  send(peer, pattern(10));
  const std::uint16_t first = take_ip().header.id;
  EXPECT_EQ(take_ip().header.id, static_cast<std::uint16_t>(first + 1));
}

TEST_F(Ipv4, TooBigAndFragmented) {
  introduce_peer();
  EXPECT_EQ(send(peer, pattern(1480)), xmit_result::ok);
  EXPECT_EQ(take_ip().payload.size(), 1480U);
  EXPECT_EQ(send(peer, pattern(1481)), xmit_result::too_big);
  EXPECT_EQ(counter("IpFragFails"), 1U);
  EXPECT_EQ(send(peer, pattern(1481), false), xmit_result::ok);
  EXPECT_EQ(take_ip().payload.size(), 1480U);
  EXPECT_EQ(take_ip().payload.size(), 1U);
}

TEST_F(Ipv4, ABusyDeviceSaysSo) {
  introduce_peer();
  device.room = 0;
  EXPECT_EQ(send(peer, pattern(10)), xmit_result::busy);
  // Nothing is lost: the sender still has it.
  EXPECT_EQ(counter("IpOutDiscards"), 0U);
  device.room = 10;
  host.tx_wake();
  EXPECT_EQ(handler.wakes, 1U);
  EXPECT_EQ(send(peer, pattern(10)), xmit_result::ok);
}

/// A header of 20 bytes with a checksum that is left to the device, and odd payload in two pieces.
class Ipv4Checksum : public ip_fixture {
 protected:
  static constexpr std::size_t offset = 16;
  xmit_result send_partial() {
    packet::tx_sk_buff skb;
    EXPECT_TRUE(skb.append(std::span{data}.first(33)) && skb.append(std::span{data}.subspan(33)));
    const auto header = skb.push(20);
    std::ranges::fill(header, std::byte{0x11});
    const auto length = static_cast<std::uint16_t>(20 + data.size());
    base::store_be16(header, offset, packet::pseudo_header_sum(own, peer, test_protocol, length));
    skb.set_checksum_partial(offset);
    return host.queue_xmit(skb, *host.route_output(peer),
                           {.source = own, .destination = peer, .protocol = test_protocol});
  }
  bytes data = pattern(75);
};

TEST_F(Ipv4Checksum, SoftwareHelpsADeviceThatCannot) {
  introduce_peer();
  EXPECT_EQ(send_partial(), xmit_result::ok);
  EXPECT_FALSE(device.sent.front().checksum_partial);
  EXPECT_EQ(packet::transport_checksum(own, peer, test_protocol, take_ip().payload), 0);
}

TEST_F(Ipv4Checksum, IsLeftToADeviceThatCanAlsoAfterWaiting) {
  device.offloads.tx_checksum = true;
  EXPECT_EQ(send_partial(), xmit_result::ok);
  ASSERT_TRUE(take_arp());
  answer_arp();
  EXPECT_EQ(send_partial(), xmit_result::ok);
  ASSERT_EQ(device.sent.size(), 2U);
  EXPECT_EQ(device.sent[0].frame.size(), device.sent[1].frame.size());
  for (auto& sent : device.sent) {
    EXPECT_TRUE(sent.checksum_partial);
    EXPECT_EQ(sent.checksum_start, 34U);
    EXPECT_EQ(sent.checksum_offset, offset);
    const auto summed = std::span{sent.frame}.subspan(sent.checksum_start);
    base::store_be16(summed, offset, packet::internet_checksum{}.add(summed).checksum());
    EXPECT_EQ(packet::transport_checksum(own, peer, test_protocol, summed), 0);
  }
}

TEST_F(Ipv4, DeliversWithoutPaddingAndWithVerdict) {
  const bytes frame = ip_frame(from_peer(test_protocol), pattern(10));
  packet::sk_buff skb;
  skb.frame = frame;
  skb.transport_checksum = packet::ip_summed::unnecessary;
  receive(skb);
  ASSERT_EQ(handler.payloads.size(), 1U);
  EXPECT_EQ(handler.payloads[0], pattern(10));
  EXPECT_EQ(handler.received[0].source, peer);
  EXPECT_EQ(handler.received[0].destination, own);
  EXPECT_EQ(handler.received[0].ttl, 64);
  EXPECT_EQ(handler.received[0].checksum, packet::ip_summed::unnecessary);
  EXPECT_EQ(counter("IpInDelivers"), 1U);
  EXPECT_EQ(counter("IpExtInOctets"), 30U);
}

TEST_F(Ipv4, BelievesTheDevicesHeaderVerdict) {
  bytes frame = ip_frame(from_peer(test_protocol), pattern(10));
  packet::sk_buff skb;
  skb.network_checksum = packet::ip_summed::bad;
  skb.frame = frame;
  receive(skb);
  EXPECT_EQ(counter("IpExtInCsumErrors"), 1U);
  EXPECT_EQ(counter("IpInHdrErrors"), 1U);
  frame[14 + 10] ^= std::byte{1};  // not summed once more: nobody notices
  skb.network_checksum = packet::ip_summed::unnecessary;
  skb.frame = frame;
  receive(skb);
  EXPECT_EQ(handler.payloads.size(), 1U);
  skb.network_checksum = packet::ip_summed::none;
  receive(skb);
  EXPECT_EQ(counter("IpExtInCsumErrors"), 2U);
  EXPECT_EQ(handler.payloads.size(), 1U);
}

TEST_F(Ipv4, BadHeadersAreCountedByReason) {
  const bytes good = ip_frame(from_peer(test_protocol), pattern(60));
  const auto changed = [&](std::size_t at, unsigned value) {
    bytes frame = good;
    frame[14 + at] = static_cast<std::byte>(value);
    base::store_be16(frame, 24, 0);
    base::store_be16(frame, 24, packet::internet_checksum{}.add(std::span{frame}.subspan(14, 20)).checksum());
    return frame;
  };
  receive(changed(0, 0x65));  // version 6
  receive(changed(0, 0x44));  // header of 16 bytes
  receive(changed(3, 19));    // total length below the header's
  EXPECT_EQ(counter("IpInHdrErrors"), 3U);
  receive(changed(3, 81));  // one byte more than there is
  EXPECT_EQ(counter("IpExtInTruncatedPkts"), 1U);
  bytes frame = good;
  frame.resize(14 + 19);
  receive(frame);
  EXPECT_EQ(counter("IpInHdrErrors"), 4U);
  frame = good;
  frame[14 + 8] ^= std::byte{1};
  receive(frame);
  EXPECT_EQ(counter("IpExtInCsumErrors"), 1U);
  EXPECT_EQ(counter("IpInHdrErrors"), 5U);
  EXPECT_EQ(counter("IpInReceives"), 6U);
  EXPECT_TRUE(handler.payloads.empty());
  receive(good);
  EXPECT_EQ(handler.payloads.size(), 1U);
}

TEST_F(Ipv4, AddressesThatCannotBeAreRefused) {
  for (const std::uint32_t source : {0x7f000001U, 0xe0000001U, 0xffffffffU, 0x0a0000ffU, 0U, own.value, 0xf0000001U}) {
    packet::ipv4_header header = from_peer(test_protocol);
    header.source = {source};
    receive(ip_frame(header, pattern(10)));
  }
  EXPECT_EQ(counter("IpInAddrErrors"), 7U);
  for (const packet::ipv4_address destination : {peer, far_away, packet::ipv4_address{0xe0000001}}) {
    packet::ipv4_header header = from_peer(test_protocol);
    header.destination = destination;
    receive(ip_frame(header, pattern(10)));
  }
  EXPECT_EQ(counter("IpInAddrErrors"), 10U);
  bytes frame = ip_frame(from_peer(test_protocol), pattern(10));
  std::fill_n(frame.begin(), 6, std::byte{0xff});
  receive(frame);
  EXPECT_EQ(counter("IpInAddrErrors"), 11U) << "for one host, by broadcast";
  EXPECT_TRUE(handler.payloads.empty());
}

TEST_F(Ipv4, GoodFramesBetweenGoodAddressesAreDeliveredAtOnceAndAllOthersLookedAt) {
  const auto receive_good = [this](const packet::ipv4_header& header) {
    const bytes frame = ip_frame(header, pattern(10));
    packet::sk_buff skb;
    skb.frame = frame;
    skb.network_checksum = packet::ip_summed::unnecessary;
    skb.transport_checksum = packet::ip_summed::unnecessary;
    receive(skb);
  };
  for (int i = 0; i < 3; ++i) receive_good(from_peer(test_protocol));
  EXPECT_EQ(handler.payloads, std::vector<bytes>(3, pattern(10)));
  EXPECT_EQ(handler.received.back().source, peer);
  EXPECT_EQ(handler.received.back().ttl, 64);
  EXPECT_EQ(counter("IpInReceives"), 3U);
  EXPECT_EQ(counter("IpInDelivers"), 3U);
  EXPECT_EQ(counter("IpExtInOctets"), 3U * 30U);
  for (const packet::ipv4_address source : {packet::ipv4_address{}, own, packet::ipv4_address{0xe0000001}}) {
    packet::ipv4_header header = from_peer(test_protocol);
    header.source = source;
    receive_good(header);
  }
  packet::ipv4_header header = from_peer(test_protocol);
  header.destination = far_away;
  receive_good(header);
  header.source = header.destination = {};
  receive_good(header);
  EXPECT_EQ(counter("IpInAddrErrors"), 5U);
  receive_good(from_peer(test_protocol));
  EXPECT_EQ(handler.payloads.size(), 4U);
  // What was the peer's is this host's own now.
  fake_device other;
  host.add_device(other, peer, 24);
  receive_good(from_peer(test_protocol));
  EXPECT_EQ(counter("IpInAddrErrors"), 6U);
  EXPECT_EQ(handler.payloads.size(), 4U);
}

TEST_F(Ipv4, WhatTheDeviceKnowsIsDroppedAllTheSameIfItIsNoWholePacket) {
  const auto known = [this](std::size_t total_bytes) {
    bytes frame = ip_frame(from_peer(test_protocol), pattern(10));
    base::store_be16(frame, packet::ethernet_header::untagged_bytes + 2, static_cast<std::uint16_t>(total_bytes));
    packet::sk_buff skb;
    skb.frame = frame;
    skb.network_checksum = skb.transport_checksum = packet::ip_summed::unnecessary;
    skb.table_hit = true;
    receive(skb);
  };
  known(30);
  known(30);
  EXPECT_EQ(handler.payloads.size(), 2U);
  for (const std::size_t bytes : {0, 1, 19, 60, 65'535}) known(bytes);
  EXPECT_EQ(handler.payloads.size(), 2U);
  EXPECT_EQ(counter("IpInHdrErrors") + counter("IpExtInTruncatedPkts"), 5U);
}

TEST_F(Ipv4, RoutesAreFoundAnewWhenAddressesOrTheGatewayChange) {
  EXPECT_EQ(host.route_output(far_away)->next_hop, gateway);
  EXPECT_EQ(host.route_output(far_away)->next_hop, gateway);
  host.set_gateway(peer);
  EXPECT_EQ(host.route_output(far_away)->next_hop, peer);
  fake_device other;
  host.add_device(other, {far_away.value + 1}, 24);
  EXPECT_EQ(host.route_output(far_away)->next_hop, far_away);
  EXPECT_EQ(host.route_output(far_away)->device, &other);
  // Others with the same lowest bits are others.
  EXPECT_EQ(host.route_output({far_away.value + 0x0100'0000})->next_hop, peer);
}

TEST_F(Ipv4, BroadcastsAreDeliveredButNotToTcp) {
  fake_protocol tcp;
  host.add_protocol(packet::ip_protocol::tcp, tcp);
  for (const std::uint8_t protocol : {test_protocol, packet::ip_protocol::tcp}) {
    packet::ipv4_header header = from_peer(protocol);
    header.destination = {0x0a0000ff};
    bytes frame = ip_frame(header, pattern(10));
    std::fill_n(frame.begin(), 6, std::byte{0xff});
    receive(frame);
  }
  EXPECT_EQ(handler.payloads.size(), 1U);
  EXPECT_TRUE(tcp.payloads.empty());
  EXPECT_EQ(counter("IpExtInBcastPkts"), 2U);
}

TEST_F(Ipv4, FramesForOthersOrOfOtherKindsAreNotLookedAt) {
  bytes frame = ip_frame(from_peer(test_protocol), pattern(10));
  frame[5] ^= std::byte{1};
  receive(frame);
  EXPECT_EQ(counter("IpExtInOtherHost"), 1U);
  receive(ethernet(device.mac, 0x86dd, pattern(60)));
  receive(bytes(13));
  EXPECT_EQ(counter("IpExtInNoProtocol"), 2U);
  EXPECT_EQ(counter("IpInReceives"), 0U);
}

TEST_F(Ipv4, ATagWithAPriorityOnlyIsPassedOver) {
  for (const unsigned vid : {0U, 5U}) {
    bytes frame = ip_frame(from_peer(test_protocol), pattern(40));
    const bytes tag{std::byte{0x81}, std::byte{0x00}, std::byte{0xe0}, static_cast<std::byte>(vid)};
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    receive(frame);
  }
  EXPECT_EQ(handler.payloads.size(), 1U);
  EXPECT_EQ(counter("IpExtInNoProtocol"), 1U);
}

TEST_F(Ipv4, OptionsArePassedOverUnlessBadOrSourceRoutes) {
  const auto with_options = [&](std::initializer_list<unsigned> options) {
    bytes frame = ip_frame(from_peer(test_protocol), pattern(40));
    bytes inserted;
    for (const unsigned option : options) inserted.push_back(static_cast<std::byte>(option));
    frame.insert(frame.begin() + 34, inserted.begin(), inserted.end());
    frame[14] = static_cast<std::byte>(0x45 + inserted.size() / 4);
    base::store_be16(frame, 16, static_cast<std::uint16_t>(60 + inserted.size()));
    base::store_be16(frame, 24, 0);
    const std::uint16_t sum =
        packet::internet_checksum{}.add(std::span{frame}.subspan(14, 20 + inserted.size())).checksum();
    base::store_be16(frame, 24, sum);
    return frame;
  };
  receive(with_options({1, 1, 1, 0}));
  receive(with_options({7, 7, 4, 0, 0, 0, 0, 0}));
  EXPECT_EQ(handler.payloads.size(), 2U);
  EXPECT_EQ(handler.payloads[0], pattern(40));
  receive(with_options({131, 7, 4, 8, 8, 8, 8, 0}));
  receive(with_options({137, 7, 4, 8, 8, 8, 8, 0}));
  EXPECT_EQ(counter("IpInDiscards"), 2U);
  receive(with_options({7, 9, 4, 0, 0, 0, 0, 0}));
  receive(with_options({7, 1, 0, 0}));
  receive(with_options({1, 1, 1, 7}));
  EXPECT_EQ(counter("IpInHdrErrors"), 3U);
  EXPECT_EQ(handler.payloads.size(), 2U);
}

TEST_F(Ipv4, EveryPacketIsCountedOnceAndRandomBytesAreSurvived) {
  std::mt19937_64 random{99};
  host.add_protocol(packet::ip_protocol::tcp, handler);
  for (unsigned round = 0; round < 60'000; ++round) {
    const bytes data = pattern(random() % 120);
    bytes frame = random() % 8 == 0 ? arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast())
                                    : ip_frame(from_peer(static_cast<std::uint8_t>(random() % 20)), data);
    if (random() % 3 == 0) frame.resize(random() % frame.size());
    for (unsigned flips = static_cast<unsigned>(random() % 6); flips > 0 && !frame.empty(); --flips) {
      frame[random() % frame.size()] = static_cast<std::byte>(random());
    }
    packet::sk_buff skb;
    skb.frame = frame;
    skb.network_checksum = static_cast<packet::ip_summed>(random() % 2);  // none, or wrongly believed
    receive(skb);
    if (random() % 16 == 0) advance(random() % base::ns_per_s);
    device.sent.clear();
  }
  const std::uint64_t accounted = counter("IpInHdrErrors") + counter("IpExtInTruncatedPkts") +
                                  counter("IpInAddrErrors") + counter("IpInDiscards") + counter("IpInDelivers") +
                                  counter("IpInUnknownProtos") + counter("IpReasmReqds") - counter("IpReasmOKs");
  EXPECT_EQ(counter("IpInReceives"), accounted);
  EXPECT_GT(counter("IpInDelivers"), 1000U);
  advance(200 * base::ns_per_s);
  EXPECT_EQ(timers.next_expiry_ns(), base::never_ns) << "everything has run out";
}

}  // namespace
}  // namespace fourtuple::ip
