// SPDX-License-Identifier: Apache-2.0
// poll: readiness in each state of a connection, several descriptors, and time.
#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

class polling : public socket_fixture {};

TEST_F(polling, readiness_follows_the_connection) {
  EXPECT_EQ(readiness(client, client.socket(AF_INET, SOCK_STREAM, 0)), POLLOUT | POLLHUP);
  listener = hosts.listen();
  EXPECT_EQ(readiness(server, listener), 0);
  near = hosts.connect();
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(readiness(server, listener), POLLIN);
  far = server.accept(listener, nullptr, nullptr);
  EXPECT_EQ(readiness(server, listener), 0);
  EXPECT_EQ(readiness(client, near), POLLOUT);
  EXPECT_EQ(put(server, far, "x"), 1);
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(readiness(client, near), POLLIN | POLLOUT);
  EXPECT_EQ(get(client, near), "x");
  EXPECT_EQ(readiness(client, near), POLLOUT);
  EXPECT_EQ(server.shutdown(far, SHUT_WR), 0);
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(readiness(client, near), POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(readiness(client, near), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

TEST_F(polling, readiness_after_a_reset) {
  connect_both();
  reset_far();
  EXPECT_EQ(readiness(client, near), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
  EXPECT_EQ(option(client, near, SO_ERROR), ECONNRESET);
  EXPECT_EQ(readiness(client, near), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

TEST_F(polling, readiness_after_own_shutdown) {
  connect_both();
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(readiness(client, near), POLLOUT);
  EXPECT_EQ(server.shutdown(far, SHUT_RD), 0);
  EXPECT_EQ(readiness(server, far) & (POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
}

TEST_F(polling, low_water_mark_holds_pollin_back) {
  connect_both();
  EXPECT_EQ(set(server, far, SO_RCVLOWAT, 4), 0);
  EXPECT_EQ(put(client, near, "abc"), 3);
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(readiness(server, far), POLLOUT);
  EXPECT_EQ(put(client, near, "d"), 1);
  hosts.threads.run_for_ms(100);
  EXPECT_EQ(readiness(server, far), POLLIN | POLLOUT);
}

TEST_F(polling, waits_for_its_time) {
  connect_both();
  pollfd one{.fd = near, .events = POLLIN, .revents = -1};
  const std::uint64_t before = now_ms();
  EXPECT_EQ(client.poll(&one, 1, 0), 0);
  EXPECT_EQ(now_ms(), before);
  EXPECT_EQ(client.poll(&one, 1, 70), 0);
  EXPECT_EQ(one.revents, 0);
  EXPECT_EQ(now_ms() - before, 70U);
  EXPECT_EQ(client.poll(nullptr, 0, 30), 0);
  EXPECT_EQ(now_ms() - before, 100U);
}

TEST_F(polling, several_descriptors) {
  connect_both();
  const int second = hosts.connect();
  const int second_far = server.accept(listener, nullptr, nullptr);
  pollfd four[4] = {{.fd = near, .events = POLLIN, .revents = -1},
                    {.fd = -5, .events = POLLIN, .revents = -1},
                    {.fd = second, .events = POLLIN, .revents = -1},
                    {.fd = second, .events = POLLIN | POLLOUT, .revents = -1}};
  EXPECT_EQ(client.poll(four, 3, 0), 0);
  hosts.threads.spawn([&] { EXPECT_EQ(put(server, second_far, "x"), 1); });
  EXPECT_EQ(client.poll(four, 3, -1), 1);
  EXPECT_EQ(four[0].revents, 0);
  EXPECT_EQ(four[1].revents, 0);
  EXPECT_EQ(four[2].revents, POLLIN);
  EXPECT_EQ(client.poll(four, 4, -1), 2);
  EXPECT_EQ(four[3].revents, POLLIN | POLLOUT);
  four[0].fd = 99;
  EXPECT_EQ(client.poll(four, 3, -1), 2);
  EXPECT_EQ(four[0].revents, POLLNVAL);
}

TEST_F(polling, sees_a_descriptor_close) {
  connect_both();
  pollfd one{.fd = near, .events = POLLIN, .revents = 0};
  int ready = 0;
  hosts.threads.spawn([&] { ready = client.poll(&one, 1, -1); });
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(client.close(near), 0);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(ready, 1);
  EXPECT_EQ(one.revents, POLLNVAL);
}

// A buffer that one write filled above the mark, but not entirely: poll waits for space without a write that failed.
TEST_F(polling, is_woken_when_there_is_space_again) {
  connect_both();
  EXPECT_EQ(set(client, near, SO_SNDBUF, 50'000), 0);
  make_nonblocking(client, near);
  const std::string piece(500, 'x');
  while (readiness(client, near) == POLLOUT) ASSERT_EQ(put(client, near, piece), 500);
  hosts.threads.run_for_ms(0);
  pollfd one{.fd = near, .events = POLLOUT, .revents = 0};
  EXPECT_EQ(client.poll(&one, 1, 10'000), 1);
  EXPECT_EQ(one.revents, POLLOUT);
}

TEST_F(polling, an_epoll_instance_can_be_polled) {
  connect_both();
  const int epoll = client.epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 7}};
  EXPECT_EQ(client.epoll_ctl(epoll, EPOLL_CTL_ADD, near, &event), 0);
  EXPECT_EQ(readiness(client, epoll), 0);
  hosts.threads.spawn([&] { EXPECT_EQ(put(server, far, "x"), 1); });
  pollfd one{.fd = epoll, .events = POLLIN, .revents = 0};
  EXPECT_EQ(client.poll(&one, 1, -1), 1);
  EXPECT_EQ(one.revents, POLLIN);
}

}  // namespace
}  // namespace fourtuple::socket
