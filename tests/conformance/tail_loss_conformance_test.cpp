// SPDX-License-Identifier: Apache-2.0
// Tail loss probes (RFC 8985 section 7): when they are sent, what is sent, and what their answers mean.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <span>
#include <stdexcept>
#include <string>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

/// Three segments are out, two round trips and two ticks are over, and the probe has repeated the last.
endpoint three_and_a_probe(scripted_peer& peer) {
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 3000));
  peer.expect_units(1, 3001);
  peer.expect_after(202, "P. 2001:3001(1000) ack 1");
  return server;
}

TEST(tail_loss_probe, comes_after_two_round_trips_and_the_rto_after_it) {
  scripted_peer peer;
  static_cast<void>(three_and_a_probe(peer));
  for (const std::uint64_t gap : {300, 600, 1200}) peer.expect_after(gap, ". 1:1001(1000) ack 1");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbes"), 1U);
}

// RFC 8985 7.2: the ACK of a single segment may be delayed. The timer is never longer than the RTO.
TEST(tail_loss_probe, for_a_single_segment_waits_for_a_delayed_ack) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 1000));
  peer.expect("P. 1:1001(1000) ack 1");
  for (const std::uint64_t gap : {300, 300, 600}) peer.expect_after(gap, "P. 1:1001(1000) ack 1");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbes"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPTimeouts"), 2U);
}

TEST(tail_loss_probe, is_of_new_data_if_there_is_any) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 20'000));
  peer.expect_units(1, 10'001);
  peer.expect_after(202, ". 10001:11001(1000) ack 1");
  peer.send(". 1:1(0) ack 11001");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbes"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpRetransSegs"), 0U);
  EXPECT_GE(info_of(server).tcpi_snd_cwnd, 10U);
}

TEST(tail_loss_probe, starts_anew_with_each_ack) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 3000));
  peer.expect_units(1, 3001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001");
  peer.expect_after(202, "P. 2001:3001(1000) ack 1");
}

// RFC 8985 7.4.1: the peer had the segment: only the ACKs were lost.
TEST(tail_loss_probe, answered_by_dsack_means_no_loss) {
  scripted_peer peer;
  const endpoint server = three_and_a_probe(peer);
  peer.send(". 1:1(0) ack 3001 <sack 2001:3001>");
  server.write(pattern(3001, 1000));
  peer.expect("P. 3001:4001(1000) ack 1");
  peer.send(". 1:1(0) ack 4001");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 10U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbeRecovery"), 0U);
}

TEST(tail_loss_probe, answered_by_a_duplicate_ack_means_no_loss) {
  scripted_peer peer;
  const endpoint server = three_and_a_probe(peer);
  peer.send(". 1:1(0) ack 3001");
  server.write(pattern(3001, 1000));
  peer.expect("P. 3001:4001(1000) ack 1");
  peer.send(". 1:1(0) ack 3001");
  peer.send(". 1:1(0) ack 4001");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 10U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbeRecovery"), 0U);
}

// RFC 8985 7.4.2: the probe repaired a loss, which the congestion window must feel.
TEST(tail_loss_probe, that_filled_a_hole_lowers_cwnd) {
  scripted_peer peer;
  const endpoint server = three_and_a_probe(peer);
  peer.send(". 1:1(0) ack 3001");
  server.write(pattern(3001, 1000));
  peer.expect("P. 3001:4001(1000) ack 1");
  peer.send(". 1:1(0) ack 4001");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 7U);
  EXPECT_EQ(info_of(server).tcpi_ca_state, 0);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbeRecovery"), 1U);
}

TEST(tail_loss_probe, is_a_tunable) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_early_retrans = 0;
  scripted_peer peer{settings};
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 3000));
  peer.expect_units(1, 3001);
  peer.expect_after(300, ". 1:1001(1000) ack 1");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossProbes"), 0U);
}

}  // namespace
}  // namespace fourtuple::support
