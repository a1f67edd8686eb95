// SPDX-License-Identifier: Apache-2.0
// epoll: level and edge, one shot, changes of interest, and descriptors that are closed.
#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

class epoll : public socket_fixture {
 protected:
  void SetUp() override {
    connect_both();
    instance = server.epoll_create1(0);
  }
  int control(int operation, int fd, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    return server.epoll_ctl(instance, operation, fd, &event);
  }
  int add(int fd, std::uint32_t events) { return control(EPOLL_CTL_ADD, fd, events); }
  /// The events of the one descriptor that is ready, 0 if there is none.
  std::uint32_t wait(int timeout_ms = 0) {
    epoll_event ready[4];
    const int count = server.epoll_wait(instance, ready, 4, timeout_ms);
    EXPECT_GE(count, 0);
    EXPECT_LE(count, 1);
    return count == 1 ? ready[0].events : 0U;
  }
  void send(std::string_view text) {
    EXPECT_EQ(put(client, near, text), static_cast<ssize_t>(text.size()));
    hosts.threads.run_for_ms(50);
  }
  int instance = -1;
};

TEST_F(epoll, refuses_as_linux_does) {
  epoll_event event{};
  EXPECT_EQ(server.epoll_create1(1), -EINVAL);
  EXPECT_EQ(server.fcntl(server.epoll_create1(EPOLL_CLOEXEC), F_GETFD, 0), FD_CLOEXEC);
  EXPECT_EQ(server.epoll_ctl(instance, EPOLL_CTL_ADD, far, nullptr), -EFAULT);
  EXPECT_EQ(server.epoll_ctl(99, EPOLL_CTL_ADD, far, &event), -EBADF);
  EXPECT_EQ(server.epoll_ctl(instance, EPOLL_CTL_ADD, 99, &event), -EBADF);
  EXPECT_EQ(server.epoll_ctl(far, EPOLL_CTL_ADD, far, &event), -EINVAL);
  EXPECT_EQ(server.epoll_ctl(far, EPOLL_CTL_ADD, 99, &event), -EBADF);
  EXPECT_EQ(server.epoll_ctl(instance, EPOLL_CTL_ADD, instance, &event), -EINVAL);
  EXPECT_EQ(server.epoll_ctl(instance, 77, far, &event), -EINVAL);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLIN), -ENOENT);
  EXPECT_EQ(control(EPOLL_CTL_DEL, far, 0), -ENOENT);
  EXPECT_EQ(add(far, EPOLLIN), 0);
  EXPECT_EQ(add(far, EPOLLIN), -EEXIST);
  EXPECT_EQ(server.epoll_ctl(instance, EPOLL_CTL_DEL, far, nullptr), 0);
  EXPECT_EQ(server.epoll_wait(instance, &event, 0, 0), -EINVAL);
  EXPECT_EQ(server.epoll_wait(instance, nullptr, 1, 0), -EFAULT);
  EXPECT_EQ(server.epoll_wait(99, &event, 1, 0), -EBADF);
  EXPECT_EQ(server.epoll_wait(far, &event, 1, 0), -EINVAL);
}

TEST_F(epoll, level_reports_as_long_as_it_holds) {
  EXPECT_EQ(add(far, EPOLLIN), 0);
  EXPECT_EQ(wait(), 0U);
  send("ab");
  EXPECT_EQ(wait(), EPOLLIN);
  EXPECT_EQ(wait(), EPOLLIN);
  EXPECT_EQ(get(server, far, 1), "a");
  EXPECT_EQ(wait(), EPOLLIN);
  EXPECT_EQ(get(server, far, 1), "b");
  EXPECT_EQ(wait(), 0U);
  send("c");
  EXPECT_EQ(wait(), EPOLLIN);
}

TEST_F(epoll, edge_reports_new_data_only) {
  EXPECT_EQ(add(far, EPOLLIN | EPOLLET), 0);
  send("ab");
  EXPECT_EQ(wait(), EPOLLIN);
  EXPECT_EQ(wait(), 0U);
  send("c");
  EXPECT_EQ(wait(), EPOLLIN);
  EXPECT_EQ(get(server, far, 1), "a");
  EXPECT_EQ(wait(), 0U);
}

TEST_F(epoll, edge_of_writing_comes_once_and_again_after_space) {
  EXPECT_EQ(add(far, EPOLLOUT | EPOLLET), 0);
  EXPECT_EQ(wait(), EPOLLOUT);
  EXPECT_EQ(wait(), 0U);
  const std::string lot(8'000'000, 'x');
  const ssize_t sent = put(server, far, lot, MSG_DONTWAIT);
  ASSERT_GT(sent, 0);
  hosts.threads.run_for_ms(1000);
  static_cast<void>(wait());
  const ssize_t more = put(server, far, lot, MSG_DONTWAIT);
  hosts.threads.run_for_ms(1000);
  EXPECT_EQ(wait(), 0U) << "sent " << sent << " and " << more;
  while (get(client, near, 1'000'000, MSG_DONTWAIT) != error(EAGAIN)) hosts.threads.run_for_ms(20);
  EXPECT_EQ(wait(), EPOLLOUT);
}

TEST_F(epoll, one_shot_is_silent_until_modified) {
  EXPECT_EQ(add(far, EPOLLIN | EPOLLONESHOT), 0);
  send("a");
  EXPECT_EQ(wait(), EPOLLIN);
  send("b");
  EXPECT_EQ(wait(), 0U);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLIN | EPOLLONESHOT), 0);
  EXPECT_EQ(wait(), EPOLLIN);
  EXPECT_EQ(wait(), 0U);
}

TEST_F(epoll, interest_is_changed_and_ended) {
  EXPECT_EQ(add(far, EPOLLIN), 0);
  send("a");
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLOUT), 0);
  EXPECT_EQ(wait(), EPOLLOUT);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLIN | EPOLLOUT), 0);
  EXPECT_EQ(wait(), EPOLLIN | EPOLLOUT);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, 0), 0);
  EXPECT_EQ(wait(), 0U);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLIN), 0);
  EXPECT_EQ(control(EPOLL_CTL_DEL, far, 0), 0);
  EXPECT_EQ(wait(), 0U);
}

TEST_F(epoll, errors_and_hangups_come_unasked) {
  const int own = client.epoll_create1(0);
  epoll_event event{.events = 0, .data = {.u64 = 1}};
  EXPECT_EQ(client.epoll_ctl(own, EPOLL_CTL_ADD, near, &event), 0);
  reset_far();
  EXPECT_EQ(client.epoll_wait(own, &event, 1, 0), 1);
  EXPECT_EQ(event.events, EPOLLERR | EPOLLHUP);
  EXPECT_EQ(event.data.u64, 1U);
}

TEST_F(epoll, end_of_stream) {
  EXPECT_EQ(add(far, EPOLLIN | EPOLLRDHUP | EPOLLET), 0);
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(wait(-1), EPOLLIN | EPOLLRDHUP);
  EXPECT_EQ(server.shutdown(far, SHUT_WR), 0);
  EXPECT_EQ(wait(), EPOLLIN | EPOLLRDHUP | EPOLLHUP);
}

TEST_F(epoll, waits_and_gives_up) {
  EXPECT_EQ(add(far, EPOLLIN), 0);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(wait(40), 0U);
  EXPECT_EQ(now_ms() - before, 40U);
  hosts.threads.spawn([&] { EXPECT_EQ(put(client, near, "x"), 1); });
  EXPECT_EQ(wait(1000), EPOLLIN);
  EXPECT_EQ(now_ms() - before, 45U);
}

TEST_F(epoll, closed_descriptors_vanish) {
  EXPECT_EQ(add(far, EPOLLIN | EPOLLOUT), 0);
  EXPECT_EQ(wait(), EPOLLOUT);
  EXPECT_EQ(server.close(far), 0);
  EXPECT_EQ(wait(), 0U);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLIN), -EBADF);
  // The number alone does not bring the interest back.
  EXPECT_EQ(server.socket(AF_INET, SOCK_STREAM, 0), far);
  EXPECT_EQ(control(EPOLL_CTL_MOD, far, EPOLLIN), -ENOENT);
  EXPECT_EQ(add(far, EPOLLIN), 0);
  EXPECT_EQ(wait(), EPOLLHUP);
}

TEST_F(epoll, closing_the_instance_ends_a_wait) {
  EXPECT_EQ(add(far, EPOLLIN), 0);
  int result = 0;
  hosts.threads.spawn([&] {
    epoll_event event{};
    result = server.epoll_wait(instance, &event, 1, -1);
  });
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(server.close(instance), 0);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(result, -EBADF);
  send("nobody watches");
  EXPECT_EQ(get(server, far), "nobody watches");
}

// More are ready than there is room for: those that were not reported come first the next time.
TEST_F(epoll, takes_turns) {
  std::vector<int> fds{far};
  for (int i = 0; i < 4; ++i) {
    ASSERT_GE(hosts.connect(), 0);
    fds.push_back(server.accept(listener, nullptr, nullptr));
  }
  for (const int fd : fds) EXPECT_EQ(add(fd, EPOLLOUT), 0);
  std::vector<int> order;
  for (int round = 0; round < 5; ++round) {
    epoll_event two[2];
    ASSERT_EQ(server.epoll_wait(instance, two, 2, 0), 2);
    for (const epoll_event& event : two) order.push_back(event.data.fd);
  }
  std::vector<int> expected = fds;
  expected.insert(expected.end(), fds.begin(), fds.end());
  EXPECT_EQ(order, expected);
}

TEST_F(epoll, a_listener_is_readable_for_each_connection) {
  EXPECT_EQ(add(listener, EPOLLIN | EPOLLET), 0);
  ASSERT_GE(hosts.connect(), 0);
  EXPECT_EQ(wait(100), EPOLLIN);
  EXPECT_EQ(wait(), 0U);
  ASSERT_GE(hosts.connect(), 0);
  EXPECT_EQ(wait(100), EPOLLIN);
}

}  // namespace
}  // namespace fourtuple::socket
