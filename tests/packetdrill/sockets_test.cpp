// SPDX-License-Identifier: Apache-2.0
// The socket's face: bad arguments, options, TCP_INQ, ioctls, urgent data, readiness, TCP_INFO, splice.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

TEST(bad_arguments, null_buffers) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  EXPECT_EQ(s.call([&](const auto& to) { return to.write(to.userdata, fd, nullptr, 1000); }), -EFAULT);
  EXPECT_EQ(s.call([&](const auto& to) { return to.send(to.userdata, fd, nullptr, 1000, 0); }), -EFAULT);
  EXPECT_EQ(s.call([&](const auto& to) { return to.read(to.userdata, fd, nullptr, 1000); }), -EAGAIN);
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  EXPECT_EQ(s.call([&](const auto& to) { return to.read(to.userdata, fd, nullptr, 1000); }), -EFAULT);
  EXPECT_EQ(s.read(fd, 1000), 1000);
}

TEST(bad_arguments, empty_vectors) {
  script s;
  const int fd = s.accept_connection();
  msghdr message{};
  EXPECT_EQ(s.call([&](const auto& to) { return to.sendmsg(to.userdata, fd, &message, 0); }), 0);
  message.msg_iovlen = 1;
  EXPECT_EQ(s.call([&](const auto& to) { return to.sendmsg(to.userdata, fd, &message, 0); }), -EFAULT);
}

TEST(bad_arguments, states) {
  script s;
  const int fd = s.socket();
  EXPECT_EQ(s.accept(fd), -EINVAL);
  EXPECT_EQ(s.read(fd, 1), -ENOTCONN);
  EXPECT_EQ(s.write(fd, 1), -EPIPE);
  EXPECT_EQ(s.bind(fd), 0);
  EXPECT_EQ(s.bind(fd), -EINVAL);
  EXPECT_EQ(s.call([&](const auto& to) { return to.listen(to.userdata, fd, 1); }), 0);
  EXPECT_EQ(s.connect(fd), -EISCONN);
  const int other = s.socket();
  EXPECT_EQ(s.bind(other), -EADDRINUSE);
}

TEST(ioctl, counts_unread_and_unsent_bytes) {
  script s;
  const int fd = s.accept_connection(script::usual, "8");
  s.in(10, "P. 1:1001(1000) ack 1 win 8");
  s.out(0, ". 1:1(0) ack 1001");
  EXPECT_EQ(s.ioctl(fd, SIOCINQ), 1000);
  EXPECT_EQ(s.read(fd, 400), 400);
  EXPECT_EQ(s.ioctl(fd, FIONREAD), 600);
  EXPECT_EQ(s.write(fd, 2000), 2000);
  s.out(0, ". 1:513(512) ack 1001");
  s.out(0, "P. 513:1025(512) ack 1001");
  EXPECT_EQ(s.ioctl(fd, SIOCOUTQ), 2000);
  EXPECT_EQ(s.ioctl(fd, SIOCOUTQNSD), 976);
}

TEST(ioctl, inq_leaves_the_fin_out) {
  script s;
  const int fd = s.accept_connection();
  s.in(10, "FP. 1:1001(1000) ack 1");
  s.out(40, ". 1:1(0) ack 1002");
  EXPECT_EQ(s.ioctl(fd, SIOCINQ), 1000);
  EXPECT_EQ(s.read(fd, 1000), 1000);
  EXPECT_EQ(s.ioctl(fd, SIOCINQ), 0);
}

/// recvmsg; what TCP_INQ says, or nothing.
std::optional<int> read_with_inq(script& s, int fd, std::size_t bytes, std::int64_t expected) {
  std::vector<char> data(bytes);
  iovec vector{.iov_base = data.data(), .iov_len = bytes};
  alignas(cmsghdr) char control[64];
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_EQ(s.call([&](const auto& to) { return to.recvmsg(to.userdata, fd, &message, 0); }), expected);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != IPPROTO_TCP || header->cmsg_type != TCP_INQ) return std::nullopt;
  int value = 0;
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

TEST(inq, says_how_much_is_left) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.get(fd, IPPROTO_TCP, TCP_INQ), 0);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_INQ, 2), -EINVAL);
  s.in(10, "P. 1:2001(2000) ack 1");
  s.out(0, ". 1:1(0) ack 2001");
  EXPECT_EQ(read_with_inq(s, fd, 500, 500), std::nullopt);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_INQ, 1), 0);
  EXPECT_EQ(read_with_inq(s, fd, 500, 500), 1000);
  EXPECT_EQ(read_with_inq(s, fd, 1000, 1000), 0);
  s.in(10, "F. 2001:2001(0) ack 1");
  s.out(40, ". 1:1(0) ack 2002");
  EXPECT_EQ(read_with_inq(s, fd, 10, 0), 1);
}

TEST(urgent, is_read_out_of_band) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  EXPECT_EQ(s.recv(fd, 1, MSG_OOB), -EINVAL);
  s.in(10, "PU. 1:11(10) ack 1 urg 5");
  s.out(0, ". 1:1(0) ack 11");
  EXPECT_EQ(s.poll(fd, POLLIN | POLLPRI), static_cast<unsigned>(POLLIN | POLLPRI));
  EXPECT_EQ(s.ioctl(fd, SIOCATMARK), 0);
  EXPECT_EQ(s.ioctl(fd, SIOCINQ), 4);
  EXPECT_EQ(s.read(fd, 100), 4);
  EXPECT_EQ(s.ioctl(fd, SIOCATMARK), 1);
  EXPECT_EQ(s.recv(fd, 1, MSG_OOB), 1);
  EXPECT_EQ(s.recv(fd, 1, MSG_OOB), -EINVAL);
  EXPECT_EQ(s.read(fd, 100), 5);
  EXPECT_EQ(s.ioctl(fd, SIOCATMARK), 0);
  EXPECT_EQ(s.read(fd, 100), -EAGAIN);
}

TEST(urgent, in_line) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_OOBINLINE, 1), 0);
  s.in(10, "PU. 1:11(10) ack 1 urg 5");
  s.out(0, ". 1:1(0) ack 11");
  EXPECT_EQ(s.read(fd, 100), 4);
  EXPECT_EQ(s.recv(fd, 1, MSG_OOB), -EINVAL);
  EXPECT_EQ(s.read(fd, 100), 6);
}

TEST(urgent, announced_before_it_comes) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  s.in(10, "PU. 1:11(10) ack 1 urg 20");
  s.out(0, ". 1:1(0) ack 11");
  EXPECT_EQ(s.recv(fd, 1, MSG_OOB), -EAGAIN);
  EXPECT_EQ(s.read(fd, 100), 10);
  s.in(10, "P. 11:31(20) ack 1");
  s.out(0, ". 1:1(0) ack 31");
  EXPECT_EQ(s.recv(fd, 1, MSG_OOB), 1);
  EXPECT_EQ(s.read(fd, 100), 9);
  EXPECT_EQ(s.read(fd, 100), 10);
}

TEST(urgent, is_sent_at_once_with_its_pointer) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 10), 10);
  s.out(0, "P. 1:11(10) ack 1");
  EXPECT_EQ(s.send(fd, 10, MSG_OOB), 10);
  s.out(0, "PU. 11:21(10) ack 1 win 1050 urg 10");
  s.in(10, ". 1:1(0) ack 21");
  EXPECT_EQ(s.write(fd, 10), 10);
  s.out(0, "P. 21:31(10) ack 1");
}

TEST(epoll, edge_triggered_input) {
  script s;
  const int fd = s.accept_connection();
  const int epoll = static_cast<int>(s.call([](const auto& to) { return to.epoll_create(to.userdata, 1); }));
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = 0}};
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_ADD, fd, &event); }), 0);
  const auto wait = [&] {
    return s.call([&](const auto& to) { return to.epoll_wait(to.userdata, epoll, &event, 1, 0); });
  };
  EXPECT_EQ(wait(), 0);
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  EXPECT_EQ(wait(), 1);
  EXPECT_EQ(wait(), 0);
  s.in(10, "P. 1001:2001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 2001");
  EXPECT_EQ(wait(), 1);
  EXPECT_EQ(s.read(fd, 500), 500);
  EXPECT_EQ(wait(), 0);
}

TEST(epoll, edge_triggered_output) {
  script s;
  const int fd = s.accept_connection(script::usual, "10000");
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_SNDBUF, 20000), 0);
  s.set_nonblocking(fd);
  const int epoll = static_cast<int>(s.call([](const auto& to) { return to.epoll_create(to.userdata, 1); }));
  epoll_event event{.events = EPOLLOUT | EPOLLET, .data = {.u64 = 0}};
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_ADD, fd, &event); }), 0);
  const auto wait = [&] {
    return s.call([&](const auto& to) { return to.epoll_wait(to.userdata, epoll, &event, 1, 0); });
  };
  EXPECT_EQ(wait(), 1);
  EXPECT_EQ(wait(), 0);
  const std::int64_t sent = s.write(fd, 100000);
  EXPECT_GT(sent, 20000);
  EXPECT_EQ(wait(), 0);
}

TEST(epoll, exclusive_may_be_added_and_not_changed) {
  script s;
  const int fd = s.accept_connection();
  const int epoll = static_cast<int>(s.call([](const auto& to) { return to.epoll_create(to.userdata, 1); }));
  epoll_event event{.events = EPOLLOUT | EPOLLEXCLUSIVE, .data = {.u64 = 0}};
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_ADD, fd, &event); }), 0);
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_MOD, fd, &event); }),
            -EINVAL);
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_wait(to.userdata, epoll, &event, 1, 0); }), 1);
  EXPECT_EQ(event.events, static_cast<unsigned>(EPOLLOUT));
}

TEST(tcp_info, of_an_idle_connection) {
  script s;
  const int fd = s.accept_connection();
  const tcp_info info = s.info(fd);
  EXPECT_EQ(info.tcpi_state, 1);
  EXPECT_EQ(info.tcpi_snd_cwnd, 10U);
  EXPECT_EQ(info.tcpi_snd_mss, 1000U);
  EXPECT_NEAR(info.tcpi_rtt, 100'000, 12'000);
  EXPECT_EQ(info.tcpi_options, TCPI_OPT_SACK | TCPI_OPT_WSCALE);
}

TEST(splice, socket_to_socket_through_a_pipe) {
  script s;
  const int fd = s.accept_connection();
  int ends[2] = {};
  EXPECT_EQ(s.call([&](const auto& to) { return to.pipe(to.userdata, ends); }), 0);
  s.in(10, "P. 1:1001(1000) ack 1");
  s.out(0, ". 1:1(0) ack 1001");
  const auto splice = [&](int from, int to_fd, std::size_t bytes, unsigned flags) {
    return s.call([&](const auto& to) { return to.splice(to.userdata, from, nullptr, to_fd, nullptr, bytes, flags); });
  };
  EXPECT_EQ(splice(fd, ends[1], 99999, 0), 1000);
  EXPECT_EQ(splice(fd, ends[1], 99999, SPLICE_F_NONBLOCK), -EAGAIN);
  EXPECT_EQ(splice(ends[0], fd, 99999, 0), 1000);
  s.out(0, "P. 1:1001(1000) ack 1001");
}

TEST(splice, stops_at_urgent_data) {
  script s;
  const int fd = s.accept_connection();
  int ends[2] = {};
  EXPECT_EQ(s.call([&](const auto& to) { return to.pipe(to.userdata, ends); }), 0);
  s.in(10, "PU. 1:11(10) ack 1 urg 5");
  s.out(0, ". 1:1(0) ack 11");
  const auto splice = [&] {
    return s.call(
        [&](const auto& to) { return to.splice(to.userdata, fd, nullptr, ends[1], nullptr, 100, SPLICE_F_NONBLOCK); });
  };
  EXPECT_EQ(splice(), 4);
  EXPECT_EQ(splice(), 5);
}

TEST(disconnect, resets_and_lets_the_socket_be_used_again) {
  script s;
  const int fd = s.connect_connection();
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  EXPECT_EQ(s.call([&](const auto& to) { return to.connect(to.userdata, fd, &none, sizeof none); }), 0);
  s.out(0, "R. 1:1(0) ack 1");
  EXPECT_EQ(s.connect(fd), -EINPROGRESS);
  s.out(0, "S 0:0(0) <...>");
  s.in(10, "S. 0:0(0) ack 1 win 5840 <mss 1000>");
  s.out(0, ". 1:1(0) ack 1");
}

TEST(defer_accept, waits_for_data) {
  script s;
  const int listener = s.listen();
  s.set_nonblocking(listener);
  EXPECT_EQ(s.set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5), 0);
  EXPECT_EQ(s.get(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT), 7);
  s.in(0, "S 0:0(0) win 32792 <mss 1000>");
  s.out(0, "S. 0:0(0) ack 1 <...>");
  s.in(10, ". 1:1(0) ack 1");
  EXPECT_EQ(s.accept(listener), -EAGAIN);
  s.in(10, "P. 1:101(100) ack 1");
  s.out(0, ". 1:1(0) ack 101");
  const int fd = static_cast<int>(s.accept(listener));
  EXPECT_GE(fd, 0);
  EXPECT_EQ(s.read(fd, 1000), 100);
}

TEST(window_clamp, limits_what_is_offered) {
  script s;
  const int listener = s.socket();
  EXPECT_EQ(s.set(listener, IPPROTO_TCP, TCP_WINDOW_CLAMP, 4000), 0);
  EXPECT_EQ(s.get(listener, IPPROTO_TCP, TCP_WINDOW_CLAMP), 4000);
  EXPECT_EQ(s.set(listener, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EXPECT_EQ(s.bind(listener), 0);
  EXPECT_EQ(s.call([&](const auto& to) { return to.listen(to.userdata, listener, 1); }), 0);
  s.in(0, "S 0:0(0) win 32792 <mss 1000,sackOK,wscale 7>");
  s.out(0, "S. 0:0(0) ack 1 win 2920 <mss 1460,sackOK,wscale 0>");
}

TEST(options, of_the_ip_level) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_TTL), 64);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_TTL, 0), -EINVAL);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_TTL, 256), -EINVAL);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_TTL, 33), 0);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_TTL), 33);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_MTU_DISCOVER), 1);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_MTU_DISCOVER, 6), -EINVAL);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_MTU_DISCOVER, 0), 0);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_MTU_DISCOVER), 0);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_MTU), 1500);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_RECVERR, 1), 0);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_RECVERR), 1);
  // The two bits of ECN are not the application's.
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_TOS, 0xff), 0);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_TOS), 0xfc);
}

TEST(options, min_ttl_drops_who_is_too_far_away) {
  script s;
  const int fd = s.accept_connection();
  s.set_nonblocking(fd);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_MINTTL, 65), 0);
  s.in(10, "P. 1:101(100) ack 1");
  s.silence(300);
  EXPECT_EQ(s.read(fd, 100), -EAGAIN);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_MINTTL, 64), 0);
  s.in(10, "P. 1:101(100) ack 1");
  s.out(0, ". 1:1(0) ack 101");
}

TEST(options, recverr_reports_icmp_at_once) {
  script s;
  const int fd = s.accept_connection();
  constexpr std::uint8_t host_unreachable = 1;
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1");
  s.in_unreachable(10, 1, host_unreachable);
  EXPECT_EQ(s.poll(fd, POLLIN), 0U);
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_RECVERR, 1), 0);
  s.in_unreachable(10, 1, host_unreachable);
  EXPECT_EQ(s.poll(fd, POLLIN), static_cast<unsigned>(POLLERR));
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_ERROR), EHOSTUNREACH);
  s.in(10, ". 1:1(0) ack 101");
}

TEST(options, who_does_not_discover_the_mtu_does_not_heed_icmp) {
  script s;
  const int fd = s.accept_connection("<mss 1460,sackOK,wscale 7>");
  EXPECT_EQ(s.set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE), 0);
  EXPECT_EQ(s.write(fd, 1460), 1460);
  s.out(0, "P. 1:1461(1460) ack 1");
  s.in_frag_needed(10, 1, 1200);
  EXPECT_EQ(s.get(fd, IPPROTO_IP, IP_MTU), 1500);
  s.in(10, ". 1:1(0) ack 1461");
}

TEST(options, buffers) {
  script s;
  const int fd = s.socket();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_SNDBUF, 20000), 0);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_SNDBUF), 40000);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_RCVBUF, 1), 0);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_RCVBUF), 2304);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_SNDBUF, 1), 0);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_SNDBUF), 4608);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 10'000'000), 0);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_RCVBUF), 20'000'000);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_SNDLOWAT), 1);
}

}  // namespace
}  // namespace fourtuple
