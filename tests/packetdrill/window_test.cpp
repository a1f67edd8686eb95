// SPDX-License-Identifier: Apache-2.0
// The edges of the receive window (RFC 9293 3.8.6.2; Linux: tcp_sequence, tcp_data_queue).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

/// A connection whose receive buffer is 20000 bytes, doubled.
int small_buffer(script& s) {
  const int listener = s.socket();
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_RCVBUF, 20000), 0);
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EXPECT_EQ(s.bind(listener), 0);
  EXPECT_EQ(s.call([&](const auto& to) { return to.listen(to.userdata, listener, 1); }), 0);
  s.in(0, "S 0:0(0) win 32792 <mss 1000,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 win 18980 <mss 1460,wscale 0>");
  s.in(100, ". 1:1(0) ack 1 win 257");
  return static_cast<int>(s.accept(listener));
}

TEST(window_edge, a_segment_that_ends_beyond_is_taken_while_nothing_waits_to_be_read) {
  script s;
  const int fd = small_buffer(s);
  s.in(10, "P. 1:20001(20000) ack 1");
  // So large a segment is nearly all payload: the buffer is good for twice the window that it was thought to be.
  s.out(40, ". 1:1(0) ack 20001 win 17520");
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_RCVBUF, 12000), 0);
  s.in(10, "P. 20001:80001(60000) ack 1");
  s.out(0, ". 1:1(0) ack 20001 win 17520");
  EXPECT_EQ(s.read(fd, 100000), 20000);
  s.in(10, "P. 20001:80001(60000) ack 1");
  EXPECT_EQ(s.read(fd, 1), 1);
  s.out(0, ". 1:1(0) ack 80001 win 0");
}

TEST(window_edge, and_dropped_while_something_does) {
  script s;
  const int fd = small_buffer(s);
  s.in(10, "P. 1:5001(5000) ack 1");
  s.out(0, ". 1:1(0) ack 5001");
  s.in(10, "P. 5001:65001(60000) ack 1");
  s.out(0, ". 1:1(0) ack 5001");
  EXPECT_EQ(s.read(fd, 100000), 5000);
  s.in(1000, "P. 5001:55001(50000) ack 1");
  s.out(40, ". 1:1(0) ack 55001");
  EXPECT_EQ(s.read(fd, 100000), 50000);
}

TEST(window_edge, a_fin_behind_a_full_window_is_taken) {
  script s;
  const int fd = small_buffer(s);
  s.in(10, "P. 1:18981(18980) ack 1");
  s.out(40, ". 1:1(0) ack 18981");
  s.in(10, "F. 18981:18981(0) ack 1");
  s.out(80, ". 1:1(0) ack 18982");
  EXPECT_EQ(s.read(fd, 100000), 18980);
  EXPECT_EQ(s.read(fd, 100000), 0);
}

TEST(window_edge, out_of_order_at_the_edge) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, ". 200001:201001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 200001:201001>");
  s.in(10, ". 269001:270001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 200001:201001>");
}

TEST(receive_window, grows_with_segments_that_are_mostly_payload) {
  script s;
  static_cast<void>(s.accept_connection());
  int at = 1;
  for (const int window : {1128, 1206, 1284, 1362, 1440, 1447, 1408, 1369, 1330}) {
    s.in(10, "P. " + std::to_string(at) + ":" + std::to_string(at + 10000) + "(10000) ack 1");
    at += 10000;
    s.out(0, ". 1:1(0) ack " + std::to_string(at) + " win " + std::to_string(window));
  }
}

TEST(receive_window, does_not_grow_with_segments_that_are_mostly_overhead) {
  script s;
  const int fd = s.accept_connection();
  for (int at = 1; at < 16001; at += 1000) {
    s.in(10, "P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    const int window = 1046 - 3 * (at / 1000);
    s.out(0, ". 1:1(0) ack " + std::to_string(at + 1000) + " win " + std::to_string(window));
  }
  s.in(10, "P. 16001:17001(1000) ack 1");
  s.out(40, ". 1:1(0) ack 17001 win 998");
  EXPECT_EQ(s.read(fd, 100000), 17000);
}

TEST(receive_window, while_it_grows_each_segment_is_acknowledged) {
  script s;
  static_cast<void>(s.accept_connection("<mss 1460,sackOK,wscale 7>"));
  for (int at = 1; at < 43801; at += 1460) {
    s.in(5, "P. " + std::to_string(at) + ":" + std::to_string(at + 1460) + "(1460) ack 1");
    s.out(0, ". 1:1(0) ack " + std::to_string(at + 1460));
  }
}

TEST(receive_window, is_limited_by_what_small_segments_cost) {
  script s;
  const int listener = s.socket();
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_RCVBUF, 4000), 0);
  EXPECT_EQ(s.bind(listener), 0);
  EXPECT_EQ(s.call([&](const auto& to) { return to.listen(to.userdata, listener, 1); }), 0);
  s.in(0, "S 0:0(0) win 32792 <mss 1000,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 win 2920 <mss 1460,wscale 0>");
  s.in(100, ". 1:1(0) ack 1 win 257");
  const int fd = static_cast<int>(s.accept(listener));
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001 win 2000");
  // Less than half of the buffer is left: no ACK at once any more.
  s.in(10, "P. 1001:2001(1000) ack 1");
  s.out(40, ". 1:1(0) ack 2001 win 1000");
  s.in(10, "P. 2001:3001(1000) ack 1");
  // The delay has followed the time between segments.
  s.out(90, ". 1:1(0) ack 3001 win 0");
  s.in(10, "P. 3001:4001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 3001 win 0");
  EXPECT_EQ(s.read(fd, 100000), 3000);
  s.out(0, ". 1:1(0) ack 3001 win 2000");
}

TEST(segment_size, is_learned_from_segments_out_of_order) {
  script s;
  const int fd = s.accept_connection("<mss 1000,sackOK,wscale 7>");
  s.in(10, ". 2001:3001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:3001>");
  EXPECT_EQ(s.info(fd).tcpi_rcv_mss, 1000U);
  // Two smaller ones of one size in a row, of which none ends a write.
  s.in(10, ". 1:701(700) ack 1");
  s.out(0, ". 1:1(0) ack 701 <...>");
  EXPECT_EQ(s.info(fd).tcpi_rcv_mss, 1000U);
  s.in(10, ". 701:1401(700) ack 1");
  s.out(0, ". 1:1(0) ack 1401 <...>");
  EXPECT_EQ(s.info(fd).tcpi_rcv_mss, 700U);
}

TEST(data_with_fin, is_acknowledged_after_a_delay) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, "FP. 1:501(500) ack 1");
  s.out(40, ". 1:1(0) ack 502");
}

TEST(accepting, out_of_order_data_before_and_after) {
  script s;
  const int listener = s.listen();
  s.in(0, "S 0:0(0) win 32792 <mss 1000,sackOK,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(10, ". 1:1(0) ack 1");
  s.in(10, ". 2001:41001(39000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:41001>");
  s.in(10, ". 41001:101001(60000) ack 1");
  s.out(0, ". 1:1(0) ack 1 <sack 2001:101001>");
  s.in(10, ". 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001 <sack 2001:101001>");
  s.in(10, ". 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 101001");
  const int fd = static_cast<int>(s.accept(listener));
  EXPECT_EQ(s.read(fd, 200000), 101000);
}

TEST(accepting, data_on_the_third_ack) {
  script s;
  const int listener = s.listen();
  s.in(0, "S 0:0(0) win 32792 <mss 1000>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(10, "P. 1:101(100) ack 1");
  s.out(0, ". 1:1(0) ack 101");
  const int fd = static_cast<int>(s.accept(listener));
  EXPECT_EQ(s.read(fd, 1000), 100);
}

}  // namespace
}  // namespace fourtuple
