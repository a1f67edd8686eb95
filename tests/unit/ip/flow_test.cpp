// SPDX-License-Identifier: Apache-2.0
// ipv4::queue_flow: what a sock sends goes by the header of the packet before it, as long as that says what it should.
#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

class flow_test : public ip_fixture {
 protected:
  bytes data = pattern(40);

  flow_test() {
    introduce_peer();
    // From the first packet on its Ethernet header is at hand.
    EXPECT_EQ(send(peer, data), xmit_result::ok);
    device.sent.clear();
  }
  /// What a sock does for one packet; the route is its own copy.
  xmit_result send_by(route& copy, packet::ipv4_address destination, std::uint8_t ttl = 64) {
    packet::tx_sk_buff skb;
    EXPECT_TRUE(skb.append(data));
    return host.queue_flow(skb, copy, destination, [&] {
      ++asked;
      return ipv4_output{
          .source = copy.source, .destination = destination, .protocol = test_protocol, .tos = 0, .ttl = ttl};
    });
  }
  int asked = 0;
  route via = *host.route_output(peer);
};

TEST_F(flow_test, asks_once_and_sends_the_same_header_again) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send_by(via, peer, 7), xmit_result::ok);
  EXPECT_EQ(asked, 1);
  std::uint16_t id = 0;
  for (int i = 0; i < 3; ++i) {
    const sent_packet packet = take_ip();
    EXPECT_EQ(packet.header.destination, peer);
    EXPECT_EQ(packet.header.ttl, 7);
    EXPECT_EQ(packet.payload, data);
    if (i == 0) id = packet.header.id;
    EXPECT_EQ(packet.header.id, static_cast<std::uint16_t>(id + i));
  }
  EXPECT_EQ(counter("IpOutRequests"), 4U);
}

TEST_F(flow_test, asks_again_when_it_is_told_to) {
  EXPECT_EQ(send_by(via, peer, 7), xmit_result::ok);
  via.flow = 0;
  EXPECT_EQ(send_by(via, peer, 8), xmit_result::ok);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(take_ip().header.ttl, 7);
  EXPECT_EQ(take_ip().header.ttl, 8);
}

TEST_F(flow_test, two_that_say_different_things_to_one_host_do_not_take_each_others_header) {
  route other = *host.route_output(peer);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(send_by(via, peer, 7), xmit_result::ok);
    EXPECT_EQ(send_by(other, peer, 8), xmit_result::ok);
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(take_ip().header.ttl, 7);
    EXPECT_EQ(take_ip().header.ttl, 8);
  }
}

TEST_F(flow_test, a_copy_of_the_route_is_not_for_another_host) {
  EXPECT_EQ(send_by(via, peer), xmit_result::ok);
  EXPECT_EQ(take_ip().header.destination, peer);
  // With the same lowest bits; a neighbour that is not known yet.
  const packet::ipv4_address neighbour{peer.value ^ 0x40};
  route copy = via;
  copy.next_hop = neighbour;
  EXPECT_EQ(send_by(copy, neighbour), xmit_result::ok);
  EXPECT_EQ(asked, 2);
  const auto question = take_arp();
  ASSERT_TRUE(question);
  EXPECT_EQ(question->target_ip, neighbour);
}

TEST_F(flow_test, is_forgotten_when_addresses_change) {
  EXPECT_EQ(send_by(via, peer), xmit_result::ok);
  fake_device other;
  host.add_device(other, {0x0b000001}, 24);
  EXPECT_EQ(send_by(via, peer), xmit_result::ok);
  EXPECT_EQ(asked, 2);
}

TEST_F(flow_test, what_is_too_large_is_refused_all_the_same) {
  EXPECT_EQ(send_by(via, peer), xmit_result::ok);
  data = pattern(device.mtu());
  EXPECT_EQ(send_by(via, peer), xmit_result::too_big);
}

TEST_F(flow_test, each_device_is_flushed_that_was_sent_by) {
  fake_device other;
  const packet::ipv4_address on_other{0x0b000002};
  host.add_device(other, {0x0b000001}, 24);
  via = *host.route_output(peer);
  EXPECT_EQ(send_by(via, peer), xmit_result::ok);
  route there = *host.route_output(on_other);
  EXPECT_EQ(send_by(there, on_other), xmit_result::ok);
  EXPECT_EQ(other.sent.size(), 1U) << "asks who that is";
  EXPECT_EQ(send_by(via, peer), xmit_result::ok);
  host.flush();
  EXPECT_EQ(device.unflushed, 0U);
  EXPECT_EQ(other.unflushed, 0U);
}

}  // namespace
}  // namespace fourtuple::ip
