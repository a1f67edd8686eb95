// SPDX-License-Identifier: Apache-2.0
// When the stack sends and sends again: initial window, Nagle, retransmission, fast retransmit, probes (RFC 5681, RFC
// 6298, RFC 6582, RFC 6675, and Linux where they leave room).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

std::string segment(int first, int count, const std::string& flags = ".") {
  return flags + " " + std::to_string(first) + ":" + std::to_string(first + count) + "(" + std::to_string(count) +
         ") ack 1";
}

TEST(initial_window, is_ten_segments) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  EXPECT_EQ(server.write(pattern(1, 20'000)), 20'000);
  peer.expect_units(1, 10'001);
  peer.expect_silence(50);
  peer.send(". 1:1(0) ack 2001");
  peer.expect_units(10'001, 14'001);
  peer.expect_silence(50);
}

TEST(slow_start, does_not_grow_what_is_not_used) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 5000));
  peer.expect_units(1, 5001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 5001");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 10U);
  server.write(pattern(5001, 9000));
  peer.expect_units(5001, 14'001);
  peer.run_for_ms(100);
  for (const int ack : {7001, 9001, 11'001, 13'001, 14'001}) peer.send(". 1:1(0) ack " + std::to_string(ack));
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 18U);
}

TEST(psh, marks_the_end_of_what_was_written) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 1500));
  peer.expect(segment(1, 1000));
  peer.expect(segment(1001, 500, "P."));
}

TEST(nagle, holds_a_small_segment_only_behind_a_small_one) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 1000));
  peer.expect(segment(1, 1000, "P."));
  server.write(pattern(1001, 100));
  peer.expect(segment(1001, 100, "P."));
  server.write(pattern(1101, 100));
  peer.expect_silence(20);
  peer.send(". 1:1(0) ack 1101");
  peer.expect(segment(1101, 100, "P."));
}

TEST(nagle, is_off_with_nodelay) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  EXPECT_EQ(server.set(IPPROTO_TCP, TCP_NODELAY, 1), 0);
  server.write(pattern(1, 100));
  peer.expect(segment(1, 100, "P."));
  server.write(pattern(101, 100));
  peer.expect(segment(101, 100, "P."));
}

TEST(cork, holds_the_tail_until_uncorked) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  EXPECT_EQ(server.set(IPPROTO_TCP, TCP_CORK, 1), 0);
  server.write(pattern(1, 1300));
  peer.expect(segment(1, 1000));
  peer.expect_silence(20);
  EXPECT_EQ(server.set(IPPROTO_TCP, TCP_CORK, 0), 0);
  peer.expect(segment(1001, 300, "P."));
}

TEST(msg_more, holds_the_tail_for_the_next_write) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 300), MSG_MORE);
  peer.expect_silence(20);
  server.write(pattern(301, 100));
  peer.expect(segment(1, 400, "P."));
}

// RFC 6298: RTO = srtt + max(4 rttvar, 200 ms), doubled each time. Without SACK there are no tail loss probes.
TEST(rto, after_100_ms_of_round_trip_is_300_ms_and_doubles) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100, "<mss 1000>");
  EXPECT_EQ(info_of(server).tcpi_rto, 300'000U);
  server.write(pattern(1, 1000));
  peer.expect(segment(1, 1000, "P."));
  peer.expect_after(300, segment(1, 1000, "P."));
  peer.expect_after(600, segment(1, 1000, "P."));
  peer.expect_after(1200, segment(1, 1000, "P."));
  EXPECT_EQ(peer.network().counter(0, "TcpRetransSegs"), 3U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPTimeouts"), 3U);
}

TEST(rto, ten_ms_of_round_trip_give_210_ms) {
  scripted_peer peer;
  const endpoint listener = peer.listen();
  peer.send("S 0:0(0) win 65535 <mss 1000>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.run_for_ms(10);
  peer.send(". 1:1(0) ack 1");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error);
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(info_of({peer.network(), 0, *child}).tcpi_rto, 210'000U);
}

// Linux: TCP_TIMEOUT_FALLBACK. The SYN-ACK that was answered may be either, so there is no round trip (Karn).
TEST(repeated_syn_ack, leaves_an_rto_of_three_seconds_and_a_window_of_ten) {
  scripted_peer peer;
  const endpoint listener = peer.listen();
  peer.send("S 0:0(0) win 65535 <mss 1000,sackOK>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.expect_after(1000, "S. 0:0(0) ack 1 <...>");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 win 65535");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error);
  ASSERT_NE(child, nullptr);
  const endpoint server{peer.network(), 0, *child};
  server.write(pattern(1, 10'000));
  // Nor a pacing rate: a unit is half the congestion window (Linux: tcp_cwnd_test).
  for (int n = 0; n < 10; ++n) peer.expect(segment(1 + 1000 * n, 1000, n % 5 == 4 ? "P." : "."));
  peer.expect_after(1000, segment(9001, 1000, "P."));
  peer.expect_after(3000, segment(1, 1000));
}

TEST(counters, segments_sent_do_not_include_those_sent_again) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 1000));
  peer.expect(segment(1, 1000, "P."));
  const std::uint64_t sent = peer.network().counter(0, "TcpOutSegs");
  peer.expect_after(300, segment(1, 1000, "P."));
  EXPECT_EQ(peer.network().counter(0, "TcpOutSegs"), sent);
  EXPECT_EQ(peer.network().counter(0, "TcpRetransSegs"), 1U);
}

TEST(rto, recovery_goes_on_with_two_segments_for_an_ack) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100, "<mss 1000>");
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  peer.expect_after(300, segment(1, 1000));
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 1U);
  peer.send(". 1:1(0) ack 1001");
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 2U);
  peer.expect(segment(1001, 1000));
  peer.expect(segment(2001, 1000));
  peer.expect_silence(50);
}

TEST(fast_retransmit, after_three_segments_are_sacked) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.send(". 1:1(0) ack 1 <sack 1001:3001>");
  peer.expect_silence(5);
  peer.send(". 1:1(0) ack 1 <sack 1001:4001>");
  peer.expect(segment(1, 1000));
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSackRecovery"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPFastRetrans"), 1U);
}

TEST(fast_retransmit, after_three_duplicate_acks_without_sack) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100, "<mss 1000>");
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1");
  peer.send(". 1:1(0) ack 1");
  peer.expect_silence(5);
  peer.send(". 1:1(0) ack 1");
  peer.expect(segment(1, 1000));
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPRenoRecovery"), 1U);
  for (int i = 0; i < 5; ++i) peer.send(". 1:1(0) ack 1");
  // RFC 6582: a partial ACK shows the next hole.
  peer.send(". 1:1(0) ack 4001");
  peer.expect(segment(4001, 1000));
}

TEST(fast_retransmit, sacked_data_is_never_sent_again) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 1001:10001>");
  peer.expect(segment(1, 1000));
  peer.expect_after(300, segment(1, 1000));
  peer.send(". 1:1(0) ack 10001");
  peer.expect_silence(1000);
}

TEST(limited_transmit, one_new_segment_for_each_of_two_duplicate_acks) {
  for (const std::string options : {"<mss 1000,sackOK>", "<mss 1000>"}) {
    scripted_peer peer;
    const endpoint server = peer.accept_after(100, options);
    server.write(pattern(1, 20'000));
    peer.expect_units(1, 10'001);
    peer.run_for_ms(100);
    const bool sack = options.find("sack") != std::string::npos;
    peer.send(sack ? ". 1:1(0) ack 1 <sack 1001:2001>" : ". 1:1(0) ack 1");
    peer.expect(segment(10'001, 1000));
    peer.run_for_ms(2);
    peer.send(sack ? ". 1:1(0) ack 1 <sack 1001:3001>" : ". 1:1(0) ack 1");
    peer.expect(segment(11'001, 1000));
  }
}

TEST(zero_window, is_probed_with_doubling_gaps) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 1000));
  peer.expect(segment(1, 1000, "P."));
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001 win 0");
  server.write(pattern(1001, 1000));
  peer.expect_after(300, ". 1000:1000(0) ack 1");
  peer.send(". 1:1(0) ack 1001 win 0");
  peer.expect_after(600, ". 1000:1000(0) ack 1");
  peer.send(". 1:1(0) ack 1001 win 0");
  peer.expect_after(1200, ". 1000:1000(0) ack 1");
  peer.send(". 1:1(0) ack 1001 win 2000");
  peer.expect(segment(1001, 1000, "P."));
}

TEST(mss, of_the_peer_caps_every_segment) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100, "<mss 600>");
  server.write(pattern(1, 1300));
  peer.expect(segment(1, 600));
  peer.expect(segment(601, 600, "P."));
  peer.expect(segment(1201, 100, "P."));
}

TEST(mss, is_536_if_the_peer_names_none) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100, "");
  server.write(pattern(1, 600));
  peer.expect(segment(1, 536));
  peer.expect(segment(537, 64, "P."));
}

TEST(urgent_close, fin_is_sent_after_the_queue) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 12'500));
  EXPECT_EQ(server.shutdown(SHUT_WR), 0);
  EXPECT_EQ(server.write("x"), -EPIPE);
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 10001");
  peer.expect(segment(10'001, 1000));
  peer.expect(segment(11'001, 1000, "P."));
  peer.expect(segment(12'001, 500, "FP."));
}

}  // namespace
}  // namespace fourtuple::support
