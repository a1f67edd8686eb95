// SPDX-License-Identifier: Apache-2.0
//
// ICMP: ping is answered (whole and fragmented), errors reach the protocol that they are about, errors are sent for
// what nobody handles, never where RFC 1122 3.2.2 forbids it, and never faster than the limits.

#include "host/ip/icmp.hpp"

#include "host/ip/loopback.hpp"
#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

class Icmp : public ip_fixture {
 protected:
  Icmp() { introduce_peer(); }

  void receive_icmp(std::span<const std::byte> message, packet::ipv4_address source = peer) {
    packet::ipv4_header header = from_peer(packet::ip_protocol::icmp);
    header.source = source;
    receive(ip_frame(header, message));
  }
  /// An ICMP error about a packet that this host has sent.
  bytes error_about(std::uint8_t type, std::uint8_t code, std::uint32_t rest, const packet::ipv4_header& about,
                    std::size_t quoted = 8) const {
    bytes packet(packet::ipv4_header::min_bytes);
    packet::write_ipv4(packet, about);
    const bytes data = pattern(quoted);
    packet.insert(packet.end(), data.begin(), data.end());
    return icmp_payload(type, code, rest, packet);
  }
  packet::ipv4_header sent_header() const {
    return {.total_bytes = 500, .ttl = 64, .protocol = test_protocol, .source = own, .destination = far_away};
  }
};

TEST_F(Icmp, PingIsAnswered) {
  for (const std::size_t size : {0U, 1U, 56U, 1472U}) {
    const bytes data = pattern(size);
    receive_icmp(icmp_payload(packet::icmp_echo, 0, 0x12345678, data));
    const sent_packet reply = take_ip();
    EXPECT_EQ(reply.header.source, own);
    EXPECT_EQ(reply.header.destination, peer);
    EXPECT_EQ(reply.payload, icmp_payload(packet::icmp_echoreply, 0, 0x12345678, data)) << size;
  }
  EXPECT_EQ(counter("IcmpInEchos"), 4U);
  EXPECT_EQ(counter("IcmpOutEchoReps"), 4U);
  EXPECT_EQ(counter("IcmpOutMsgs"), 4U);
}

TEST_F(Icmp, ALargePingComesAndGoesInFragments) {
  const bytes message = icmp_payload(packet::icmp_echo, 0, 1, pattern(4000));
  for (std::size_t offset = 0; offset < message.size(); offset += 1480) {
    packet::ipv4_header header = from_peer(packet::ip_protocol::icmp);
    const auto piece = std::span{message}.subspan(offset, std::min<std::size_t>(1480, message.size() - offset));
    header.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
    header.more_fragments = offset + piece.size() < message.size();
    receive(ip_frame(header, piece));
  }
  bytes reply;
  std::optional<std::uint16_t> id;
  while (!device.sent.empty()) {
    const sent_packet fragment = take_ip();
    EXPECT_EQ(fragment.header.fragment_offset_bytes, reply.size());
    EXPECT_EQ(id.value_or(fragment.header.id), fragment.header.id);
    EXPECT_LE(fragment.header.total_bytes, 1500);
    id = fragment.header.id;
    reply.insert(reply.end(), fragment.payload.begin(), fragment.payload.end());
    EXPECT_EQ(fragment.header.more_fragments, reply.size() < message.size());
  }
  EXPECT_EQ(reply, icmp_payload(packet::icmp_echoreply, 0, 1, pattern(4000)));
  EXPECT_EQ(counter("IpFragCreates"), 3U);
  EXPECT_EQ(counter("IpFragOKs"), 1U);
}

TEST_F(Icmp, DamagedAndShortMessagesAreCounted) {
  bytes message = icmp_payload(packet::icmp_echo, 0, 1, pattern(10));
  message[12] ^= std::byte{1};
  receive_icmp(message);
  EXPECT_EQ(counter("IcmpInCsumErrors"), 1U);
  receive_icmp(bytes(6, std::byte{0xff}));  // sums up to all ones, and is too short
  EXPECT_EQ(counter("IcmpInErrors"), 2U);
  EXPECT_EQ(counter("IcmpInMsgs"), 2U);
  EXPECT_TRUE(device.sent.empty());
}

TEST_F(Icmp, BroadcastPingsAreNotAnswered) {
  packet::ipv4_header header = from_peer(packet::ip_protocol::icmp);
  header.destination = {0x0a0000ff};
  bytes frame = ip_frame(header, icmp_payload(packet::icmp_echo, 0, 1, pattern(8)));
  std::fill_n(frame.begin(), 6, std::byte{0xff});
  receive(frame);
  EXPECT_EQ(counter("IcmpInEchos"), 1U);
  EXPECT_TRUE(device.sent.empty());
}

TEST_F(Icmp, AFloodOfPingsIsAnsweredAtALimitedRate) {
  const bytes message = icmp_payload(packet::icmp_echo, 0, 1, pattern(8));
  for (std::uint64_t i = 0; i < 2 * icmp::echoes_burst; ++i) receive_icmp(message);
  EXPECT_EQ(device.sent.size(), icmp::echoes_burst);
  EXPECT_EQ(counter("IcmpOutRateLimitGlobal"), icmp::echoes_burst);
  device.sent.clear();
  advance(base::ns_per_s / icmp::echoes_per_second * 3);
  for (unsigned i = 0; i < 10; ++i) receive_icmp(message);
  EXPECT_EQ(device.sent.size(), 3U);
}

TEST_F(Icmp, ErrorsReachTheirProtocol) {
  receive_icmp(error_about(packet::icmp_dest_unreach, packet::icmp_port_unreach, 77, sent_header()));
  receive_icmp(error_about(packet::icmp_dest_unreach, packet::icmp_frag_needed, 1200, sent_header(), 40));
  receive_icmp(error_about(packet::icmp_time_exceeded, 0, 0, sent_header()));
  receive_icmp(error_about(packet::icmp_parameterprob, 0, 0, sent_header()));
  ASSERT_EQ(handler.errors.size(), 4U);
  EXPECT_EQ(handler.errors[0].type, packet::icmp_dest_unreach);
  EXPECT_EQ(handler.errors[0].code, packet::icmp_port_unreach);
  EXPECT_EQ(handler.errors[0].next_hop_mtu, 0) << "only for code 4";
  EXPECT_EQ(handler.errors[0].source, own);
  EXPECT_EQ(handler.errors[0].destination, far_away);
  EXPECT_EQ(handler.error_payloads[0], pattern(8));
  EXPECT_EQ(handler.errors[1].next_hop_mtu, 1200);
  EXPECT_EQ(handler.error_payloads[1], pattern(40));
  EXPECT_EQ(counter("IcmpInDestUnreachs"), 2U);
  EXPECT_EQ(counter("IcmpInTimeExcds"), 1U);
  EXPECT_EQ(counter("IcmpInParmProbs"), 1U);
  EXPECT_TRUE(device.sent.empty());
}

TEST_F(Icmp, ErrorsThatAreNotAboutThisHostOrIncompleteGoNowhere) {
  packet::ipv4_header foreign = sent_header();
  foreign.source = peer;
  receive_icmp(error_about(packet::icmp_dest_unreach, 1, 0, foreign));
  packet::ipv4_header later = sent_header();
  later.fragment_offset_bytes = 1480;
  receive_icmp(error_about(packet::icmp_dest_unreach, 1, 0, later));
  EXPECT_EQ(counter("IcmpInErrors"), 0U);
  receive_icmp(error_about(packet::icmp_dest_unreach, 1, 0, sent_header(), 7));
  receive_icmp(icmp_payload(packet::icmp_dest_unreach, 1, 0, pattern(19)));
  EXPECT_EQ(counter("IcmpInErrors"), 2U);
  EXPECT_TRUE(handler.errors.empty());
}

TEST_F(Icmp, OtherTypesAreCountedOnly) {
  for (const std::uint8_t type : {packet::icmp_echoreply, packet::icmp_source_quench, packet::icmp_redirect,
                                  std::uint8_t{13}, std::uint8_t{99}}) {
    receive_icmp(icmp_payload(type, 0, 0, pattern(40)));
  }
  EXPECT_EQ(counter("IcmpInEchoReps"), 1U);
  EXPECT_EQ(counter("IcmpInSrcQuenchs"), 1U);
  EXPECT_EQ(counter("IcmpInRedirects"), 1U);
  EXPECT_EQ(counter("IcmpInMsgs"), 5U);
  EXPECT_TRUE(device.sent.empty());
  EXPECT_TRUE(handler.errors.empty());
}

TEST_F(Icmp, UnknownProtocolsAreUnreachable) {
  const bytes data = pattern(1000);
  receive(ip_frame(from_peer(77), data));
  const sent_packet error = take_ip();
  EXPECT_EQ(error.header.destination, peer);
  EXPECT_EQ(error.header.total_bytes, icmp::max_error_bytes);
  const auto message = packet::parse_icmp(error.payload);
  EXPECT_EQ(message->header.type, packet::icmp_dest_unreach);
  EXPECT_EQ(message->header.code, packet::icmp_prot_unreach);
  EXPECT_TRUE(packet::internet_checksum{}.add(error.payload).good());
  const auto quoted = packet::parse_quoted_ipv4(message->payload);
  const auto* about = std::get_if<packet::ipv4_datagram>(&quoted);
  ASSERT_NE(about, nullptr);
  EXPECT_EQ(about->header.source, peer);
  EXPECT_TRUE(std::ranges::equal(about->payload, std::span{data}.first(about->payload.size())));
  EXPECT_EQ(counter("IpInUnknownProtos"), 1U);
  EXPECT_EQ(counter("IcmpOutDestUnreachs"), 1U);
}

TEST_F(Icmp, UdpPortsAreUnreachableIfTheDatagramIsGood) {
  bytes datagram(12);
  packet::write_udp(datagram, {.source_port = 1, .destination_port = 2, .length_bytes = 12, .checksum = 0});
  receive(ip_frame(from_peer(packet::ip_protocol::udp), datagram));
  EXPECT_EQ(packet::parse_icmp(take_ip().payload)->header.code, packet::icmp_port_unreach);
  base::store_be16(datagram, 6, packet::transport_checksum(peer, own, packet::ip_protocol::udp, datagram));
  receive(ip_frame(from_peer(packet::ip_protocol::udp), datagram));
  EXPECT_EQ(counter("UdpNoPorts"), 2U);
  device.sent.clear();

  datagram[11] ^= std::byte{1};
  receive(ip_frame(from_peer(packet::ip_protocol::udp), datagram));
  EXPECT_EQ(counter("UdpInCsumErrors"), 1U);
  base::store_be16(datagram, 4, 13);
  receive(ip_frame(from_peer(packet::ip_protocol::udp), datagram));
  EXPECT_EQ(counter("UdpInErrors"), 2U);
  EXPECT_TRUE(device.sent.empty());
}

TEST_F(Icmp, NoErrorsAboutBroadcasts) {
  packet::ipv4_header header = from_peer(77);
  header.destination = {0x0a0000ff};
  receive(ip_frame(header, pattern(30)));
  header = from_peer(77);
  header.source = {0};
  header.destination = {0xffffffff};
  receive(ip_frame(header, pattern(30)));
  EXPECT_EQ(counter("IpInUnknownProtos"), 2U);
  EXPECT_TRUE(device.sent.empty());
}

TEST_F(Icmp, NoErrorsAboutErrorsOrLaterFragmentsOrStrangeSources) {
  loopback_device loopback{clock, timers};
  fib routes{loopback};
  routes.add(device, own, 24);
  mib_counters counts;
  icmp messages{host, routes, clock, counts, [](std::uint8_t) { return nullptr; }};
  const auto send_error = [&](const packet::ipv4_header& about, std::span<const std::byte> payload) {
    bytes header(packet::ipv4_header::min_bytes);
    packet::write_ipv4(header, about);
    messages.send_error({.header = about, .header_bytes = header, .options = {}, .payload = payload},
                        packet::icmp_dest_unreach, packet::icmp_prot_unreach);
    const bool sent = !device.sent.empty();
    device.sent.clear();
    return sent;
  };
  EXPECT_TRUE(send_error(from_peer(77), pattern(8)));
  packet::ipv4_header about = from_peer(77);
  about.more_fragments = true;
  EXPECT_TRUE(send_error(about, pattern(8))) << "the first fragment";
  about.fragment_offset_bytes = 8;
  EXPECT_FALSE(send_error(about, pattern(8)));
  about = from_peer(77);
  about.source = {0};
  EXPECT_FALSE(send_error(about, pattern(8)));
  about = from_peer(77);
  about.destination = {0xffffffff};
  EXPECT_FALSE(send_error(about, pattern(8)));
  for (const std::uint8_t type : {packet::icmp_dest_unreach, packet::icmp_time_exceeded, packet::icmp_redirect}) {
    EXPECT_FALSE(send_error(from_peer(packet::ip_protocol::icmp), icmp_payload(type, 0, 0, {})));
  }
  EXPECT_FALSE(send_error(from_peer(packet::ip_protocol::icmp), {})) << "nobody knows what it was";
  EXPECT_TRUE(send_error(from_peer(packet::ip_protocol::icmp), icmp_payload(packet::icmp_echo, 0, 0, {})));
  EXPECT_EQ(counts.get(mib::icmp_out_dest_unreachs), 3U);
}

TEST_F(Icmp, ErrorsAreLimitedInRate) {
  for (std::uint64_t i = 0; i < 3 * icmp::errors_burst; ++i) receive(ip_frame(from_peer(77), pattern(30)));
  EXPECT_EQ(device.sent.size(), icmp::errors_burst);
  device.sent.clear();
  advance(base::ns_per_s);
  for (std::uint64_t i = 0; i < 3 * icmp::errors_burst; ++i) receive(ip_frame(from_peer(77), pattern(30)));
  EXPECT_EQ(device.sent.size(), icmp::errors_burst);
}

TEST(TokenBucket, GivesItsRateWhateverTheSteps) {
  for (const std::uint64_t step_ns : {1'000U, 333'333U, 1'900'000U, 77'777'777U}) {
    token_bucket bucket{1000, 50};
    std::uint64_t taken = 0;
    std::uint64_t now = 5;
    const std::uint64_t end = now + 10 * base::ns_per_s;
    for (; now < end; now += step_ns) {
      for (unsigned i = 0; i < 100 && bucket.take(now); ++i) ++taken;
    }
    const std::uint64_t allowed = step_ns > 50'000'000 ? 50 * (10 * base::ns_per_s / step_ns) : 10'000;
    EXPECT_GE(taken, allowed - 5) << step_ns;
    EXPECT_LE(taken, allowed + 100) << step_ns;
  }
}

}  // namespace
}  // namespace fourtuple::ip
