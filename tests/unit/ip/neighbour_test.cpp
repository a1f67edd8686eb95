// SPDX-License-Identifier: Apache-2.0
//
// ARP through the whole IPv4 layer: an address is asked for, packets wait and leave in order, asking again and giving
// up, what is learnt from whom, how an entry ages, and that nothing grows without bounds.

#include "host/ip/neighbour.hpp"

#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

class Arp : public ip_fixture {};

TEST_F(Arp, AsksAndSendsWhatWaitedInOrder) {
  const bytes data = pattern(100);
  for (std::uint8_t i = 0; i < 5; ++i) EXPECT_EQ(send(peer, std::span{data}.first(10U + i)), xmit_result::ok);
  ASSERT_EQ(device.sent.size(), 1U);
  const auto request = take_arp();
  ASSERT_TRUE(request);
  EXPECT_EQ(arp_destination, packet::mac_address::broadcast());
  EXPECT_EQ(request->op, packet::arp_op::request);
  EXPECT_EQ(request->sender_ip, own);
  EXPECT_EQ(request->sender_mac, device.mac);
  EXPECT_EQ(request->target_ip, peer);

  answer_arp();
  ASSERT_EQ(device.sent.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    const sent_packet packet = take_ip();
    EXPECT_EQ(packet.ethernet.destination, peer_mac);
    EXPECT_EQ(packet.header.destination, peer);
    EXPECT_EQ(packet.payload, bytes(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(10 + i)));
  }
  EXPECT_EQ(send(peer, data), xmit_result::ok);
  EXPECT_EQ(device.sent.size(), 1U) << "no more question";
}

TEST_F(Arp, PayloadThatWaitsIsCopied) {
  bytes data = pattern(50);
  const bytes before = data;
  send(peer, data);
  std::ranges::fill(data, std::byte{0});
  take_arp();
  answer_arp();
  EXPECT_EQ(take_ip().payload, before);
}

TEST_F(Arp, AsksThreeTimesASecondApartThenGivesUp) {
  const bytes data = pattern(30);
  send(peer, data);
  for (unsigned second = 1; second <= 2; ++second) {
    advance(base::ns_per_s - 1);
    EXPECT_EQ(device.sent.size(), second);
    advance(1);
    EXPECT_EQ(device.sent.size(), second + 1);
  }
  EXPECT_TRUE(handler.errors.empty());
  advance(base::ns_per_s);
  EXPECT_EQ(device.sent.size(), 3U);
  EXPECT_EQ(counter("NeighResFailed"), 1U);
  EXPECT_EQ(counter("ArpRequestsSent"), 3U);
  EXPECT_EQ(counter("NeighUnresolvedDiscards"), 1U);
  ASSERT_EQ(handler.errors.size(), 1U) << "host unreachable";
  EXPECT_EQ(handler.errors[0].type, packet::icmp_dest_unreach);
  EXPECT_EQ(handler.errors[0].code, 1);
  EXPECT_EQ(handler.errors[0].source, own);
  EXPECT_EQ(handler.errors[0].destination, peer);
  EXPECT_EQ(handler.error_payloads[0], data);

  EXPECT_EQ(send(peer, data), xmit_result::ok);
  EXPECT_EQ(device.sent.size(), 4U) << "the next packet asks again";
  answer_arp();
  EXPECT_EQ(device.sent.size(), 5U);
}

TEST_F(Arp, TheQueueIsBounded) {
  const bytes data = pattern(100);
  for (std::size_t i = 0; i < neighbour_table::queue_packets; ++i) EXPECT_EQ(send(peer, data), xmit_result::ok);
  EXPECT_EQ(send(peer, data), xmit_result::no_memory);
  EXPECT_EQ(counter("NeighUnresolvedDiscards"), 1U);
  EXPECT_EQ(counter("IpOutDiscards"), 1U);
}

TEST_F(Arp, AnswersForItsOwnAddressOnly) {
  receive(arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast()));
  const auto reply = take_arp();
  ASSERT_TRUE(reply);
  EXPECT_EQ(arp_destination, peer_mac);
  EXPECT_EQ(*reply, (packet::arp_packet{.op = packet::arp_op::reply,
                                        .sender_mac = device.mac,
                                        .sender_ip = own,
                                        .target_mac = peer_mac,
                                        .target_ip = peer}));
  EXPECT_GT(device.flushes, 0U);
  receive(arp_frame(packet::arp_op::request, {0x0a000063}, packet::mac_address::broadcast()));
  receive(arp_frame(packet::arp_op::reply, own, device.mac));
  EXPECT_TRUE(device.sent.empty());
}

TEST_F(Arp, AProbeForADuplicateIsAnsweredAndNotLearnt) {
  receive(arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast(), {0}));
  ASSERT_TRUE(take_arp());
  send(peer, pattern(10));
  EXPECT_TRUE(take_arp()) << "the peer is still unknown";
}

TEST_F(Arp, LearnsFromWhoAsksForItsAddress) {
  introduce_peer();
  send(peer, pattern(10));
  EXPECT_EQ(take_ip().ethernet.destination, peer_mac);
}

TEST_F(Arp, DoesNotLearnStrangersFromRepliesOrOtherQuestions) {
  answer_arp();
  receive(arp_frame(packet::arp_op::request, {0x0a000063}, packet::mac_address::broadcast()));
  send(peer, pattern(10));
  EXPECT_TRUE(take_arp());
}

TEST_F(Arp, AnAnnouncementChangesWhatIsKnown) {
  introduce_peer();
  const packet::mac_address moved{{2, 9, 9, 9, 9, 9}};
  receive(arp_frame(packet::arp_op::request, peer, packet::mac_address::broadcast(), peer, moved));
  send(peer, pattern(10));
  EXPECT_EQ(take_ip().ethernet.destination, moved);
}

TEST_F(Arp, GroupAddressesAreNoNeighbours) {
  receive(arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast(), peer,
                    packet::mac_address{{3, 0, 0, 0, 0, 9}}));
  device.sent.clear();
  send(peer, pattern(10));
  EXPECT_TRUE(take_arp());
}

TEST_F(Arp, AStaleNeighbourIsUsedAndChecked) {
  send(peer, pattern(10));
  answer_arp();
  device.sent.clear();
  advance(neighbour_table::reachable_ns + 1);
  send(peer, pattern(10));
  EXPECT_EQ(take_ip().ethernet.destination, peer_mac) << "used at once";
  advance(neighbour_table::delay_first_probe_ns);
  ASSERT_TRUE(take_arp()) << "and asked after a while";
  EXPECT_EQ(arp_destination, peer_mac) << "by unicast";
  answer_arp();
  advance(10 * base::ns_per_s);
  EXPECT_TRUE(device.sent.empty()) << "confirmed: no more questions";

  advance(neighbour_table::reachable_ns);
  send(peer, pattern(10));
  device.sent.clear();
  advance(neighbour_table::delay_first_probe_ns + 3 * base::ns_per_s);
  EXPECT_EQ(counter("NeighResFailed"), 1U) << "three probes without answer";
  device.sent.clear();
  send(peer, pattern(10));
  ASSERT_TRUE(take_arp());
  EXPECT_EQ(arp_destination, packet::mac_address::broadcast());
}

TEST_F(Arp, UnusedEntriesGo) {
  introduce_peer();
  EXPECT_NE(timers.next_expiry_ns(), base::never_ns);
  advance(neighbour_table::gc_stale_ns);
  EXPECT_EQ(timers.next_expiry_ns(), base::never_ns);
  send(peer, pattern(10));
  EXPECT_TRUE(take_arp());
}

TEST_F(Arp, NothingRemembersHowItWasSentToWhoIsGone) {
  const bytes data = pattern(10);
  const auto use = [&](packet::ipv4_address neighbour) {
    send(neighbour, data);
    answer_arp(neighbour);
    send(neighbour, data);
    device.sent.clear();
  };
  use(peer);
  while (timers.next_expiry_ns() != base::never_ns) advance(neighbour_table::gc_stale_ns);
  // Somebody else is known now, perhaps where the peer was in memory.
  use({peer.value + 1});
  send(peer, data);
  EXPECT_TRUE(take_arp());
}

TEST_F(Arp, TheTableIsBoundedAndAnswersDoNotStop) {
  host.add_device(device, {0x0b000001}, 8);
  for (std::uint32_t i = 2; i < 3 * neighbour_table::table_entries; ++i) {
    receive(arp_frame(packet::arp_op::request, {0x0b000001}, packet::mac_address::broadcast(), {0x0b000000 + i}));
  }
  EXPECT_EQ(counter("ArpRepliesSent"), 3 * neighbour_table::table_entries - 2);
  EXPECT_EQ(counter("NeighTableFulls"), 0U) << "the oldest makes room";
}

TEST_F(Arp, ATableFullOfUnansweredQuestionsRefuses) {
  host.add_device(device, {0x0b000001}, 8);
  const bytes data = pattern(10);
  for (std::uint32_t i = 0; i < neighbour_table::table_entries; ++i) {
    EXPECT_EQ(send({0x0b000002 + i}, data), xmit_result::ok);
  }
  EXPECT_EQ(send({0x0bffff00}, data), xmit_result::no_memory);
  EXPECT_EQ(counter("NeighTableFulls"), 1U);
  advance(3 * base::ns_per_s);
  EXPECT_EQ(send({0x0bffff00}, data), xmit_result::ok) << "once the others have been given up";
}

TEST_F(Arp, ABusyDeviceLosesNothingThatWaited) {
  const bytes data = pattern(10);
  for (unsigned i = 0; i < 4; ++i) send(peer, data);
  device.sent.clear();
  device.room = 2;
  answer_arp();
  EXPECT_EQ(device.sent.size(), 2U);
  device.room = 100;
  EXPECT_EQ(send(peer, data), xmit_result::busy) << "not before those that wait";
  host.tx_wake();
  EXPECT_EQ(device.sent.size(), 4U);
  EXPECT_EQ(handler.wakes, 1U);
  EXPECT_EQ(send(peer, data), xmit_result::ok);
}

TEST_F(Arp, MalformedIsCounted) {
  bytes frame = arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast());
  frame[14] = std::byte{9};
  receive(frame);
  frame = arp_frame(static_cast<packet::arp_op>(9), own, packet::mac_address::broadcast());
  receive(frame);
  frame = arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast());
  frame.resize(30);
  receive(frame);
  EXPECT_EQ(counter("ArpMalformed"), 3U);
  EXPECT_EQ(counter("ArpReceived"), 3U);
  EXPECT_TRUE(device.sent.empty());
}

}  // namespace
}  // namespace fourtuple::ip
