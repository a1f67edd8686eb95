// SPDX-License-Identifier: Apache-2.0
// Loss detection by time (RACK, RFC 8985 section 6): a segment is lost if a later one has arrived and a quarter of the
// least round trip has passed since it should have.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/support/scripted_peer.hpp"

namespace fourtuple::support {
namespace {

/// A connection with SACK and a round trip of 100 ms, and so many segments of 1000 bytes sent on it.
endpoint segments_in_flight(scripted_peer& peer, int count) {
  const endpoint listener = peer.listen();
  peer.send("S 0:0(0) win 65535 <mss 1000,sackOK>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 win 65535");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error);
  if (child == nullptr) throw std::runtime_error("nothing to accept");
  const endpoint server{peer.network(), 0, *child};
  server.write(pattern(1, static_cast<std::size_t>(count) * 1000));
  peer.expect_units(1, 1 + 1000 * count);
  return server;
}

// A quarter of 100 ms, and two ticks of the timer.
TEST(rack, one_later_segment_that_arrived_is_enough_after_a_while) {
  scripted_peer peer;
  static_cast<void>(segments_in_flight(peer, 10));
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.expect_after(27, ". 1:1001(1000) ack 1");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSackRecovery"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPTimeouts"), 0U);
}

TEST(rack, a_segment_that_was_only_overtaken_is_not_sent_again) {
  scripted_peer peer;
  static_cast<void>(segments_in_flight(peer, 10));
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.run_for_ms(20);
  peer.send(". 1:1(0) ack 2001");
  peer.expect_silence(60);
  EXPECT_EQ(peer.network().counter(0, "TcpRetransSegs"), 0U);
}

TEST(rack, a_part_of_a_segment_is_no_arrival) {
  scripted_peer peer;
  static_cast<void>(segments_in_flight(peer, 10));
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 10000:10001>");
  peer.expect_silence(90);
}

// The answer to the probe tells that what was sent long before is lost, however few segments that are.
TEST(rack, finds_what_is_lost_by_a_tail_loss_probe) {
  scripted_peer peer;
  static_cast<void>(segments_in_flight(peer, 3));
  peer.expect_after(202, "P. 2001:3001(1000) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 2001:3001>");
  peer.expect(". 1:1001(1000) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001 <sack 2001:3001>");
  peer.expect(". 1001:2001(1000) ack 1");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPTimeouts"), 0U);
}

// RFC 8985 6.2: a retransmission is as good as any segment, and known to be lost in the same way.
TEST(rack, finds_a_lost_retransmission) {
  scripted_peer peer;
  static_cast<void>(segments_in_flight(peer, 10));
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 2001:8001>");
  peer.expect_units(1, 2001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 1001:8001>");
  // The second retransmission has arrived; the first, sent before it, has not.
  peer.expect(". 1:1001(1000) ack 1");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLostRetransmit"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPTimeouts"), 0U);
}

}  // namespace
}  // namespace fourtuple::support
