// SPDX-License-Identifier: Apache-2.0
// What leaves and when: Nagle's rule as Minshall changed it, TCP_CORK, MSG_MORE, MSG_EOR, MSS, TCP_NOTSENT_LOWAT.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

TEST(nagle, a_small_segment_waits_only_for_another_small_one) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 1400), 1400);
  s.out(0, "P. 1:1401(1400) ack 1");
  EXPECT_EQ(s.write(fd, 100), 100);
  s.in(50, ". 1:1(0) ack 1001");
  s.in(10, ". 1:1(0) ack 1401");
  s.out(0, "P. 1401:1501(100) ack 1");
}

TEST(nagle, nodelay_sends_at_once) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1");
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 101:201(100) ack 1");
}

TEST(nagle, cork_holds_a_tail_until_it_is_taken_away) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_CORK, 1), 0);
  EXPECT_EQ(s.write(fd, 40), 40);
  s.wait(50);
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(0, ". 1:1001(1000) ack 1");
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_CORK, 0), 0);
  s.out(0, "P. 1001:1041(40) ack 1");
}

TEST(nagle, a_corked_tail_goes_after_200_ms) {
  script s;
  const int fd = s.accept_connection(script::usual, "257", 10);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_CORK, 1), 0);
  EXPECT_EQ(s.write(fd, 40), 40);
  s.out(212, "P. 1:41(40) ack 1");
}

TEST(nagle, msg_more_is_a_cork_for_one_call) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.send(fd, 40, MSG_MORE), 40);
  s.wait(20);
  EXPECT_EQ(s.write(fd, 60), 60);
  s.out(0, "P. 1:101(100) ack 1");
}

TEST(eor, ends_a_record) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  EXPECT_EQ(s.write(fd, 10000), 10000);
  s.out(0, "P. 1:2001(2000) ack 1");
  s.out(0, "P. 2001:4001(2000) ack 1");
  s.out(0, "P. 4001:6001(2000) ack 1");
  s.out(0, "P. 6001:8001(2000) ack 1");
  s.out(0, "P. 8001:10001(2000) ack 1");
  EXPECT_EQ(s.send(fd, 400, MSG_EOR), 400);
  EXPECT_EQ(s.send(fd, 400, 0), 400);
  s.in(100, ". 1:1(0) ack 10001 win 1000");
  s.out(0, "P. 10001:10401(400) ack 1");
  s.out(0, "P. 10401:10801(400) ack 1");
}

TEST(mss, maxseg_limits_both_ways) {
  script s;
  const int listener = s.socket();
  EXPECT_EQ(s.set(listener, IPPROTO_TCP, TCP_MAXSEG, 1100), 0);
  EXPECT_EQ(s.get(listener, IPPROTO_TCP, TCP_MAXSEG), 1100);
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EXPECT_EQ(s.bind(listener), 0);
  EXPECT_EQ(s.call([&](const auto& to) { return to.listen(to.userdata, listener, 1); }), 0);
  s.in(0, "S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 win 65535 <mss 1100,sackOK,wscale 8>");
  s.in(100, ". 1:1(0) ack 1 win 1000");
  const int fd = static_cast<int>(s.accept(listener));
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 1100);
  EXPECT_EQ(s.write(fd, 1200), 1200);
  s.out(0, "P. 1:1201(1200) ack 1");
}

TEST(mss, of_a_client) {
  script s;
  const int fd = s.socket();
  s.set_nonblocking(fd);
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 536);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_MAXSEG, 1100), 0);
  EXPECT_EQ(s.connect(fd), -EINPROGRESS);
  s.out(0, "S 0:0(0) win 65535 <mss 1100,sackOK,TS val 100 ecr 0,wscale 8>");
  s.in(100, "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,wscale 7>");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_MAXSEG), 1100);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_MAXSEG, 40), -EINVAL);
}

TEST(tos, is_in_what_is_sent) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_TOS, 4), 0);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1 win 1050 tos 4");
}

TEST(notsent_lowat, writable_when_little_waits_to_be_sent) {
  script s;
  const int fd = s.accept_connection(script::usual, "4000");
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 8000), 0);
  s.set_nonblocking(fd);
  EXPECT_EQ(s.poll(fd, POLLOUT), static_cast<unsigned>(POLLOUT));
  EXPECT_EQ(s.write(fd, 10000), 10000);
  EXPECT_EQ(s.poll(fd, POLLOUT), static_cast<unsigned>(POLLOUT));
  EXPECT_EQ(s.write(fd, 4000), 4000);
  EXPECT_EQ(s.poll(fd, POLLOUT), 0U);
}

TEST(notsent_lowat, of_the_system) {
  script s;
  s.sysctl("net/ipv4/tcp_notsent_lowat", "8000");
  const int fd = s.accept_connection(script::usual, "4000");
  s.set_nonblocking(fd);
  EXPECT_EQ(s.write(fd, 10000), 10000);
  EXPECT_EQ(s.poll(fd, POLLOUT), static_cast<unsigned>(POLLOUT));
  EXPECT_EQ(s.write(fd, 4000), 4000);
  EXPECT_EQ(s.poll(fd, POLLOUT), 0U);
}

}  // namespace
}  // namespace fourtuple
