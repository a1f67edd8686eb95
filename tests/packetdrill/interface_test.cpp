// SPDX-License-Identifier: Apache-2.0
// The shared object by itself: it loads, its clock and descriptors are what a tool counts on, and through the table of
// functions it plays connections from handshake to close, calls that block, poll and epoll, timers and errors.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

bool is_the_kernel() { return std::getenv("FOURTUPLE_PACKETDRILL_OBJECT") != nullptr; }

/// With no NIC, the functional model and the RTL between the stack and the script.
void play_handshake_data_and_close(const std::string& flags) {
  script s(flags);
  const int listener = s.listen();
  s.set_nonblocking(listener);
  EXPECT_EQ(s.accept(listener), -EAGAIN);
  s.in(0, "S 0:0(0) win 32792 <mss 1000,sackOK,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,wscale 8>");
  EXPECT_EQ(s.accept(listener), -EAGAIN);
  s.in(100, ". 1:1(0) ack 1 win 257");
  const int fd = static_cast<int>(s.accept(listener));
  ASSERT_GE(fd, 0);
  s.in(0, "P. 1:11(10) ack 1");
  s.out(0, ". 1:1(0) ack 11 win 1050");
  EXPECT_EQ(s.read(fd, 100), 10);
  EXPECT_EQ(s.write(fd, 500), 500);
  s.out(0, "P. 1:501(500) ack 11");
  s.in(100, ". 11:11(0) ack 501");
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 501:501(0) ack 11");
  s.in(100, "F. 11:11(0) ack 502");
  s.out(0, ". 502:502(0) ack 12");
  EXPECT_EQ(s.read(fd, 1), -EBADF);
}

TEST(packetdrill_interface, plays_handshake_data_and_close) { play_handshake_data_and_close(""); }

TEST(packetdrill_interface, plays_them_through_the_functional_model) {
  if (is_the_kernel() || !FOURTUPLE_WITH_SIMULATOR) GTEST_SKIP() << "there is no simulated NIC";
  play_handshake_data_and_close("nic=model");
}

TEST(packetdrill_interface, plays_them_through_the_rtl) {
  if (is_the_kernel() || !FOURTUPLE_WITH_SIMULATOR) GTEST_SKIP() << "there is no simulated NIC";
  play_handshake_data_and_close("nic=rtl");
}

TEST(packetdrill_interface, units_pass_a_nic_that_cuts_them) {
  if (is_the_kernel() || !FOURTUPLE_WITH_SIMULATOR) GTEST_SKIP() << "there is no simulated NIC";
  script s("nic=model");
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 4500), 4500);
  s.out(0, "P. 1:2001(2000) ack 1");
  s.out(0, "P. 2001:4001(2000) ack 1");
  s.out(0, "P. 4001:4501(500) ack 1");
  s.in(100, ". 1:1(0) ack 4501 win 257");
  s.in(0, "P. 1:60001(60000) ack 4501");
  s.wait(50);
  EXPECT_EQ(s.read(fd, 100'000), 60'000);
}

TEST(packetdrill_interface, accept_returns_the_peers_address) {
  script s;
  const int listener = s.listen();
  s.in(0, "S 0:0(0) win 32792 <mss 1000>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(10, ". 1:1(0) ack 1");
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  ASSERT_GE(s.call([&](const auto& to) {
    return to.accept(to.userdata, listener, reinterpret_cast<sockaddr*>(&peer), &length);
  }),
            0);
  EXPECT_EQ(length, sizeof peer);
  EXPECT_EQ(ntohl(peer.sin_addr.s_addr), 0xc0000201U);
  EXPECT_EQ(ntohs(peer.sin_port), 40000);
}

TEST(packetdrill_interface, blocking_accept_and_read_come_back_when_something_comes) {
  script s;
  const int listener = s.listen();
  auto accepting =
      s.blocking([=](const auto& to) { return to.accept(to.userdata, listener, nullptr, nullptr) >= 0 ? 0 : -1; });
  s.in(100, "S 0:0(0) win 32792 <mss 1000>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(50, ". 1:1(0) ack 1");
  accepting.returns(0);
}

TEST(packetdrill_interface, a_blocked_call_ends_at_the_time_of_what_ended_it) {
  script s;
  const int fd = s.accept_connection();
  char byte = 0;
  auto reading = s.blocking([&](const auto& to) { return to.read(to.userdata, fd, &byte, 1); });
  s.in(250, "P. 1:11(10) ack 1");
  s.out(0, ". 1:1(0) ack 11");
  s.wait(0);
  reading.returns(1);
  // Time has gone on before the result is looked at.
  auto again = s.blocking([&](const auto& to) {
    char more[10];
    return to.recv(to.userdata, fd, more, 10, MSG_WAITALL);
  });
  s.in(20, "P. 11:12(1) ack 1");
  const std::int64_t end = s.now_us();
  s.out(0, ". 1:1(0) ack 12");
  s.functions().usleep(s.functions().userdata, 100'000);
  again.returns(10);
  EXPECT_GT(s.now_us(), end + 90'000);
}

TEST(packetdrill_interface, a_timeout_ends_a_blocked_call) {
  script s;
  const int fd = s.accept_connection();
  auto waiting = s.blocking([=](const auto& to) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return to.poll(to.userdata, &one, 1, 70);
  });
  waiting.returns(0, 70);
}

TEST(packetdrill_interface, blocking_connect) {
  script s;
  const int fd = s.socket();
  auto connecting = s.blocking([&](const auto&) { return s.connect(fd); });
  s.out(0, "S 0:0(0) <...>");
  s.in(100, "S. 0:0(0) ack 1 win 5840 <mss 1000>");
  s.out(0, ". 1:1(0) ack 1");
  connecting.returns(0);
}

TEST(packetdrill_interface, errors_are_libcs) {
  script s;
  EXPECT_EQ(s.read(-1, 1), -EBADF);
  const int fd = s.socket();
  EXPECT_EQ(s.shutdown(fd, SHUT_WR), -ENOTCONN);
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_create(to.userdata, 0); }), -EINVAL);
  EXPECT_EQ(
      s.call([&](const auto& to) { return to.getsockopt(to.userdata, fd, SOL_SOCKET, SO_ERROR, nullptr, nullptr); }),
      -EFAULT);
}

TEST(packetdrill_interface, refused_connection) {
  script s;
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  s.in(20, "R. 0:0(0) ack 1 win 0");
  EXPECT_EQ(s.poll(fd, POLLIN | POLLOUT), static_cast<unsigned>(POLLIN | POLLOUT | POLLERR | POLLHUP));
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
}

TEST(packetdrill_interface, timers_run_while_the_tool_waits_for_a_packet) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  s.out(300, "P. 1:1001(1000) ack 1");
  s.out(300, "P. 1:1001(1000) ack 1");
  s.out(600, "P. 1:1001(1000) ack 1");
  s.out(1200, "P. 1:1001(1000) ack 1");
}

TEST(packetdrill_interface, epoll_on_a_connection) {
  script s;
  const int fd = s.accept_connection();
  const int epoll = static_cast<int>(s.call([](const auto& to) { return to.epoll_create(to.userdata, 1); }));
  ASSERT_GE(epoll, 0);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = 7}};
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_ADD, fd, &event); }), 0);
  const auto wait = [&] {
    return s.call([&](const auto& to) { return to.epoll_wait(to.userdata, epoll, &event, 1, 0); });
  };
  EXPECT_EQ(wait(), 0);
  s.in(0, "P. 1:11(10) ack 1");
  s.out(0, ". 1:1(0) ack 11");
  EXPECT_EQ(wait(), 1);
  EXPECT_EQ(event.data.u64, 7U);
  EXPECT_EQ(wait(), 0);
}

TEST(packetdrill_interface, settings_are_read_when_a_socket_is_made) {
  script s;
  s.sysctl("net/ipv4/tcp_timestamps", "0");
  s.sysctl("net/ipv4/tcp_rmem", "4096 540000 33554432");
  static_cast<void>(s.begin_connection());
  s.out(0, "S 0:0(0) win 65535 <mss 1460,sackOK,wscale 10>");
}

TEST(packetdrill_interface, a_datagram_may_be_larger_than_the_mtu) {
  script s;
  const int fd = s.accept_connection();
  s.in(0, "P. 1:60001(60000) ack 1");
  s.out(0, ". 1:1(0) ack 60001");
  EXPECT_EQ(s.read(fd, 100'000), 60'000);
}

TEST(packetdrill_interface, descriptors_are_live_ones) {
  if (is_the_kernel()) GTEST_SKIP();
  script s;
  const int fd = s.socket();
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(s.close(fd), 0);
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  // Closed behind its back, a number may come again for another socket.
  const int leftover = s.socket();
  close(leftover);
  EXPECT_EQ(s.socket(), leftover);
}

TEST(packetdrill_interface, clock_advances_with_each_look) {
  if (is_the_kernel()) GTEST_SKIP();
  script s;
  const std::int64_t first = s.now_us();
  const std::int64_t second = s.now_us();
  EXPECT_GT(second, first);
  EXPECT_LE(second, first + 1000);
}

TEST(packetdrill_interface, no_packet_within_reason_is_said_with_a_count_of_0) {
  if (is_the_kernel()) GTEST_SKIP();
  script s;
  char packet[100];
  std::size_t count = sizeof packet;
  long long time_us = 0;
  EXPECT_EQ(s.functions().netdev_receive(s.functions().userdata, packet, &count, &time_us), 0);
  EXPECT_EQ(count, 0U);
}

TEST(packetdrill_interface, flags_that_are_not_understood_are_refused) {
  if (is_the_kernel()) GTEST_SKIP();
  EXPECT_THROW(script("nic=card"), std::runtime_error);
  if (!FOURTUPLE_WITH_SIMULATOR) {
    EXPECT_THROW(script("nic=model"), std::runtime_error);
  }
  EXPECT_THROW(script("mtu=12"), std::runtime_error);
  EXPECT_THROW(script("colour=blue"), std::runtime_error);
  EXPECT_THROW(script("local=192.168.0.300"), std::runtime_error);
}

}  // namespace
}  // namespace fourtuple
