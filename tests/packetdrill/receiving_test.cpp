// SPDX-License-Identifier: Apache-2.0
// Receiving: when ACKs go out, what they say of segments out of order and received twice, and the window (RFC 2018,
// RFC 2883, RFC 1122 4.2.3.2, RFC 9293 3.8.6).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

TEST(out_of_order, sack_blocks_newest_first_and_merged) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, ". 2001:3001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:3001>");
  s.in(10, ". 6001:7001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 6001:7001 2001:3001>");
  s.in(10, ". 4001:5001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 4001:5001 6001:7001 2001:3001>");
  s.in(10, ". 3001:4001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:5001 6001:7001>");
  s.in(10, ". 1:2001(2000) ack 1");
  s.out(0, ". 1:1(0) ack 5001 <sack 6001:7001>");
  s.in(10, ". 5001:6001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 7001");
  EXPECT_EQ(s.read(fd, 10000), 7000);
}

TEST(out_of_order, a_fifth_block_pushes_the_oldest_out) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, ". 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 1001:2001>");
  s.in(10, ". 3001:4001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 3001:4001 1001:2001>");
  s.in(10, ". 5001:6001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 5001:6001 3001:4001 1001:2001>");
  s.in(10, ". 7001:8001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 7001:8001 5001:6001 3001:4001 1001:2001>");
  s.in(10, ". 9001:10001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 9001:10001 7001:8001 5001:6001 3001:4001>");
  s.in(10, ". 2001:3001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:4001 9001:10001 7001:8001 5001:6001>");
}

TEST(out_of_order, dsack_of_a_segment_received_before) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001 <sack 1:1001>");
  s.in(10, "P. 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 2001");
}

TEST(out_of_order, dsack_of_what_waits_out_of_order) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, ". 1001:3001(2000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 1001:3001>");
  s.in(10, ". 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 1001:2001 1001:3001>");
  s.in(10, ". 5001:6001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 5001:6001 1001:3001>");
  s.in(10, ". 1:3001(3000) ack 1");
  s.out(0, ". 1:1(0) ack 3001 <sack 1001:3001 5001:6001>");
}

TEST(out_of_order, a_segment_over_several_waiting_ones) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, ". 2001:3001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:3001>");
  s.in(10, ". 4001:5001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 4001:5001 2001:3001>");
  s.in(10, ". 1001:6001(5000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:3001 1001:6001>");
}

TEST(out_of_order, without_sack_duplicate_acks) {
  script s;
  static_cast<void>(s.accept_connection("<mss 1000>", "32792"));
  s.in(10, ". 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1");
  s.in(10, ". 2001:3001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1");
  s.in(10, ". 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 3001");
}

TEST(out_of_order, fin_out_of_order) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "F. 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 1001:2002>");
  s.in(10, ". 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 2002");
  EXPECT_EQ(s.read(fd, 3000), 2000);
  EXPECT_EQ(s.read(fd, 3000), 0);
}

/// A connection that has measured the round trip as receiver and does not acknowledge each segment at once.
int accept_without_quickack(script& s) {
  const int fd = s.accept_connection(script::usual_ts);
  s.in(10, ". 1:1001(1000) ack 1 <nop,nop,TS val 1110 ecr 100>");
  s.out(0, ". 1:1(0) ack 1001 <...>");
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_QUICKACK, 0), 0);
  return fd;
}

void in_out_of_order(script& s, double after_ms, int first) {
  s.in(after_ms, ". " + std::to_string(first) + ":" + std::to_string(first + 1000) +
                     "(1000) ack 1 <nop,nop,TS val 1120 ecr 110>");
}

/// The same, with a hole at 1001 of which the peer was told three times, in order up to 5001 behind it.
int accept_with_three_duplicates_sent(script& s) {
  const int fd = accept_without_quickack(s);
  for (const int first : {2001, 3001, 4001}) {
    in_out_of_order(s, 0, first);
    s.out(0, ". 1:1(0) ack 1001 <...>");
  }
  return fd;
}

// Linux: tcp_comp_sack_delay_ns. The peer needs three duplicates to repair the hole; those that follow say the same.
TEST(compressed_ack, three_at_once_and_then_one_for_several) {
  script s;
  static_cast<void>(accept_without_quickack(s));
  in_out_of_order(s, 10, 2001);
  s.out(0, ". 1:1(0) ack 1001 <TS val 220 ecr 1110,sack 2001:3001>");
  in_out_of_order(s, 0, 3001);
  s.out(0, ". 1:1(0) ack 1001 <TS val 220 ecr 1110,sack 2001:4001>");
  in_out_of_order(s, 0, 4001);
  s.out(0, ". 1:1(0) ack 1001 <TS val 220 ecr 1110,sack 2001:5001>");
  for (const int first : {5001, 6001, 7001, 8001}) in_out_of_order(s, 0, first);
  s.out(1, ". 1:1(0) ack 1001 <TS val 221 ecr 1110,sack 2001:9001>");
  in_out_of_order(s, 100, 9001);
  s.out(1, ". 1:1(0) ack 1001 <...>");
}

TEST(compressed_ack, a_filled_hole_is_acknowledged_at_once) {
  script s;
  static_cast<void>(accept_with_three_duplicates_sent(s));
  in_out_of_order(s, 0, 5001);
  s.in(0, ". 1001:2001(1000) ack 1 <nop,nop,TS val 1120 ecr 110>");
  s.out(0, ". 1:1(0) ack 6001 <...>");
  s.silence(50);
  // The next hole has three of its own.
  for (const int first : {7001, 8001, 9001}) {
    in_out_of_order(s, 0, first);
    s.out(0, ". 1:1(0) ack 6001 <...>");
  }
}

// Linux: TCP_SACK_BLOCKS_EXPECTED. A block that may not fit into the next ACK is told of in one of its own.
TEST(compressed_ack, a_third_block_sends_what_waits) {
  script s;
  static_cast<void>(accept_with_three_duplicates_sent(s));
  in_out_of_order(s, 0, 6001);
  in_out_of_order(s, 0, 8001);
  s.out(0, ". 1:1(0) ack 1001 <TS val 210 ecr 1110,sack 6001:7001 2001:5001>");
  // It counts as the ACK of the segment that brought the third, of which the peer learns with the next one.
  s.silence(50);
  in_out_of_order(s, 0, 9001);
  s.out(1, ". 1:1(0) ack 1001 <TS val 261 ecr 1110,sack 8001:10001 6001:7001 2001:5001>");
}

TEST(compressed_ack, as_many_as_are_asked_for) {
  script s;
  s.sysctl("net/ipv4/tcp_comp_sack_nr", "2");
  static_cast<void>(accept_with_three_duplicates_sent(s));
  for (const int first : {5001, 6001, 7001}) in_out_of_order(s, 0, first);
  s.out(0, ". 1:1(0) ack 1001 <TS val 210 ecr 1110,sack 2001:8001>");
  s.silence(50);
}

TEST(compressed_ack, data_carries_it) {
  script s;
  const int fd = accept_with_three_duplicates_sent(s);
  for (const int first : {5001, 6001}) in_out_of_order(s, 0, first);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1001 <TS val 210 ecr 1110,sack 2001:7001>");
  s.silence(50);
}

TEST(delayed_ack, conversation_waits_40_ms) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "P. 1:101(100) ack 1");
  s.out(0, ". 1:1(0) ack 101");
  EXPECT_EQ(s.read(fd, 100), 100);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 101");
  s.in(10, "P. 101:201(100) ack 101");
  s.out(40, ". 101:101(0) ack 201");
}

TEST(delayed_ack, data_takes_it_along) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "P. 1:101(100) ack 1");
  s.out(0, ". 1:1(0) ack 101");
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 101");
  s.in(10, "P. 101:201(100) ack 101");
  s.wait(20);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 101:201(100) ack 201");
  s.silence(100);
}

TEST(window, closes_as_data_stays_unread_and_opens_when_it_is_read) {
  script s;
  const int listener = s.socket();
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_RCVBUF, 20000), 0);
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EXPECT_EQ(s.bind(listener), 0);
  EXPECT_EQ(s.call([&](const auto& to) { return to.listen(to.userdata, listener, 1); }), 0);
  s.in(0, "S 0:0(0) win 32792 <mss 1000,sackOK,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 win 18980 <mss 1460,sackOK,wscale 0>");
  s.in(10, ". 1:1(0) ack 1 win 257");
  const int fd = static_cast<int>(s.accept(listener));
  s.in(10, "P. 1:10001(10000) ack 1");
  s.out(0, ". 1:1(0) ack 10001");
  EXPECT_EQ(s.read(fd, 20000), 10000);
}

TEST(window, what_lies_beyond_it_is_dropped_and_answered) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  s.in(10, "P. 300001:301001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.read(fd, 1000), -EAGAIN);
}

TEST(window, peers_zero_window_is_probed) {
  script s;
  const int fd = s.accept_connection(script::usual, "0");
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(300, ". 0:0(0) ack 1");
  s.out(600, ". 0:0(0) ack 1");
  s.in(10, ". 1:1(0) ack 1 win 257");
  s.out(0, "P. 1:1001(1000) ack 1");
}

TEST(pmtu, fragmentation_needed_makes_segments_smaller) {
  script s;
  const int fd = s.accept_connection("<mss 1460,sackOK,wscale 7>");
  EXPECT_EQ(s.write(fd, 1460), 1460);
  s.out(0, "P. 1:1461(1460) ack 1");
  s.in_frag_needed(10, 1, 1200);
  s.out(0, "P. 1:1461(1460) ack 1");
  s.in(100, ". 1:1(0) ack 1461");
}

TEST(dsack, is_of_the_last_segment_or_not_at_all) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "P. 1:101(100) ack 1");
  s.out(0, ". 1:1(0) ack 101");
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(0, "P. 1:1001(1000) ack 101");
  s.in(10, ". 101:101(0) ack 1001");
  // In a conversation the ACKs wait.
  s.in(10, "P. 101:201(100) ack 1001");
  s.in(5, "P. 151:251(100) ack 1001");
  s.in(5, "FP. 251:351(100) ack 1001");
  s.out(30, ". 1001:1001(0) ack 352");
  EXPECT_EQ(s.last().options.sack_block_count, 0);
}

}  // namespace
}  // namespace fourtuple
