// SPDX-License-Identifier: Apache-2.0
// What becomes of queues when a side is shut or a timer gives up, of segments at the edges of what was agreed, and of
// reordering (RFC 9293 3.6 and 3.8, RFC 5482, RFC 2018). Checked on Linux.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

TEST(shutdown, of_both_with_a_send_queue_that_is_acknowledged_before_the_close) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 4000), 4000);
  s.out(0, "P. 1:2001(2000) ack 1");
  s.out(0, "P. 2001:4001(2000) ack 1");
  EXPECT_EQ(s.shutdown(fd, SHUT_RDWR), 0);
  s.out(0, "F. 4001:4001(0) ack 1");
  s.in(100, ". 1:1(0) ack 4002 win 257");
  EXPECT_EQ(s.close(fd), 0);
  s.in(50, "F. 1:1(0) ack 4002 win 257");
  s.out(0, ". 4002:4002(0) ack 2");
}

TEST(shutdown, a_fin_waits_for_the_congestion_window) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 10'000), 10'000);
  for (int at = 1; at < 10'001; at += 2000) {
    s.out(0, "P. " + std::to_string(at) + ":" + std::to_string(at + 2000) + "(2000) ack 1");
  }
  EXPECT_EQ(s.shutdown(fd, SHUT_WR), 0);
  // The tail loss probe takes it along.
  s.out(200, "F. 10001:10001(0) ack 1");
}

TEST(shutdown, of_both_with_a_write_queue_sends_it_and_the_fin) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 12'000), 12'000);
  for (int at = 1; at < 10'001; at += 2000) {
    s.out(0, "P. " + std::to_string(at) + ":" + std::to_string(at + 2000) + "(2000) ack 1");
  }
  EXPECT_EQ(s.shutdown(fd, SHUT_RDWR), 0);
  EXPECT_EQ(s.close(fd), 0);
  s.in(100, ". 1:1(0) ack 10001 win 257");
  s.out(0, "FP. 10001:12001(2000) ack 1");
  s.in(100, "F. 1:1(0) ack 12002 win 257");
  s.out(0, ". 12002:12002(0) ack 2");
}

TEST(shutdown, of_writing_then_close_then_the_peers_fin) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.shutdown(fd, SHUT_WR), 0);
  s.out(0, "F. 1:1(0) ack 1");
  EXPECT_EQ(s.write(fd, 1), -EPIPE);
  s.in(50, ". 1:1(0) ack 2");
  EXPECT_EQ(s.close(fd), 0);
  s.in(50, "F. 1:1(0) ack 2");
  s.out(0, ". 2:2(0) ack 2");
}

TEST(shutdown, of_an_unconnected_socket_and_twice) {
  script s;
  const int fd = s.socket();
  EXPECT_EQ(s.shutdown(fd, SHUT_RDWR), -ENOTCONN);
  const int connected = s.accept_connection();
  EXPECT_EQ(s.shutdown(connected, SHUT_WR), 0);
  s.out(0, "F. 1:1(0) ack 1");
  EXPECT_EQ(s.shutdown(connected, SHUT_WR), 0);
  EXPECT_EQ(s.shutdown(connected, 3), -EINVAL);
  EXPECT_EQ(s.poll(connected, POLLIN | POLLOUT | POLLRDHUP), static_cast<unsigned>(POLLOUT));
}

TEST(shutdown, of_both_resets_who_sends_on) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.shutdown(fd, SHUT_RDWR), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.in(20, ". 1:1(0) ack 2");
  s.in(20, "P. 1:1001(1000) ack 2");
  s.out(0, "R 2:2(0) win 0");
}

TEST(fin, what_stands_behind_it_is_no_data) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "F. 1:1001(1000) ack 1");
  s.in(0, "P. 1002:2002(1000) ack 1");
  s.in(0, "P. 3002:4002(1000) ack 1");
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1002");
  EXPECT_EQ(s.read(fd, 10'000), 1000);
  EXPECT_EQ(s.read(fd, 10'000), 0);
}

TEST(fin, forgets_a_dsack_that_was_to_be_reported) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "F. 0:1001(1001) ack 1");
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1002");
}

TEST(user_timeout, ends_a_connection_whose_window_stays_closed) {
  script s;
  const int fd = s.accept_connection(script::usual, "0");
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000), 0);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(300, ". 0:0(0) ack 1");
  s.wait(1700);
  EXPECT_EQ(s.info(fd).tcpi_backoff, 0)
      << "a connection that has ended waits for nothing (Linux: tcp_write_queue_purge)";
  EXPECT_EQ(s.write(fd, 100), -ETIMEDOUT);
}

TEST(reordering, of_one_segment_by_three_is_learned) {
  script s;
  const int fd = s.accept_connection(script::usual, "1000");
  EXPECT_EQ(s.write(fd, 10'000), 10'000);
  for (int at = 1; at < 10'001; at += 2000) {
    s.out(0, "P. " + std::to_string(at) + ":" + std::to_string(at + 2000) + "(2000) ack 1");
  }
  s.in(105, ". 1:1(0) ack 1 win 1000 <sack 1001:2001>");
  s.in(0, ". 1:1(0) ack 1 win 1000 <sack 1001:2001 5001:6001>");
  s.in(0, ". 1:1(0) ack 1 win 1000 <sack 1001:2001 4001:6001>");
  // A quarter of the round trip, as there is reordering (RFC 8985 6.2).
  s.out(27, ". 1:1001(1000) ack 1");
  // The first came late, and the fourth before the third and the second.
  s.in(10, ". 1:1(0) ack 2001 win 1000 <sack 4001:6001>");
  EXPECT_GE(s.info(fd).tcpi_reordering, 3U);
}

TEST(receive_window, a_segment_that_begins_left_of_it_and_ends_inside_is_trimmed) {
  script s;
  const int fd = s.accept_connection();
  s.in(0, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  s.in(10, "P. 501:1501(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1501");
  EXPECT_EQ(s.read(fd, 10'000), 1500);
  EXPECT_EQ(s.ioctl(fd, FIONREAD), 0);
}

TEST(receive_window, a_segment_wholly_left_of_it_is_answered_with_a_dsack) {
  script s;
  const int fd = s.accept_connection();
  s.in(0, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  s.in(10, "P. 1:501(500) ack 1");
  s.out(0, ". 1:1(0) ack 1001 <sack 1:501>");
  EXPECT_EQ(s.read(fd, 10'000), 1000);
}

// RFC 7323 3.2 would have it dropped.
TEST(segment_validation, without_timestamps_where_they_were_agreed_is_taken) {
  script s;
  const int fd = s.accept_connection(script::usual_ts);
  s.in(10, "P. 1:11(10) ack 1");
  s.out(0, ". 1:1(0) ack 11 <TS val 210 ecr 1100>");
  EXPECT_EQ(s.read(fd, 10), 10);
}

TEST(segment_validation, an_old_ack_beyond_the_largest_window_is_challenged) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  s.in(100, ". 1:1(0) ack 1001");
  // RFC 5961 5.2.
  s.in(10, "P. 1:11(10) ack -100000");
  s.out(0, ". 1001:1001(0) ack 1");
  EXPECT_EQ(s.recv(fd, 10, MSG_DONTWAIT), -EAGAIN);
}

TEST(segment_validation, an_ack_of_the_past_carries_its_data) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  s.in(100, ". 1:1(0) ack 1001");
  s.in(10, "P. 1:11(10) ack 501");
  s.out(0, ". 1001:1001(0) ack 11");
  EXPECT_EQ(s.read(fd, 10), 10);
}

TEST(mss, getsockopt_says_it_before_and_after) {
  script s;
  const int fd = s.socket();
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 536);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_MAXSEG, 1100), 0);
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 1100);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_MAXSEG, 10), -EINVAL);
  s.set_nonblocking(fd);
  EXPECT_EQ(s.connect(fd), -EINPROGRESS);
  s.out(0, "S 0:0(0) win 65535 <...>");
  EXPECT_EQ(s.last().options.mss, 1100);
  s.in(50, "S. 0:0(0) ack 1 win 65535 <mss 1040,sackOK>");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 1040);
}

TEST(connect, with_a_syn_that_carries_nothing_back) {
  script s;
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  EXPECT_EQ(s.connect(fd), -EALREADY);
  s.in(50, "S. 0:0(0) ack 1 win 1000");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.connect(fd), 0);
  EXPECT_EQ(s.connect(fd), -EISCONN);
  // Half of the window that the peer offers is less than the 536 of a peer that names no MSS.
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 500);
}

TEST(connect, both_at_once) {
  script s;
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  s.in(20, "S 0:0(0) win 5840 <mss 1000,sackOK>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(20, "S. 0:0(0) ack 1 win 5840 <mss 1000,sackOK>");
  s.out(0, ". 1:1(0) ack 1 <...>");
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1");
}

TEST(rto, of_several_segments_sends_the_first_again_and_backs_off) {
  script s;
  const int fd = s.accept_connection(script::usual, "257");
  EXPECT_EQ(s.write(fd, 4000), 4000);
  s.out(0, "P. 1:2001(2000) ack 1");
  s.out(0, "P. 2001:4001(2000) ack 1");
  s.out(200, "P. 3001:4001(1000) ack 1");
  s.out(300, ". 1:1001(1000) ack 1");
  s.out(600, ". 1:1001(1000) ack 1");
  s.in(100, ". 1:1(0) ack 1001");
  s.out(0, ". 1001:2001(1000) ack 1");
  s.out(0, ". 2001:3001(1000) ack 1");
}

TEST(synack, of_a_listener_that_defers_is_sent_again_to_a_bare_ack) {
  script s;
  const int listener = s.listen();
  EXPECT_EQ(s.set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3), 0);
  s.set_nonblocking(listener);
  s.in(0, "S 0:0(0) win 32792 <mss 1000>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(10, ". 1:1(0) ack 1 win 257");
  EXPECT_EQ(s.accept(listener), -EAGAIN);
  s.in(100, "P. 1:11(10) ack 1 win 257");
  s.out(0, ". 1:1(0) ack 11");
  EXPECT_GE(s.accept(listener), 0);
}

TEST(ioctl, outq_counts_a_fin_and_nsd_what_waits) {
  script s;
  const int fd = s.accept_connection(script::usual, "257");
  EXPECT_EQ(s.write(fd, 12'000), 12'000);
  for (int at = 1; at < 10'001; at += 2000) {
    s.out(0, "P. " + std::to_string(at) + ":" + std::to_string(at + 2000) + "(2000) ack 1");
  }
  EXPECT_EQ(s.ioctl(fd, TIOCOUTQ), 12'000);
  EXPECT_EQ(s.ioctl(fd, 0x894b), 2000);  // SIOCOUTQNSD
  s.in(100, ". 1:1(0) ack 10001");
  s.out(0, "P. 10001:12001(2000) ack 1");
  EXPECT_EQ(s.shutdown(fd, SHUT_WR), 0);
  s.out(0, "F. 12001:12001(0) ack 1");
  EXPECT_EQ(s.ioctl(fd, TIOCOUTQ), 2001);
}

}  // namespace
}  // namespace fourtuple
