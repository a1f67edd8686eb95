// SPDX-License-Identifier: Apache-2.0
// What the stack answers to what it receives: ACKs, SACK and DSACK blocks, resets, closing (RFC 2018, RFC 2883, RFC
// 5961, RFC 9293, and Linux where they leave room).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <span>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

constexpr int established = 1;
constexpr int closed = 7;

TEST(delayed_ack, first_segments_are_acknowledged_at_once) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  for (int at = 1; at < 8001; at += 1000) {
    peer.send(". " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    peer.expect(". 1:1(0) ack " + std::to_string(at + 1000));
  }
  EXPECT_EQ(server.read().bytes, pattern(1, 8000));
}

TEST(delayed_ack, waits_40_ms_in_a_conversation) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("P. 1:101(100) ack 1");
  peer.expect(". 1:1(0) ack 101");
  server.write("answer");
  peer.expect("P. 1:7(6) ack 101");
  peer.send("P. 101:201(100) ack 7");
  peer.expect_after(40, ". 7:7(0) ack 201");
  EXPECT_EQ(peer.network().counter(0, "TcpExtDelayedACKs"), 1U);
}

TEST(delayed_ack, rides_on_the_answer) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("P. 1:101(100) ack 1");
  peer.expect(". 1:1(0) ack 101");
  server.write("answer");
  peer.expect("P. 1:7(6) ack 101");
  peer.send("P. 101:201(100) ack 7");
  peer.run_for_ms(10);
  server.write("answer");
  peer.expect("P. 7:13(6) ack 201");
  peer.expect_silence(100);
}

TEST(delayed_ack, of_a_fin_before_any_data_goes_with_the_next_tick) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.hz = 100;
  scripted_peer peer(settings);
  static_cast<void>(peer.accept_from_peer());
  peer.run_for_ms(13 - peer.network().now_ms() % 10);  // 3 ms behind a tick.
  peer.send("F. 1:1(0) ack 1");
  peer.expect_after(7, ". 1:1(0) ack 2");
}

TEST(delayed_ack, of_a_fin_before_any_data_rides_on_the_fin_of_who_closes_at_once) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("F. 1:1(0) ack 1");
  server.close();
  peer.expect("F. 1:1(0) ack 2");
  peer.expect_silence(100);
}

TEST(sack, newest_block_first_and_neighbours_merged) {
  scripted_peer peer;
  static_cast<void>(peer.accept_from_peer("<mss 1000,sackOK>"));
  peer.send(". 1001:2001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.send(". 5001:6001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1 <sack 5001:6001 1001:2001>");
  peer.send(". 2001:3001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1 <sack 1001:3001 5001:6001>");
  peer.send(". 1:1001(1000) ack 1");
  peer.expect(". 1:1(0) ack 3001 <sack 5001:6001>");
  peer.send(". 3001:5001(2000) ack 1");
  peer.expect(". 1:1(0) ack 6001");
}

TEST(sack, at_most_four_blocks) {
  scripted_peer peer;
  static_cast<void>(peer.accept_from_peer("<mss 1000,sackOK>"));
  for (const int at : {1001, 3001, 5001, 7001, 9001}) {
    peer.send(". " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    // After three, ACKs wait for one another: the fourth goes when the fifth comes, before that has a block.
    if (at != 7001) peer.expect(". 1:1(0) ack 1");
  }
  EXPECT_EQ(peer.last().options.sack_blocks[0].start, scripted_peer::initial_sequence + 7001);
  peer.send(". 10001:11001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1", 1);
  ASSERT_EQ(peer.last().options.sack_block_count, 4);
  EXPECT_EQ(peer.last().options.sack_blocks[0].start, scripted_peer::initial_sequence + 9001);
  EXPECT_EQ(peer.last().options.sack_blocks[0].end, scripted_peer::initial_sequence + 11001);
  EXPECT_EQ(peer.last().options.sack_blocks[3].start, scripted_peer::initial_sequence + 3001);
}

// RFC 4898; Linux: tcp_data_queue_ofo, tcp_rcv_nxt_update.
TEST(tcp_info, counts_what_came_in_order_and_what_did_not) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>");
  peer.send(". 1001:2001(1000) ack 1");
  peer.send(". 2001:3001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_rcv_ooopack, 2U);
  EXPECT_EQ(info_of(server).tcpi_bytes_received, 0U);
  EXPECT_EQ(info_of(server).tcpi_data_segs_in, 2U);
  peer.send(". 1:1001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_bytes_received, 3000U);
  EXPECT_EQ(info_of(server).tcpi_data_segs_in, 3U);
  EXPECT_EQ(info_of(server).tcpi_rcv_ooopack, 2U);
  peer.send(". 1:1001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_bytes_received, 3000U) << "what comes again does not count";
  EXPECT_EQ(info_of(server).tcpi_data_segs_in, 4U);
}

TEST(sack, none_without_permission) {
  scripted_peer peer;
  static_cast<void>(peer.accept_from_peer("<mss 1000>"));
  peer.send(". 1001:2001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1");
  EXPECT_EQ(peer.last().options.sack_block_count, 0);
}

TEST(dsack, old_data_again) {
  scripted_peer peer;
  static_cast<void>(peer.accept_from_peer("<mss 1000,sackOK>"));
  peer.send(". 1:1001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1001");
  peer.send(". 1:1001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1001 <sack 1:1001>");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPDSACKOldSent"), 1U);
}

TEST(dsack, queued_data_again_is_the_first_block) {
  scripted_peer peer;
  static_cast<void>(peer.accept_from_peer("<mss 1000,sackOK>"));
  peer.send(". 1001:2001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.send(". 1001:2001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1 <sack 1001:2001 1001:2001>");
}

// RFC 5961 section 3.2.
TEST(reset, kills_only_with_the_exact_number) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("R 500:500(0)");
  peer.expect(". 1:1(0) ack 1");
  EXPECT_EQ(server.state(), established);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPChallengeACK"), 1U);
  peer.send("R 400000:400000(0)");
  peer.expect_silence(10);
  EXPECT_EQ(server.state(), established);
  peer.send("R 1:1(0)");
  EXPECT_EQ(server.state(), closed);
  EXPECT_EQ(server.poll(), EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
  EXPECT_EQ(server.read().result, -ECONNRESET);
  EXPECT_EQ(server.read().result, 0);
}

// RFC 5961 section 4.2.
TEST(syn_in_established, is_challenged) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("S 1:1(0) win 65535");
  peer.expect(". 1:1(0) ack 1");
  EXPECT_EQ(server.state(), established);
}

// RFC 5961 section 5.2.
TEST(ack_beyond_snd_nxt, is_answered_and_its_data_dropped) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("P. 1:101(100) ack 999");
  peer.expect(". 1:1(0) ack 1");
  EXPECT_EQ(server.read().result, -EAGAIN);
}

TEST(segment_without_flags, is_dropped_silently) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("- 1:101(100)");
  peer.expect_silence(50);
  EXPECT_EQ(server.read().result, -EAGAIN);
}

// RFC 7323 section 5.
TEST(paws, older_timestamp_is_acknowledged_and_dropped) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460,TS val 1000 ecr 0>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  const std::string echo = std::to_string(peer.last().options.timestamps->value);
  peer.send(". 1:1(0) ack 1 win 65535 <TS val 1000 ecr " + echo + ">");
  peer.send("P. 1:101(100) ack 1 <TS val 2000 ecr " + echo + ">");
  peer.expect(". 1:1(0) ack 101 <...>");
  peer.send("P. 101:201(100) ack 1 <TS val 1999 ecr " + echo + ">");
  peer.expect(". 1:1(0) ack 101 <...>");
  EXPECT_EQ(peer.network().counter(0, "TcpExtPAWSEstab"), 1U);
  peer.send("P. 101:201(100) ack 1 <TS val 2001 ecr " + echo + ">");
  peer.expect(". 1:1(0) ack 201 <...>");
}

TEST(damaged_segment, is_dropped_and_counted) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send_damaged("P. 1:101(100) ack 1", 5);
  peer.expect_silence(50);
  EXPECT_EQ(server.read().result, -EAGAIN);
  EXPECT_EQ(peer.network().counter(0, "TcpInCsumErrors"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpInErrs"), 1U);
}

TEST(window, does_not_shrink_and_data_beyond_it_is_dropped) {
  scripted_peer peer;
  tcp::tcp_sock& sk = peer.tcp().create();
  const endpoint listener{peer.network(), 0, sk};
  ASSERT_EQ(listener.set(SOL_SOCKET, SO_RCVBUF, 4000), 0);
  ASSERT_EQ(peer.tcp().bind(sk, {}, 8080), 0);
  ASSERT_EQ(peer.tcp().listen(sk, 1), 0);
  peer.send("S 0:0(0) win 65535 <mss 1000>");
  peer.expect("S. 0:0(0) ack 1 win 2920 <mss 1460>");
  peer.send(". 1:1(0) ack 1 win 65535");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(sk, error);
  ASSERT_NE(child, nullptr);
  const endpoint server{peer.network(), 0, *child};
  peer.send("P. 1:1001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1001 win 2000");
  // What is left is less than half of the buffer: no ACK at once any more.
  peer.send("P. 1001:2001(1000) ack 1");
  peer.expect(". 1:1(0) ack 2001 win 1000", 50);
  // What ends beyond the window is not taken while something waits to be read.
  peer.send("P. 2001:3101(1100) ack 1");
  peer.expect(". 1:1(0) ack 2001 win 1000");
  peer.send("P. 2001:3001(1000) ack 1");
  peer.expect(". 1:1(0) ack 3001 win 0", 50);
  peer.send("P. 3001:4001(1000) ack 1");
  peer.expect(". 1:1(0) ack 3001 win 0");
  EXPECT_EQ(server.read().bytes, pattern(1, 3000));
  peer.expect(". 1:1(0) ack 3001 win 2000");
}

TEST(fin, out_of_order_waits_for_what_is_missing) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>");
  peer.send("F. 101:201(100) ack 1");
  peer.expect(". 1:1(0) ack 1 <sack 101:202>");
  EXPECT_EQ(server.state(), established);
  peer.send("P. 1:101(100) ack 1");
  peer.expect(". 1:1(0) ack 202");
  EXPECT_EQ(server.state(), 8);
  EXPECT_EQ(server.poll() & (EPOLLIN | EPOLLRDHUP | EPOLLHUP), EPOLLIN | EPOLLRDHUP);
  EXPECT_EQ(server.read().bytes, pattern(1, 200));
  EXPECT_EQ(server.read().result, 0);
}

TEST(close, unread_data_gives_reset_and_ack) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  peer.send("P. 1:101(100) ack 1");
  peer.expect(". 1:1(0) ack 101");
  server.close();
  peer.expect("R. 1:1(0) ack 101");
}

TEST(close, fin_rides_on_pending_data) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer("<mss 1000>");
  server.write("first");
  peer.expect("P. 1:6(5) ack 1");
  server.write("tail");
  server.close();
  peer.expect("FP. 6:10(4) ack 1");
}

TEST(fin_wait2, orphan_resets_data) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  server.close();
  peer.expect("F. 1:1(0) ack 1");
  peer.send(". 1:1(0) ack 2");
  peer.send("P. 1:101(100) ack 2");
  peer.expect("R 2:2(0) win 0");
}

TEST(time_wait, answers_fin_and_data_with_ack) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  server.close();
  peer.expect("F. 1:1(0) ack 1");
  peer.send("F. 1:1(0) ack 2");
  peer.expect(". 2:2(0) ack 2");
  peer.run_for_ms(1000);
  peer.send("F. 1:1(0) ack 2");
  peer.expect(". 2:2(0) ack 2");
  peer.run_for_ms(1000);
  peer.send("P. 2:102(100) ack 2");
  peer.expect(". 2:2(0) ack 2");
}

// RFC 1122 4.2.2.13: a newer SYN may open the connection again.
TEST(time_wait, newer_syn_opens_anew) {
  scripted_peer peer;
  const endpoint listener = peer.listen();
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send(". 1:1(0) ack 1");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error);
  ASSERT_NE(child, nullptr);
  peer.tcp().close(*child);
  peer.expect("F. 1:1(0) ack 1");
  peer.send("F. 1:1(0) ack 2");
  peer.expect(". 2:2(0) ack 2");
  const std::uint32_t old = peer.last().header.seq;
  peer.send("S 5000:5000(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 5001 <...>");
  EXPECT_GT(peer.last().header.seq - old, 65535U);
}

TEST(shutdown, read_side_says_nothing_on_the_wire) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  EXPECT_EQ(server.shutdown(SHUT_RD), 0);
  peer.expect_silence(50);
  EXPECT_EQ(server.read().result, 0);
  peer.send("P. 1:6(5) ack 1");
  peer.expect(". 1:1(0) ack 6");
  EXPECT_EQ(server.read().bytes.size(), 5U);
}

TEST(errors, of_a_sock_that_was_never_connected) {
  scripted_peer peer;
  tcp::tcp_sock& sk = peer.tcp().create();
  const endpoint e{peer.network(), 0, sk};
  EXPECT_EQ(e.write("x"), -EPIPE);
  EXPECT_EQ(e.read().result, -ENOTCONN);
  EXPECT_EQ(e.shutdown(SHUT_WR), -ENOTCONN);
  EXPECT_EQ(e.poll() & (EPOLLOUT | EPOLLHUP), EPOLLOUT | EPOLLHUP);
  EXPECT_EQ(e.set(IPPROTO_TCP, 9999, 1), -ENOPROTOOPT);
  e.close();
}

TEST(keepalive, probes_and_gives_up) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  EXPECT_EQ(server.set(IPPROTO_TCP, TCP_KEEPIDLE, 10), 0);
  EXPECT_EQ(server.set(IPPROTO_TCP, TCP_KEEPINTVL, 3), 0);
  EXPECT_EQ(server.set(IPPROTO_TCP, TCP_KEEPCNT, 2), 0);
  EXPECT_EQ(server.set(SOL_SOCKET, SO_KEEPALIVE, 1), 0);
  peer.expect_after(10'000, ". 0:0(0) ack 1");
  peer.send(". 1:1(0) ack 1");
  peer.expect_after(10'000, ". 0:0(0) ack 1");
  peer.expect_after(3'000, ". 0:0(0) ack 1");
  peer.expect_after(3'000, "R. 1:1(0) ack 1");
  EXPECT_EQ(server.read().result, -ETIMEDOUT);
  EXPECT_EQ(server.read().result, 0);
}

}  // namespace
}  // namespace fourtuple::support
