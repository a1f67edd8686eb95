// SPDX-License-Identifier: Apache-2.0
//
// The loopback device: own addresses are routed over it, what is sent arrives later and never inside of the call, and
// what may only come over it is refused from a network.

#include "host/ip/loopback.hpp"

#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

class Loopback : public ip_fixture {};

constexpr packet::ipv4_address loopback_53{0x7f000035};

TEST_F(Loopback, OwnAddressesAreLocalRoutes) {
  const auto own_route = host.route_output(own);
  ASSERT_TRUE(own_route);
  EXPECT_EQ(own_route->source, own);
  EXPECT_EQ(own_route->mtu, 65'535);
  EXPECT_TRUE(own_route->device->features().loopback);
  const auto named = host.route_output(loopback_53);
  ASSERT_TRUE(named);
  EXPECT_EQ(named->device, own_route->device);
  EXPECT_EQ(named->source, packet::ipv4_address::loopback());
  EXPECT_TRUE(host.is_local(loopback_53));
  EXPECT_FALSE(host.route_output(peer)->device->features().loopback);

  ipv4 without_devices{clock, timers};
  EXPECT_TRUE(without_devices.route_output(packet::ipv4_address::loopback()));
}

TEST_F(Loopback, ArrivesLaterAndOnlyHere) {
  EXPECT_EQ(send(own, pattern(40'000)), xmit_result::ok);
  EXPECT_TRUE(handler.payloads.empty()) << "not inside of the call";
  EXPECT_EQ(timers.next_expiry_ns(), clock.now + loopback_device::softirq_delay_ns);
  advance(loopback_device::softirq_delay_ns);
  ASSERT_EQ(handler.payloads.size(), 1U);
  EXPECT_EQ(handler.payloads[0], pattern(40'000));
  EXPECT_EQ(handler.received[0].source, own);
  EXPECT_EQ(handler.received[0].destination, own);
  EXPECT_TRUE(device.sent.empty()) << "neither the packet nor an ARP request";
  EXPECT_EQ(timers.next_expiry_ns(), base::never_ns);
  EXPECT_EQ(counter("LoopbackPackets"), 1U);
}

TEST_F(Loopback, ChecksumsLeftToTheDeviceAreGoodAndUnitsStayWhole) {
  const auto via = host.route_output(own);
  packet::tx_sk_buff skb;
  const bytes payload = pattern(30'000);
  EXPECT_TRUE(skb.append(payload));
  std::ranges::fill(skb.push(20), std::byte{0});
  skb.set_checksum_partial(16);
  skb.gso_size = 1000;
  EXPECT_EQ(host.queue_xmit(skb, *via, {.source = own, .destination = own, .protocol = test_protocol}),
            xmit_result::ok);
  std::uint16_t gso_size = 0;
  struct looking final : protocol {
    void rcv(const ipv4_packet& packet) override { gso_size = packet.skb->gso_size; }
    void err(const icmp_error&) override {}
    void tx_wake() override {}
    std::uint16_t& gso_size;
    explicit looking(std::uint16_t& size) : gso_size(size) {}
  } looks{gso_size};
  host.add_protocol(test_protocol, looks);
  advance(loopback_device::softirq_delay_ns);
  EXPECT_EQ(gso_size, 1000);
}

TEST_F(Loopback, PingOfOneselfIsAnsweredInTurns) {
  const auto via = host.route_output(loopback_53);
  packet::tx_sk_buff skb;
  const bytes request = icmp_payload(packet::icmp_echo, 0, 0x00010001, pattern(56));
  EXPECT_TRUE(skb.append(request));
  EXPECT_EQ(host.queue_xmit(skb, *via,
                            {.source = via->source, .destination = loopback_53, .protocol = packet::ip_protocol::icmp}),
            xmit_result::ok);
  advance(loopback_device::softirq_delay_ns);
  EXPECT_EQ(counter("IcmpInEchos"), 1U);
  EXPECT_EQ(counter("IcmpInEchoReps"), 0U);
  advance(loopback_device::softirq_delay_ns);
  EXPECT_EQ(counter("IcmpInEchoReps"), 1U);
}

TEST_F(Loopback, WhatNobodyHandlesIsRefusedToOneself) {
  const auto via = host.route_output(packet::ipv4_address::loopback());
  packet::tx_sk_buff skb;
  const bytes payload = pattern(30);
  EXPECT_TRUE(skb.append(payload));
  EXPECT_EQ(host.queue_xmit(skb, *via, {.source = via->source, .destination = via->source, .protocol = 77}),
            xmit_result::ok);
  advance(2 * loopback_device::softirq_delay_ns);
  EXPECT_EQ(counter("IcmpOutDestUnreachs"), 1U);
  EXPECT_EQ(counter("IcmpInDestUnreachs"), 1U);
}

TEST_F(Loopback, BacklogHasALimit) {
  constexpr std::size_t most = loopback_device::netdev_max_backlog;
  for (std::size_t i = 0; i < most + 3; ++i) EXPECT_EQ(send(own, pattern(20)), xmit_result::ok);
  EXPECT_EQ(counter("LoopbackDropped"), 3U);
  advance(loopback_device::softirq_delay_ns);
  EXPECT_EQ(handler.payloads.size(), most);
  EXPECT_EQ(send(own, pattern(20)), xmit_result::ok);
  EXPECT_EQ(counter("LoopbackDropped"), 3U);
}

// RFC 1122 3.2.1.3: neither own addresses as sources nor 127.0.0.0/8 come in from a network.
TEST_F(Loopback, RefusedFromTheNetwork) {
  packet::ipv4_header header = from_peer(test_protocol);
  header.destination = packet::ipv4_address::loopback();
  receive(ip_frame(header, pattern(30)));
  header = from_peer(test_protocol);
  header.source = packet::ipv4_address::loopback();
  receive(ip_frame(header, pattern(30)));
  header.source = own;
  receive(ip_frame(header, pattern(30)));
  EXPECT_TRUE(handler.payloads.empty());
  EXPECT_EQ(counter("IpInAddrErrors"), 3U);
}

}  // namespace
}  // namespace fourtuple::ip
