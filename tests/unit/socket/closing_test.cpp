// SPDX-License-Identifier: Apache-2.0
// shutdown in each direction, and close with and without SO_LINGER.
#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

class closing : public socket_fixture {
 protected:
  void SetUp() override { connect_both(); }
  int set_linger(int seconds) {
    const linger value{.l_onoff = 1, .l_linger = seconds};
    return client.setsockopt(near, SOL_SOCKET, SO_LINGER, &value, sizeof value);
  }
};

TEST_F(closing, shutdown_of_reading_says_nothing_to_the_peer) {
  hosts.network.wire().clear_capture();
  EXPECT_EQ(client.shutdown(near, SHUT_RD), 0);
  EXPECT_EQ(get(client, near), "");
  hosts.threads.run_for_ms(100);
  EXPECT_TRUE(hosts.network.wire().capture().empty());
  // What comes later is still taken and can be read.
  EXPECT_EQ(put(server, far, "later"), 5);
  hosts.threads.run_for_ms(100);
  EXPECT_EQ(get(client, near), "later");
  EXPECT_EQ(get(client, near), "");
  EXPECT_EQ(put(client, near, "x"), 1);
}

TEST_F(closing, shutdown_wakes_a_read_that_sleeps) {
  std::string result = "asleep";
  hosts.threads.spawn([&] { result = get(client, near); });
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(result, "asleep");
  EXPECT_EQ(client.shutdown(near, SHUT_RD), 0);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(result, "");
}

TEST_F(closing, shutdown_of_writing_is_the_end_of_the_peers_stream) {
  EXPECT_EQ(put(client, near, "last"), 4);
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(get(server, far, 10, MSG_WAITALL), "last");
  EXPECT_EQ(get(server, far), "");
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(server.close(far), 0);
  EXPECT_EQ(get(client, near), "");
}

TEST_F(closing, shutdown_of_both) {
  EXPECT_EQ(put(client, near, "last"), 4);
  EXPECT_EQ(client.shutdown(near, SHUT_RDWR), 0);
  EXPECT_EQ(get(client, near), "");
  EXPECT_EQ(put(client, near, "x"), -EPIPE);
  EXPECT_EQ(get(server, far, 10, MSG_WAITALL), "last");
}

TEST_F(closing, close_does_not_wait) {
  EXPECT_EQ(put(client, near, "unacknowledged"), 14);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(client.close(near), 0);
  EXPECT_EQ(now_ms(), before);
  EXPECT_EQ(get(server, far, 20, MSG_WAITALL), "unacknowledged");
  EXPECT_EQ(get(server, far), "");
}

// With O_NONBLOCK too (Linux: inet_release looks at SO_LINGER only).
TEST_F(closing, linger_waits_for_the_acknowledgement) {
  EXPECT_EQ(set_linger(10), 0);
  make_nonblocking(client, near);
  EXPECT_EQ(put(client, near, "text"), 4);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(client.close(near), 0);
  EXPECT_GE(now_ms() - before, 10U);
  EXPECT_LT(now_ms() - before, 100U);
  EXPECT_EQ(get(server, far, 20, MSG_WAITALL), "text");
}

TEST_F(closing, linger_ends_after_its_time) {
  EXPECT_EQ(set_linger(3), 0);
  hosts.network.wire().set_filter([](int, const auto*) { return support::fate{.drop = true}; });
  EXPECT_EQ(put(client, near, "text"), 4);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(client.close(near), 0);
  EXPECT_EQ(now_ms() - before, 3000U);
}

TEST_F(closing, a_descriptor_that_lingers_is_free_and_watched_no_more) {
  const int epoll = client.epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = near}};
  EXPECT_EQ(client.epoll_ctl(epoll, EPOLL_CTL_ADD, near, &event), 0);
  EXPECT_EQ(set_linger(3), 0);
  hosts.network.wire().set_filter([](int, const auto*) { return support::fate{.drop = true}; });
  bool closed = false;
  hosts.threads.spawn([&] {
    EXPECT_EQ(client.close(near), 0);
    closed = true;
  });
  hosts.threads.run_for_ms(1000);
  EXPECT_FALSE(closed);
  EXPECT_EQ(client.epoll_wait(epoll, &event, 1, 0), 0);
  EXPECT_EQ(client.close(near), -EBADF);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, 0), near);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_TRUE(closed);
}

TEST_F(closing, linger_of_no_time_resets) {
  EXPECT_EQ(set_linger(0), 0);
  EXPECT_EQ(client.close(near), 0);
  EXPECT_EQ(get(server, far), error(ECONNRESET));
}

TEST_F(closing, unread_data_resets) {
  EXPECT_EQ(put(server, far, "unread"), 6);
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(set_linger(10), 0);
  EXPECT_EQ(client.close(near), 0);
  EXPECT_EQ(get(server, far), error(ECONNRESET));
}

TEST_F(closing, all_descriptors_at_once) {
  const int epoll = client.epoll_create1(0);
  std::string read_result;
  int wait_result = 0;
  hosts.threads.spawn([&] { read_result = get(client, near); });
  hosts.threads.spawn([&] {
    epoll_event event{};
    wait_result = client.epoll_wait(epoll, &event, 1, -1);
  });
  hosts.threads.run_for_ms(10);
  client.close_all();
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(read_result, error(EBADF));
  EXPECT_EQ(wait_result, -EBADF);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, 0), 3);
}

}  // namespace
}  // namespace fourtuple::socket
