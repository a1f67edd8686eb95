// SPDX-License-Identifier: Apache-2.0
// The write family: what fits, waiting for space, and writing to what is closed.
#include <netinet/tcp.h>

#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

class writing : public socket_fixture {
 protected:
  void SetUp() override { connect_both(); }
  /// Reads at the server's end until `bytes` have come.
  std::string take(std::size_t bytes) {
    std::string all;
    while (all.size() < bytes) {
      const std::string part = get(server, far, 65'536);
      if (part.empty() || part.starts_with("errno")) break;
      all += part;
    }
    return all;
  }
  static std::string lot(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 31 + i / 1000);
    return text;
  }
};

TEST_F(writing, not_blocking_takes_what_fits) {
  make_nonblocking(client, near);
  const std::string text = lot(8'000'000);
  const ssize_t sent = put(client, near, text);
  ASSERT_GT(sent, 10'000);
  ASSERT_LT(sent, 8'000'000);
  EXPECT_EQ(put(client, near, "x"), -EAGAIN);
  EXPECT_EQ(take(static_cast<std::size_t>(sent)), text.substr(0, static_cast<std::size_t>(sent)));
}

TEST_F(writing, blocking_waits_until_everything_was_taken) {
  const std::string text = lot(8'000'000);
  ssize_t sent = 0;
  hosts.threads.spawn([&] { sent = put(client, near, text); });
  EXPECT_TRUE(take(text.size()) == text);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(sent, 8'000'000);
}

TEST_F(writing, writev_and_sendmsg_gather) {
  const std::string big = lot(3'000'000);
  std::vector<iovec> vectors(1000);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    vectors[i] = {const_cast<char*>(big.data()) + i * 3000, i % 7 == 0 ? 0U : 3000U};
  }
  std::string expected;
  for (const iovec& vector : vectors) expected.append(static_cast<const char*>(vector.iov_base), vector.iov_len);
  hosts.threads.spawn([&] {
    EXPECT_EQ(client.writev(near, vectors.data(), 500), static_cast<ssize_t>(428U * 3000));
    msghdr message{};
    message.msg_iov = vectors.data() + 500;
    message.msg_iovlen = 500;
    EXPECT_EQ(client.sendmsg(near, &message, 0), static_cast<ssize_t>(expected.size() - 428U * 3000));
  });
  EXPECT_TRUE(take(expected.size()) == expected);
  EXPECT_TRUE(hosts.threads.run_all());
}

TEST_F(writing, has_a_time_limit) {
  EXPECT_EQ(limit(client, near, SO_SNDTIMEO, 3000), 0);
  const std::uint64_t before = now_ms();
  const ssize_t sent = put(client, near, lot(8'000'000));
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 8'000'000);
  EXPECT_EQ(now_ms() - before, 3000U);
  EXPECT_EQ(put(client, near, "x"), -EAGAIN);
  EXPECT_EQ(now_ms() - before, 6000U);
}

TEST_F(writing, sendto_ignores_the_address) {
  const sockaddr_in in = support::address_in({}, 9);
  EXPECT_EQ(client.sendto(near, "abc", 3, 0, support::generic(in), sizeof in), 3);
  EXPECT_EQ(get(server, far), "abc");
}

TEST_F(writing, waits_for_a_connection_that_is_being_opened) {
  const int fd = client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in in = support::address_in(support::address_of_end[1], 2222);
  EXPECT_EQ(client.connect(fd, support::generic(in), sizeof in), -EINPROGRESS);
  EXPECT_EQ(put(client, fd, "early"), -EAGAIN);
  EXPECT_EQ(client.fcntl(fd, F_SETFL, 0), 0);
  EXPECT_EQ(put(client, fd, "early"), 5);
  EXPECT_EQ(get(server, server.accept(listener, nullptr, nullptr)), "early");
}

TEST_F(writing, pipe_is_broken_after_shutdown) {
  EXPECT_EQ(client.shutdown(near, SHUT_WR), 0);
  EXPECT_EQ(put(client, near, "x"), -EPIPE);
  EXPECT_EQ(put(client, near, "x", MSG_NOSIGNAL), -EPIPE);
  // The other direction goes on.
  EXPECT_EQ(put(server, far, "still"), 5);
  EXPECT_EQ(get(client, near), "still");
}

TEST_F(writing, reset_is_told_once_and_then_the_pipe_is_broken) {
  reset_far();
  EXPECT_EQ(put(client, near, "x"), -ECONNRESET);
  EXPECT_EQ(put(client, near, "x"), -EPIPE);
  EXPECT_EQ(get(client, near), "");
}

TEST_F(writing, read_takes_the_reset_and_write_finds_a_broken_pipe) {
  reset_far();
  EXPECT_EQ(get(client, near), error(ECONNRESET));
  EXPECT_EQ(get(client, near), "");
  EXPECT_EQ(put(client, near, "x"), -EPIPE);
}

TEST_F(writing, a_reset_ends_a_write_that_waits) {
  ssize_t first = 0;
  ssize_t second = 0;
  hosts.threads.spawn([&] {
    first = put(client, near, lot(8'000'000));
    second = put(client, near, "x");
  });
  hosts.threads.run_for_ms(2000);
  reset_far();
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_GT(first, 0);
  EXPECT_EQ(second, -ECONNRESET);
}

TEST_F(writing, close_ends_a_write_that_sleeps) {
  ssize_t sent = 0;
  hosts.threads.spawn([&] { sent = put(client, near, lot(8'000'000)); });
  hosts.threads.run_for_ms(2000);
  EXPECT_EQ(client.close(near), 0);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 8'000'000);
}

}  // namespace
}  // namespace fourtuple::socket
