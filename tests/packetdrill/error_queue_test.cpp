// SPDX-License-Identifier: Apache-2.0
// What comes by the error queue (recvmsg with MSG_ERRQUEUE): timestamps of what was sent, completions of MSG_ZEROCOPY.
#include "host/sock/sock_extension.hpp"

#include <gtest/gtest.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

struct error_message {
  std::int64_t result = 0;
  int flags = 0;
  sock_extended_err ee{};
  std::optional<std::int64_t> time_us;
};

error_message read_error(script& s, int fd, std::size_t room = 0) {
  char data[100];
  char control[200];
  iovec vector{.iov_base = data, .iov_len = room};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  error_message got;
  got.result = s.call([&](const auto& to) { return to.recvmsg(to.userdata, fd, &message, MSG_ERRQUEUE); });
  if (got.result < 0) return got;
  got.flags = message.msg_flags;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_IP && header->cmsg_type == IP_RECVERR) {
      std::memcpy(&got.ee, CMSG_DATA(header), sizeof got.ee);
    } else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING) {
      timespec ts{};
      std::memcpy(&ts, CMSG_DATA(header), sizeof ts);
      got.time_us = std::int64_t{ts.tv_sec} * 1'000'000 + ts.tv_nsec / 1000;
    }
  }
  return got;
}

void expect_completion(script& s, int fd, std::uint32_t first, std::uint32_t last) {
  const error_message got = read_error(s, fd);
  ASSERT_EQ(got.result, 0);
  EXPECT_EQ(got.flags, MSG_ERRQUEUE);
  EXPECT_EQ(got.ee.ee_errno, 0U);
  EXPECT_EQ(got.ee.ee_origin, SO_EE_ORIGIN_ZEROCOPY);
  EXPECT_EQ(got.ee.ee_code, SO_EE_CODE_ZEROCOPY_COPIED);
  EXPECT_EQ(got.ee.ee_info, first);
  EXPECT_EQ(got.ee.ee_data, last);
}

void expect_timestamp(script& s, int fd, std::uint32_t what, std::uint32_t key, double ms_ago) {
  const error_message got = read_error(s, fd);
  ASSERT_GE(got.result, 0) << what;
  EXPECT_EQ(got.ee.ee_errno, static_cast<unsigned>(ENOMSG));
  EXPECT_EQ(got.ee.ee_origin, SO_EE_ORIGIN_TIMESTAMPING);
  EXPECT_EQ(got.ee.ee_info, what);
  EXPECT_EQ(got.ee.ee_data, key);
  ASSERT_TRUE(got.time_us);
  EXPECT_NEAR(static_cast<double>(s.now_us() - *got.time_us) / 1000, ms_ago, 10 + ms_ago / 6);
}

TEST(zerocopy, completes_when_the_bytes_are_acknowledged) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_ZEROCOPY, 1), 0);
  EXPECT_EQ(s.send(fd, 4000, MSG_ZEROCOPY), 4000);
  s.out(0, "P. 1:2001(2000) ack 1");
  s.out(0, "P. 2001:4001(2000) ack 1");
  EXPECT_EQ(read_error(s, fd).result, -EAGAIN);
  s.in(100, ". 1:1(0) ack 4001");
  EXPECT_EQ(s.poll(fd, 0), static_cast<unsigned>(POLLERR));
  expect_completion(s, fd, 0, 0);
  EXPECT_EQ(read_error(s, fd).result, -EAGAIN);
}

TEST(zerocopy, ranges_are_merged) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_ZEROCOPY, 1), 0);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(s.send(fd, 1000, MSG_ZEROCOPY), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  s.out(0, "P. 1001:2001(1000) ack 1");
  s.out(0, "P. 2001:3001(1000) ack 1");
  s.in(100, ". 1:1(0) ack 1001");
  s.in(10, ". 1:1(0) ack 3001");
  expect_completion(s, fd, 0, 2);
}

TEST(zerocopy, without_the_option_the_flag_means_nothing) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.send(fd, 1000, MSG_ZEROCOPY), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  s.in(100, ". 1:1(0) ack 1001");
  EXPECT_EQ(read_error(s, fd).result, -EAGAIN);
}

TEST(zerocopy, a_segment_refers_to_17_buffers) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_ZEROCOPY, 1), 0);
  std::vector<std::vector<char>> bytes(18, std::vector<char>(64));
  std::vector<iovec> vectors;
  for (auto& one : bytes) vectors.push_back({.iov_base = one.data(), .iov_len = 1});
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  EXPECT_EQ(s.call([&](const auto& to) { return to.sendmsg(to.userdata, fd, &message, MSG_ZEROCOPY); }), 18);
  s.out(0, "P. 1:18(17) ack 1");
  s.in(10, ". 1:1(0) ack 18");
  s.out(0, "P. 18:19(1) ack 1");
  s.in(10, ". 1:1(0) ack 19");
  expect_completion(s, fd, 0, 0);
}

TEST(zerocopy, of_a_socket_that_is_not_connected) {
  script s;
  const int fd = s.socket();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_ZEROCOPY, 1), 0);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_ZEROCOPY, 2), -EINVAL);
  EXPECT_EQ(s.send(fd, 4000, MSG_ZEROCOPY), -EPIPE);
  EXPECT_EQ(read_error(s, fd).result, -EAGAIN);
}

TEST(zerocopy, edge_triggered_epoll_sees_each_completion) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_ZEROCOPY, 1), 0);
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  const int epoll = static_cast<int>(s.call([](const auto& to) { return to.epoll_create(to.userdata, 1); }));
  epoll_event event{.events = EPOLLOUT | EPOLLET, .data = {.u64 = 0}};
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_ADD, fd, &event); }), 0);
  const auto wait = [&] {
    const std::int64_t count = s.call([&](const auto& to) { return to.epoll_wait(to.userdata, epoll, &event, 1, 0); });
    return count == 1 ? static_cast<std::int64_t>(event.events) : count;
  };
  EXPECT_EQ(wait(), EPOLLOUT);
  EXPECT_EQ(s.send(fd, 1000, MSG_ZEROCOPY), 1000);
  EXPECT_EQ(s.send(fd, 1000, MSG_ZEROCOPY), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  s.out(0, "P. 1001:2001(1000) ack 1");
  EXPECT_EQ(wait(), 0);
  s.in(10, ". 1:1(0) ack 1001");
  EXPECT_EQ(wait(), EPOLLOUT | EPOLLERR);
  EXPECT_EQ(wait(), 0);
  s.in(10, ". 1:1(0) ack 2001");
  EXPECT_EQ(wait(), EPOLLOUT | EPOLLERR);
  EXPECT_EQ(wait(), 0);
  expect_completion(s, fd, 0, 1);
}

constexpr int tx_all = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK |
                       SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;

TEST(timestamping, of_the_last_byte_of_a_write) {
  script s;
  const int fd = s.accept_connection(script::usual, "257", 10);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, tx_all), 0);
  EXPECT_EQ(s.write(fd, 500), 500);
  s.out(0, "P. 1:501(500) ack 1");
  s.in(20, ". 1:1(0) ack 501");
  expect_timestamp(s, fd, SCM_TSTAMP_SCHED, 499, 20);
  expect_timestamp(s, fd, SCM_TSTAMP_SND, 499, 20);
  expect_timestamp(s, fd, SCM_TSTAMP_ACK, 499, 0);
  EXPECT_EQ(read_error(s, fd).result, -EAGAIN);
}

TEST(timestamping, says_that_the_packet_did_not_fit_in_the_buffer) {
  script s;
  const int fd = s.accept_connection(script::usual, "257", 10);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, tx_all), 0);
  EXPECT_EQ(s.write(fd, 500), 500);
  s.out(0, "P. 1:501(500) ack 1");
  const error_message got = read_error(s, fd);
  EXPECT_EQ(got.result, 0);
  EXPECT_EQ(got.flags, MSG_ERRQUEUE | MSG_TRUNC);
}

TEST(timestamping, an_acknowledgement_carries_the_packet_as_well) {
  script s;
  const int fd = s.accept_connection(script::usual, "257", 10);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING,
                  SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID),
            0);
  EXPECT_EQ(s.write(fd, 50), 50);
  s.out(0, "P. 1:51(50) ack 1");
  s.in(20, ". 1:1(0) ack 51");
  const error_message got = read_error(s, fd, 100);
  EXPECT_EQ(got.ee.ee_info, static_cast<unsigned>(SCM_TSTAMP_ACK));
  EXPECT_EQ(got.result, 50);
  EXPECT_EQ(got.flags, MSG_ERRQUEUE);
}

TEST(timestamping, without_the_packet_if_so_asked) {
  script s;
  const int fd = s.accept_connection(script::usual, "257", 10);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, tx_all | SOF_TIMESTAMPING_OPT_TSONLY), 0);
  EXPECT_EQ(s.write(fd, 500), 500);
  s.out(0, "P. 1:501(500) ack 1");
  const error_message got = read_error(s, fd, 100);
  EXPECT_EQ(got.result, 0);
  EXPECT_EQ(got.flags, MSG_ERRQUEUE);
}

TEST(timestamping, by_control_message_for_one_write) {
  script s;
  const int fd = s.accept_connection(script::usual, "257", 10);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID), 0);
  EXPECT_EQ(s.write(fd, 100), 100);
  s.out(0, "P. 1:101(100) ack 1");
  s.in(10, ". 1:1(0) ack 101");
  EXPECT_EQ(read_error(s, fd).result, -EAGAIN);
  char data[100] = {};
  iovec vector{.iov_base = data, .iov_len = sizeof data};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(std::uint32_t))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SO_TIMESTAMPING;
  header->cmsg_len = CMSG_LEN(sizeof(std::uint32_t));
  const std::uint32_t flags = SOF_TIMESTAMPING_TX_ACK;
  std::memcpy(CMSG_DATA(header), &flags, sizeof flags);
  EXPECT_EQ(s.call([&](const auto& to) { return to.sendmsg(to.userdata, fd, &message, 0); }), 100);
  s.out(0, "P. 101:201(100) ack 1");
  s.in(10, ". 1:1(0) ack 201");
  expect_timestamp(s, fd, SCM_TSTAMP_ACK, 199, 0);
}

TEST(timestamping, flags_are_checked) {
  script s;
  const int fd = s.socket();
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, 1 << 30), -EINVAL);
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, tx_all), -EINVAL);  // OPT_ID needs a connection.
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE), 0);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_TIMESTAMPING), SOF_TIMESTAMPING_SOFTWARE);
}

}  // namespace
}  // namespace fourtuple
