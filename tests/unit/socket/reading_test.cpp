// SPDX-License-Identifier: Apache-2.0
// The read family: how much comes, what is waited for, and what the flags change.
#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

class reading : public socket_fixture {
 protected:
  void SetUp() override { connect_both(); }
  /// Sends from the client's end in `ms`.
  void put_later(std::string_view text, std::uint64_t ms) {
    hosts.threads.spawn([this, text, ms] {
      pollfd none{.fd = -1, .events = 0, .revents = 0};
      client.poll(&none, 1, static_cast<int>(ms));
      EXPECT_EQ(put(client, near, text), static_cast<ssize_t>(text.size()));
    });
  }
};

TEST_F(reading, blocks_until_there_is_something) {
  put_later("hello", 100);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(get(server, far), "hello");
  EXPECT_EQ(now_ms() - before, 105U);
}

TEST_F(reading, does_not_block_if_told_so) {
  EXPECT_EQ(get(server, far, 10, MSG_DONTWAIT), error(EAGAIN));
  EXPECT_EQ(get(server, far, 0, MSG_DONTWAIT), error(EAGAIN));
  EXPECT_EQ(get(server, far, 10, MSG_ERRQUEUE), error(EAGAIN));
  make_nonblocking(server, far);
  EXPECT_EQ(get(server, far), error(EAGAIN));
}

TEST_F(reading, gives_up_after_its_time_with_what_there_is) {
  EXPECT_EQ(limit(server, far, SO_RCVTIMEO, 200), 0);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(get(server, far), error(EAGAIN));
  EXPECT_EQ(now_ms() - before, 200U);
  put_later("abc", 10);
  EXPECT_EQ(get(server, far, 10, MSG_WAITALL), "abc");
  EXPECT_EQ(now_ms() - before, 400U);
  // Two buffers share one limit.
  put_later("defg", 100);
  char first[3];
  char second[3];
  iovec vectors[2] = {{first, 3}, {second, 3}};
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = 2;
  EXPECT_EQ(server.recvmsg(far, &message, MSG_WAITALL), 4);
  EXPECT_EQ(now_ms() - before, 600U);
}

TEST_F(reading, peek_leaves_the_bytes) {
  EXPECT_EQ(put(client, near, "abcdef"), 6);
  EXPECT_EQ(get(server, far, 3, MSG_PEEK), "abc");
  EXPECT_EQ(get(server, far, 10, MSG_PEEK), "abcdef");
  // Over several buffers too.
  char first[4] = {};
  char second[4] = {};
  iovec vectors[3] = {{first, 4}, {nullptr, 0}, {second, 4}};
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = 3;
  EXPECT_EQ(server.recvmsg(far, &message, MSG_PEEK), 6);
  EXPECT_EQ(std::string_view(first, 4), "abcd");
  EXPECT_EQ(std::string_view(second, 2), "ef");
  EXPECT_EQ(get(server, far), "abcdef");
}

TEST_F(reading, waitall_waits_for_all) {
  put_later("abc", 10);
  put_later("def", 50);
  EXPECT_EQ(get(server, far, 6, MSG_WAITALL), "abcdef");
  EXPECT_EQ(put(client, near, "ghi"), 3);
  EXPECT_EQ(get(server, far, 3, MSG_WAITALL), "ghi");
  EXPECT_EQ(put(client, near, "j"), 1);
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(get(server, far, 3, MSG_WAITALL | MSG_DONTWAIT), "j");
}

TEST_F(reading, peek_with_waitall_waits_and_leaves) {
  put_later("abc", 10);
  put_later("def", 50);
  EXPECT_EQ(get(server, far, 6, MSG_PEEK | MSG_WAITALL), "abcdef");
  EXPECT_EQ(get(server, far), "abcdef");
}

TEST_F(reading, the_end_of_the_stream_ends_waitall) {
  put_later("abc", 10);
  EXPECT_EQ(get(server, far, 3, MSG_WAITALL), "abc");
  EXPECT_EQ(put(client, near, "de"), 2);
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(get(server, far, 6, MSG_WAITALL | MSG_PEEK), "de");
  EXPECT_EQ(get(server, far, 6, MSG_WAITALL), "de");
  EXPECT_EQ(get(server, far, 6, MSG_WAITALL), "");
}

// Bytes first: the error that ended the wait is the next call's.
TEST_F(reading, an_error_is_not_lost_behind_bytes) {
  EXPECT_EQ(put(server, far, "abc"), 3);
  hosts.threads.spawn([this] { send_reset(); });
  EXPECT_EQ(get(client, near, 6, MSG_WAITALL), "abc");
  EXPECT_EQ(get(client, near, 6, MSG_WAITALL), error(ECONNRESET));
  EXPECT_EQ(get(client, near), "");
}

TEST_F(reading, low_water_mark_is_waited_for) {
  EXPECT_EQ(set(server, far, SO_RCVLOWAT, 4), 0);
  put_later("abc", 10);
  put_later("def", 50);
  EXPECT_EQ(get(server, far, 2), "ab");
  EXPECT_EQ(get(server, far), "cdef");
}

TEST_F(reading, trunc_drops_bytes) {
  EXPECT_EQ(put(client, near, "abcdef"), 6);
  std::string untouched = "....";
  EXPECT_EQ(server.recv(far, untouched.data(), 2, MSG_TRUNC), 2);
  EXPECT_EQ(untouched, "....");
  EXPECT_EQ(server.recv(far, nullptr, 2, MSG_TRUNC | MSG_WAITALL), 2);
  EXPECT_EQ(get(server, far), "ef");
}

TEST_F(reading, readv_fills_buffers_in_order) {
  EXPECT_EQ(put(client, near, "abcdefg"), 7);
  char first[2];
  char second[3];
  char third[9];
  const iovec vectors[3] = {{first, 2}, {second, 3}, {third, 9}};
  EXPECT_EQ(server.readv(far, vectors, 3), 7);
  EXPECT_EQ(std::string_view(first, 2), "ab");
  EXPECT_EQ(std::string_view(second, 3), "cde");
  EXPECT_EQ(std::string_view(third, 2), "fg");
  EXPECT_EQ(server.readv(far, vectors, 0), 0);
}

TEST_F(reading, a_stream_does_not_say_who_sent) {
  EXPECT_EQ(put(client, near, "abcd"), 4);
  sockaddr_in in{};
  socklen_t length = sizeof in;
  char text[2];
  EXPECT_EQ(server.recvfrom(far, text, 2, 0, support::generic(in), &length), 2);
  EXPECT_EQ(length, 0U);
  iovec vector{text, 2};
  msghdr message{};
  message.msg_name = &in;
  message.msg_namelen = sizeof in;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_flags = -1;
  EXPECT_EQ(server.recvmsg(far, &message, 0), 2);
  EXPECT_EQ(message.msg_namelen, 0U);
  EXPECT_EQ(message.msg_flags, 0);
}

TEST_F(reading, no_urgent_data) { EXPECT_EQ(get(server, far, 1, MSG_OOB), error(EINVAL)); }

TEST_F(reading, close_ends_a_read_that_sleeps) {
  ssize_t result = 0;
  hosts.threads.spawn([&] {
    char byte = 0;
    result = server.read(far, &byte, 1);
  });
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(server.close(far), 0);
  // The number may mean something else by the time at which the sleeper runs.
  EXPECT_EQ(server.socket(AF_INET, SOCK_STREAM, 0), far);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(result, -EBADF);
}

}  // namespace
}  // namespace fourtuple::socket
