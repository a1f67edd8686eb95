// SPDX-License-Identifier: Apache-2.0
// Loss recovery step by step: PRR (RFC 6937), reordering, undo by timestamps (RFC 3522), by DSACKs (RFC 3708) and by
// F-RTO (RFC 5682), and what a timeout sends again (RFC 5681 3.1, RFC 6298). The sequences of segments are Linux's.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

constexpr int ca_open = 0;
constexpr int ca_disorder = 1;
constexpr int ca_recovery = 3;
constexpr int ca_loss = 4;

/// So many bytes are written, ten segments of 1000 are out, and a round trip of 100 ms is over.
endpoint ten_in_flight(scripted_peer& peer, std::size_t bytes, const std::string& options = "<mss 1000,sackOK>") {
  const endpoint server = peer.accept_after(100, options);
  server.write(pattern(1, bytes));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  return server;
}

// RFC 6937: at or below ssthresh as much goes as arrives, retransmissions before new data.
TEST(prr, sends_what_arrives_and_ends_at_ssthresh) {
  scripted_peer peer;
  const endpoint server = ten_in_flight(peer, 30'000);
  peer.send(". 1:1(0) ack 1 <sack 1001:4001>");
  peer.expect(". 1:1001(1000) ack 1");
  peer.run_for_ms(2);
  peer.send(". 1:1(0) ack 1 <sack 1001:4001,sack 6001:10001>");
  peer.expect_units(4001, 6001);
  peer.expect_units(10'001, 14'001);
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_recovery);
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 7U);
  peer.run_for_ms(98);
  peer.send(". 1:1(0) ack 4001 <sack 6001:10001>");
  peer.expect(". 14001:15001(1000) ack 1");
  peer.run_for_ms(2);
  peer.send(". 1:1(0) ack 10001");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_open);
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 7U);
  peer.expect_units(15'001, 17'001);
}

// Linux: a stretched SACK lets several retransmissions go at once, as units.
TEST(prr, an_ack_for_many_lets_many_go) {
  scripted_peer peer;
  const endpoint server = ten_in_flight(peer, 10'000);
  peer.send(". 1:1(0) ack 1 <sack 4001:10001>");
  peer.expect_units(1, 4001, true);
  EXPECT_EQ(info_of(server).tcpi_total_retrans, 4U);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 10001");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 7U);
  // What was sent again is no sign of reordering.
  EXPECT_EQ(info_of(server).tcpi_reordering, 3U);
}

// RFC 5681 3.2, RFC 6582: duplicate ACKs carry no data and leave the window as it was.
TEST(duplicate_acks, with_data_or_another_window_do_not_count) {
  for (const bool data : {true, false}) {
    scripted_peer peer;
    const endpoint server = peer.accept_after(100, "<mss 1000>", 60'000);
    server.write(pattern(1, 10'000));
    peer.expect_units(1, 10'001);
    peer.run_for_ms(100);
    for (int i = 0; i < 4; ++i) {
      const int at = 1 + 10 * i;
      peer.send(data ? "P. " + std::to_string(at) + ":" + std::to_string(at + 10) + "(10) ack 1 win 60000"
                     : ". 1:1(0) ack 1 win " + std::to_string(60'001 + i));
    }
    EXPECT_EQ(info_of(server).tcpi_ca_state, ca_open);
    EXPECT_EQ(info_of(server).tcpi_total_retrans, 0U);
  }
}

// Linux: the distance between what came late and the highest that had come is the degree (8th MSS, then 3rd: 6).
TEST(reordering, raises_the_degree) {
  scripted_peer peer;
  const endpoint server = ten_in_flight(peer, 10'000);
  peer.send(". 1:1(0) ack 1 <sack 7001:8001>");
  peer.run_for_ms(1);
  peer.send(". 1:1(0) ack 1 <sack 2001:3001,sack 7001:8001>");
  EXPECT_EQ(info_of(server).tcpi_reordering, 6U);
  EXPECT_EQ(info_of(server).tcpi_reord_seen, 1U);
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_disorder);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSACKReorder"), 1U);
  peer.expect_after(27, ". 1:1001(1000) ack 1");
}

// RFC 3708, RFC 8985 6.2: the peer had it twice, so the reduction was for nothing.
TEST(undo, by_dsack) {
  scripted_peer peer;
  const endpoint server = ten_in_flight(peer, 10'000);
  peer.send(". 1:1(0) ack 1 <sack 1001:4001>");
  peer.expect(". 1:1001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 7U);
  peer.run_for_ms(30);
  peer.send(". 1:1(0) ack 10001");
  peer.run_for_ms(50);
  peer.send(". 1:1(0) ack 10001 <sack 1:1001>");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 10U);
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 0x7fffffffU);
  EXPECT_EQ(info_of(server).tcpi_dsack_dups, 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPDSACKUndo"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPDSACKRecv"), 1U);
}

// RFC 3522: the echoed timestamp is older than the retransmission, so it was the original that arrived.
TEST(undo, by_timestamps_after_a_timeout) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100, "<mss 1000,sackOK,TS val 100 ecr 0>");
  server.write(pattern(1, 2 * 988));
  peer.expect(". 1:989(988) ack 1");
  const std::uint32_t sent = peer.last().options.timestamps->value;
  peer.expect("P. 989:1977(988) ack 1");
  peer.expect_after(202, "P. 989:1977(988) ack 1");
  peer.expect_after(300, ". 1:989(988) ack 1");
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 7U);
  peer.run_for_ms(20);
  peer.send(". 1:1(0) ack 1977 <TS val 300 ecr " + std::to_string(sent) + ">");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_open);
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 0x7fffffffU);
  EXPECT_GE(info_of(server).tcpi_snd_cwnd, 10U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPLossUndo"), 1U);
}

// RFC 5682 3.1: after a timeout, new data shows whether the rest was lost; here nothing was.
TEST(f_rto, finds_a_timeout_spurious) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 15'000));
  peer.expect_units(1, 10'001);
  peer.expect_after(202, ". 10001:11001(1000) ack 1");
  peer.expect_after(300, ". 1:1001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_loss);
  peer.run_for_ms(98);
  // Of the second segment there was but the original.
  peer.send(". 1:1(0) ack 2001");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_open);
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 12U);
  EXPECT_EQ(info_of(server).tcpi_lost, 0U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSpuriousRTOs"), 1U);
  peer.expect_units(11'001, 13'001);
}

TEST(f_rto, goes_on_to_repair_when_the_loss_was_real) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 15'000));
  peer.expect_units(1, 10'001);
  peer.expect_after(202, ". 10001:11001(1000) ack 1");
  peer.expect_after(300, ". 1:1001(1000) ack 1");
  peer.run_for_ms(98);
  peer.send(". 1:1(0) ack 1001");
  // Step 2.b: new data, not a retransmission.
  peer.expect(". 11001:12001(1000) ack 1");
  peer.expect(". 12001:13001(1000) ack 1");
  peer.run_for_ms(50);
  peer.send(". 1:1(0) ack 1001 <sack 11001:12001>");
  peer.expect(". 1001:2001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 7U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSpuriousRTOs"), 0U);
}

// RFC 2018 section 8: the receiver dropped what it had SACKed.
TEST(sack, reneging_makes_everything_go_again) {
  scripted_peer peer;
  const endpoint server = ten_in_flight(peer, 10'000);
  peer.send(". 1:1(0) ack 1 <sack 1001:10001>");
  peer.expect(". 1:1001(1000) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001");
  peer.expect_after(50, ". 1001:2001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_lost, 9U);
  EXPECT_EQ(info_of(server).tcpi_sacked, 0U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSACKReneging"), 1U);
}

// RFC 6582 section 4.1: without SACK recovery ends when something above it is acknowledged.
TEST(new_reno, stays_in_recovery_until_something_above_is_acknowledged) {
  scripted_peer peer;
  const endpoint server = ten_in_flight(peer, 10'000, "<mss 1000>");
  for (int i = 0; i < 3; ++i) peer.send(". 1:1(0) ack 1");
  peer.expect(". 1:1001(1000) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 10001");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_recovery);
  server.write(pattern(10'001, 1000));
  peer.expect("P. 10001:11001(1000) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 11001");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_open);
}

// Linux: small segments are joined when they are sent again (tcp_retrans_collapse), but not over the end of a record.
TEST(retransmission, joins_small_segments_up_to_an_end_of_record) {
  for (const bool eor : {false, true}) {
    scripted_peer peer;
    const endpoint server = peer.accept_after(100);
    server.set(IPPROTO_TCP, TCP_NODELAY, 1);
    for (int i = 0; i < 4; ++i) {
      server.write(pattern(static_cast<std::size_t>(1 + 100 * i), 100), eor && i == 1 ? MSG_EOR : 0);
      const int at = 1 + 100 * i;
      peer.expect("P. " + std::to_string(at) + ":" + std::to_string(at + 100) + "(100) ack 1");
    }
    peer.expect_after(202, "P. 301:401(100) ack 1");
    peer.expect_after(300, eor ? "P. 1:201(200) ack 1" : "P. 1:401(400) ack 1");
    EXPECT_EQ(info_of(server).tcpi_unacked, eor ? 3U : 1U);
  }
}

// A part of a segment was acknowledged: what is left of it goes again as it is.
TEST(retransmission, begins_where_the_ack_ended) {
  scripted_peer peer;
  static_cast<void>(ten_in_flight(peer, 10'000));
  peer.send(". 1:1(0) ack 1501");
  peer.expect_after(202, "P. 9001:10001(1000) ack 1");
  peer.expect_after(300, ". 1501:2001(500) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 2501");
  peer.expect(". 2501:3501(1000) ack 1");
  peer.expect("P. 3501:4001(500) ack 1");
}

// Linux: the peer took its window back. The retransmission is a probe then, and the connection does not end by it.
TEST(retransmission, into_a_closed_window_is_a_probe) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 5000));
  peer.expect_units(1, 5001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001 win 0");
  peer.expect_after(202, ". 1001:2001(1000) ack 1");
  peer.expect_after(600, ". 1001:2001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_retransmits, 0U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPTimeouts"), 0U);
}

// RFC 5482, Linux: TCP_USER_TIMEOUT counts from the first retransmission, and the timer does not overshoot it.
TEST(user_timeout, ends_a_connection_that_is_not_answered) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.set(IPPROTO_TCP, TCP_USER_TIMEOUT, 3000);
  server.write(pattern(1, 1000));
  peer.expect("P. 1:1001(1000) ack 1");
  for (const std::uint64_t gap : {300, 300, 600, 1200}) peer.expect_after(gap, "P. 1:1001(1000) ack 1");
  peer.expect_silence(1198);
  EXPECT_EQ(server.state(), 1);
  peer.run_for_ms(5);
  EXPECT_EQ(server.read().result, -ETIMEDOUT);
  EXPECT_EQ(server.write("x"), -EPIPE);
}

TEST(user_timeout, counts_from_the_first_probe_of_a_closed_window) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.set(IPPROTO_TCP, TCP_USER_TIMEOUT, 3000);
  server.write(pattern(1, 1000));
  peer.expect("P. 1:1001(1000) ack 1");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001 win 0");
  server.write(pattern(1001, 5000));
  for (const std::uint64_t gap : {300, 600, 1200}) peer.expect_after(gap, ". 1000:1000(0) ack 1");
  peer.expect_silence(1198);
  peer.run_for_ms(10);
  EXPECT_EQ(server.read().result, -ETIMEDOUT);
}

}  // namespace
}  // namespace fourtuple::support
