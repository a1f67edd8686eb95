// SPDX-License-Identifier: Apache-2.0
// Closing and shutting down, resets, and segments that are not to be believed (RFC 9293 3.6, RFC 5961, RFC 7323 5).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

TEST(closing, the_peer_closes_first) {
  script s;
  const int fd = s.accept_connection();
  s.in(100, "F. 1:1(0) ack 1");
  s.out(1, ". 1:1(0) ack 2");
  EXPECT_EQ(s.read(fd, 10), 0);
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 2");
  s.in(100, ". 2:2(0) ack 2");
  s.in(10, ". 2:2(0) ack 2");
  s.out(0, "R 2:2(0)");
}

TEST(closing, fin_of_the_peer_after_data_is_acknowledged_with_it) {
  script s;
  const int fd = s.accept_connection();
  s.in(100, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  s.in(10, "F. 1001:1001(0) ack 1");
  s.out(40, ". 1:1(0) ack 1002");
  EXPECT_EQ(s.read(fd, 2000), 1000);
  EXPECT_EQ(s.read(fd, 2000), 0);
}

TEST(closing, unread_data_turns_close_into_a_reset) {
  script s;
  const int fd = s.accept_connection();
  s.in(100, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "R. 1:1(0) ack 1001");
}

TEST(closing, linger_0_resets) {
  script s;
  const int fd = s.accept_connection();
  const linger abort{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(s.call([&](const auto& to) {
    return to.setsockopt(to.userdata, fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }),
            0);
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "R. 1:1(0) ack 1");
}

TEST(closing, in_syn_sent_is_silent_and_a_late_answer_is_reset) {
  script s;
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  EXPECT_EQ(s.close(fd), 0);
  s.in(100, "S. 0:0(0) ack 1 win 5840 <mss 1000>");
  s.out(0, "R 1:1(0)");
}

TEST(closing, time_wait_answers_a_repeated_fin) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.in(100, "F. 1:1(0) ack 2");
  s.out(0, ". 2:2(0) ack 2");
  s.in(100, "F. 1:1(0) ack 2");
  s.out(0, ". 2:2(0) ack 2");
}

TEST(closing, simultaneous_close) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.in(10, "F. 1:1(0) ack 1");
  s.out(0, ". 2:2(0) ack 2");
  s.in(10, ". 2:2(0) ack 2");
  s.silence(500);
}

TEST(closing, data_for_an_orphan_is_reset) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.in(100, ". 1:1(0) ack 2");
  s.in(100, "P. 1:1001(1000) ack 2");
  s.out(0, "R 2:2(0)");
}

TEST(shutdown, wr_sends_fin_and_lets_the_peer_go_on) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.shutdown(fd, SHUT_WR), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.in(10, ". 1:1(0) ack 2");
  EXPECT_EQ(s.write(fd, 10), -EPIPE);
  s.in(100, "P. 1:1001(1000) ack 2");
  s.out(0, ". 2:2(0) ack 1001");
  EXPECT_EQ(s.read(fd, 1000), 1000);
  s.in(10, "F. 1001:1001(0) ack 2");
  s.out(0, ". 2:2(0) ack 1002");
  EXPECT_EQ(s.read(fd, 1000), 0);
}

TEST(shutdown, rd_ends_reading_but_not_receiving) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.shutdown(fd, SHUT_RD), 0);
  EXPECT_EQ(s.read(fd, 10), 0);
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  EXPECT_EQ(s.read(fd, 2000), 1000);
  EXPECT_EQ(s.read(fd, 10), 0);
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 1001");
}

TEST(shutdown, rdwr) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.shutdown(fd, SHUT_RDWR), 0);
  s.out(0, "F. 1:1(0) ack 1");
  EXPECT_EQ(s.write(fd, 10), -EPIPE);
  EXPECT_EQ(s.read(fd, 10), 0);
  EXPECT_EQ(s.poll(fd, POLLIN | POLLOUT | POLLRDHUP), static_cast<unsigned>(POLLIN | POLLOUT | POLLRDHUP | POLLHUP));
  s.in(10, ". 1:1(0) ack 2");
  s.in(10, "F. 1:1(0) ack 2");
  s.out(0, ". 2:2(0) ack 2");
}

TEST(validation, a_reset_must_have_the_exact_number) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "R 100:100(0) win 0");
  s.out(0, ". 1:1(0) ack 1");
  s.in(1000, "R 1:1(0) win 0");
  EXPECT_EQ(s.read(fd, 10), -ECONNRESET);
  EXPECT_EQ(s.read(fd, 10), 0);
  EXPECT_EQ(s.write(fd, 10), -EPIPE);
}

TEST(validation, a_syn_gets_a_challenge_ack) {
  script s;
  static_cast<void>(s.accept_connection());
  s.in(10, "S 1:1(0) win 1000");
  s.out(0, ". 1:1(0) ack 1");
}

TEST(validation, segments_without_any_flag_are_dropped) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  s.in(10, "- 1:1001(1000)");
  s.in(10, "P 1:1001(1000)");
  s.in(10, "F 1:1001(1000)");
  EXPECT_EQ(s.read(fd, 1000), -EAGAIN);
  s.silence(300);
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
}

TEST(validation, an_ack_of_what_was_not_sent_is_answered_and_its_data_dropped) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  s.in(10, "P. 1:1001(1000) ack 2");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.read(fd, 1000), -EAGAIN);
}

TEST(timestamps, ts_recent_is_not_taken_from_a_segment_with_a_bad_ack) {
  script s;
  static_cast<void>(s.accept_connection(script::usual_ts));
  s.in(10, ". 1:1(0) ack 9999 <TS val 200000 ecr 100>");
  s.out(0, ". 1:1(0) ack 1 <TS val 210 ecr 1100>");
  s.in(1000, ". 1:1001(1000) ack 1 <TS val 1201 ecr 100>");
  s.out(0, ". 1:1(0) ack 1001 <TS val 1210 ecr 1201>");
}

TEST(timestamps, older_ones_are_answered_and_dropped) {
  script s;
  const int fd = s.accept_connection(script::usual_ts);
  s.set_nonblocking(fd);
  s.in(10, ". 1:1001(1000) ack 1 <TS val 500 ecr 100>");
  s.out(0, ". 1:1(0) ack 1 <TS val 210 ecr 1100>");
  EXPECT_EQ(s.read(fd, 1000), -EAGAIN);
}

TEST(timestamps, of_fin_and_reset_are_current) {
  script s;
  const int fd = s.accept_connection(script::usual_ts);
  EXPECT_EQ(s.shutdown(fd, SHUT_WR), 0);
  s.out(0, "F. 1:1(0) ack 1 <TS val 200 ecr 1100>");
  s.in(50, "P. 1:1001(1000) ack 2 <TS val 1150 ecr 200>");
  s.out(0, ". 2:2(0) ack 1001 <TS val 250 ecr 1150>");
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "R. 2:2(0) ack 1001 <TS val 250 ecr 1150>");
}

TEST(user_timeout, an_unacknowledged_fin_goes_on_until_data_comes_for_nobody) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 3000), 0);
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.out(300, "F. 1:1(0) ack 1");
  s.out(300, "F. 1:1(0) ack 1");
  s.out(600, "F. 1:1(0) ack 1");
  s.in(1000, "P. 1:1001(1000) ack 2");
  s.out(0, "R 2:2(0)");
}

TEST(linger2, below_0_ends_when_the_fin_is_acknowledged) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_LINGER2, -1), 0);
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1:1(0) ack 1");
  s.in(10, ". 1:1(0) ack 2");
  s.out(0, "R 2:2(0)");
}

TEST(keepalive, probes_and_gives_up) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1), 0);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1), 0);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_KEEPCNT, 2), 0);
  s.out(1000, ". 0:0(0) ack 1");
  s.out(1000, ". 0:0(0) ack 1");
  s.out(1000, "R. 1:1(0) ack 1");
  EXPECT_EQ(s.read(fd, 1), -ETIMEDOUT);
  EXPECT_EQ(s.read(fd, 1), 0);
  EXPECT_EQ(s.write(fd, 1), -EPIPE);
}

}  // namespace
}  // namespace fourtuple
