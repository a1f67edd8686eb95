// SPDX-License-Identifier: Apache-2.0
// ICMP errors: they end an attempt to connect, explain a timeout, shrink segments, and are not believed blindly (RFC
// 5927).
#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "host/sock/inet_hashinfo.hpp"
#include "tests/support/scripted_peer.hpp"

namespace fourtuple::support {
namespace {

/// An error about the last segment that the peer got, or one `off` further on.
void icmp(scripted_peer& peer, std::uint8_t type, std::uint8_t code, std::uint16_t mtu = 0, std::uint32_t off = 0) {
  std::array<std::byte, 8> start{};
  const packet::tcp_header& header = peer.last().header;
  put16(start, 0, header.source_port);
  put16(start, 2, header.destination_port);
  put16(start, 4, static_cast<std::uint16_t>((header.seq + off) >> 16));
  put16(start, 6, static_cast<std::uint16_t>(header.seq + off));
  peer.tcp().err({.type = type,
                  .code = code,
                  .next_hop_mtu = mtu,
                  .source = address_of_end[0],
                  .destination = address_of_end[1],
                  .payload = start});
  peer.run_for_ms(0);
}

TEST(tcp_err, unreachable_ends_a_connect) {
  for (const auto& [code, error] : {std::pair<std::uint8_t, int>{3, -ECONNREFUSED}, {1, -EHOSTUNREACH}}) {
    scripted_peer peer;
    tcp::tcp_sock& sk = peer.tcp().create();
    ASSERT_EQ(peer.tcp().connect(sk, address_of_end[1], 40000), -EINPROGRESS);
    peer.expect("S 0:0(0) <...>");
    icmp(peer, 3, code, 0, 5000);
    EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40000), -EALREADY) << "not about what was sent";
    EXPECT_EQ(peer.network().counter(0, "TcpExtOutOfWindowIcmps"), 1U);
    icmp(peer, 3, code);
    EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40000), error);
  }
}

TEST(tcp_err, unreachable_does_not_end_a_connection) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  server.write("x");
  peer.expect("P. 1:2(1) ack 1");
  icmp(peer, 3, 1);
  EXPECT_EQ(server.state(), 1);
  peer.send(". 1:1(0) ack 2");
  EXPECT_EQ(server.write("y"), 1);
}

TEST(tcp_err, fragmentation_needed_resends_smaller_at_once) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  server.write(pattern(1, 2920));
  peer.expect(". 1:1461(1460) ack 1");
  peer.expect("P. 1461:2921(1460) ack 1");
  icmp(peer, 3, 4, 1200);
  peer.expect(". 1:1161(1160) ack 1");
  peer.expect(". 1161:2321(1160) ack 1");
  peer.expect("P. 2321:2921(600) ack 1");
}

TEST(tcp_err, request_is_dropped) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  icmp(peer, 3, 3, 0, 1);
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 1U);
  icmp(peer, 3, 3);
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 0U);
}

TEST(tcp_err, too_short_to_name_a_segment) {
  scripted_peer peer;
  const std::array<std::byte, 7> start{};
  peer.tcp().err(
      {.type = 3, .code = 3, .source = address_of_end[0], .destination = address_of_end[1], .payload = start});
  EXPECT_EQ(peer.network().counter(0, "TcpExtOutOfWindowIcmps"), 0U);
}

}  // namespace
}  // namespace fourtuple::support
