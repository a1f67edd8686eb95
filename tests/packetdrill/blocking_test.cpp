// SPDX-License-Identifier: Apache-2.0
// Calls that block in a thread of their own: what ends them, and when.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

TEST(blocking, write_goes_on_as_space_becomes_free) {
  script s;
  const int fd = s.accept_connection(script::usual, "30000");
  EXPECT_EQ(s.set(fd, SOL_SOCKET, SO_SNDBUF, 10000), 0);
  const std::vector<char> data(60000);
  auto writing = s.blocking([&](const auto& to) { return to.write(to.userdata, fd, data.data(), data.size()); });
  // Acknowledges whatever comes until all of it was written.
  std::uint32_t acked = 1;
  while (acked < 60001) {
    const auto bytes = static_cast<std::uint32_t>(s.next_bytes());
    ASSERT_GT(bytes, 0U);
    acked += bytes;
    s.in(0, ". 1:1(0) ack " + std::to_string(acked) + " win 30000");
  }
  writing.returns_some(60000);
}

TEST(blocking, connect_gives_up_on_a_reset) {
  script s;
  const int fd = s.socket();
  auto connecting = s.blocking([&](const auto&) { return s.connect(fd); });
  s.out(0, "S 0:0(0) <...>");
  s.in(30, "R. 0:0(0) ack 1 win 0");
  connecting.returns(-ECONNREFUSED);
}

TEST(blocking, read_ends_with_the_peers_fin) {
  script s;
  const int fd = s.accept_connection();
  char byte = 0;
  auto reading = s.blocking([&](const auto& to) { return to.read(to.userdata, fd, &byte, 1); });
  s.in(70, "F. 1:1(0) ack 1");
  reading.returns(0);
}

TEST(blocking, read_gives_up_after_its_time) {
  script s;
  const int fd = s.accept_connection();
  const timeval limit{.tv_sec = 0, .tv_usec = 150'000};
  EXPECT_EQ(s.call([&](const auto& to) {
    return to.setsockopt(to.userdata, fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }),
            0);
  char byte = 0;
  auto reading = s.blocking([&](const auto& to) { return to.read(to.userdata, fd, &byte, 1); });
  reading.returns(-EAGAIN, 150);
}

TEST(blocking, epoll_wait) {
  script s;
  const int fd = s.accept_connection();
  const int epoll = static_cast<int>(s.call([](const auto& to) { return to.epoll_create(to.userdata, 1); }));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  EXPECT_EQ(s.call([&](const auto& to) { return to.epoll_ctl(to.userdata, epoll, EPOLL_CTL_ADD, fd, &event); }), 0);
  auto waiting = s.blocking([&](const auto& to) { return to.epoll_wait(to.userdata, epoll, &event, 1, -1); });
  s.in(90, "P. 1:2(1) ack 1");
  s.out(0, ". 1:1(0) ack 2");
  waiting.returns(1);
}

}  // namespace
}  // namespace fourtuple
