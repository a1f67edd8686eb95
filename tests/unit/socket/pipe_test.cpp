// SPDX-License-Identifier: Apache-2.0
// Pipes, and splice() between them and sockets (pipe(7), splice(2)).
#include <fcntl.h>

#include "host/socket/pipe_file.hpp"
#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

class pipe_test : public socket_fixture {
 protected:
  void SetUp() override {
    connect_both();
    ASSERT_EQ(client.pipe2(ends, 0), 0);
  }
  int ends[2] = {-1, -1};
};

TEST_F(pipe_test, what_is_written_at_one_end_is_read_at_the_other) {
  EXPECT_EQ(client.write(ends[1], "hello", 5), 5);
  char text[8] = {};
  EXPECT_EQ(client.read(ends[0], text, 3), 3);
  EXPECT_EQ(client.read(ends[0], text + 3, 5), 2);
  EXPECT_STREQ(text, "hello");
  EXPECT_EQ(client.read(ends[1], text, 1), -EBADF);
  EXPECT_EQ(client.write(ends[0], text, 1), -EBADF);
}

TEST_F(pipe_test, ends_when_the_other_end_is_closed) {
  EXPECT_EQ(client.write(ends[1], "x", 1), 1);
  EXPECT_EQ(client.close(ends[1]), 0);
  char byte = 0;
  EXPECT_EQ(client.read(ends[0], &byte, 1), 1);
  EXPECT_EQ(client.read(ends[0], &byte, 1), 0);
  EXPECT_EQ(readiness(client, ends[0]), POLLHUP);
  int others[2];
  ASSERT_EQ(client.pipe2(others, 0), 0);
  EXPECT_EQ(client.close(others[0]), 0);
  EXPECT_EQ(client.write(others[1], &byte, 1), -EPIPE);
}

TEST_F(pipe_test, a_full_pipe_takes_no_more) {
  make_nonblocking(client, ends[1]);
  const std::string much(pipe_file::capacity_bytes + 1000, 'x');
  EXPECT_EQ(client.write(ends[1], much.data(), much.size()), static_cast<ssize_t>(pipe_file::capacity_bytes));
  EXPECT_EQ(client.write(ends[1], much.data(), 1), -EAGAIN);
  EXPECT_EQ(readiness(client, ends[1]), 0);
  std::string back(100, '\0');
  EXPECT_EQ(client.read(ends[0], back.data(), back.size()), 100);
  // All or nothing up to PIPE_BUF.
  EXPECT_EQ(client.write(ends[1], much.data(), 101), -EAGAIN);
  EXPECT_EQ(client.write(ends[1], much.data(), 100), 100);
}

TEST_F(pipe_test, reading_an_empty_pipe_waits) {
  hosts.threads.spawn([&] { EXPECT_EQ(client.write(ends[1], "late", 4), 4); });
  char text[5] = {};
  EXPECT_EQ(client.read(ends[0], text, 4), 4);
  EXPECT_STREQ(text, "late");
  EXPECT_TRUE(hosts.threads.run_all());
}

TEST_F(pipe_test, splices_from_a_socket_to_a_socket) {
  EXPECT_EQ(put(server, far, "through the pipe"), 16);
  hosts.threads.run_for_ms(20);
  EXPECT_EQ(client.splice(near, nullptr, ends[1], nullptr, 1000, 0), 16);
  EXPECT_EQ(client.splice(ends[0], nullptr, near, nullptr, 1000, 0), 16);
  hosts.threads.run_for_ms(20);
  EXPECT_EQ(get(server, far), "through the pipe");
}

TEST_F(pipe_test, splice_of_nothing_waits_unless_told_not_to) {
  EXPECT_EQ(client.splice(near, nullptr, ends[1], nullptr, 10, SPLICE_F_NONBLOCK), -EAGAIN);
  EXPECT_EQ(client.splice(ends[0], nullptr, near, nullptr, 10, SPLICE_F_NONBLOCK), -EAGAIN);
  hosts.threads.spawn([&] { EXPECT_EQ(put(server, far, "now"), 3); });
  EXPECT_EQ(client.splice(near, nullptr, ends[1], nullptr, 10, 0), 3);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(server.close(far), 0);
  EXPECT_EQ(client.splice(near, nullptr, ends[1], nullptr, 10, 0), 0);
}

TEST_F(pipe_test, splice_refuses_what_it_cannot_do) {
  off_t offset = 0;
  EXPECT_EQ(client.splice(near, &offset, ends[1], nullptr, 10, 0), -ESPIPE);
  EXPECT_EQ(client.splice(near, nullptr, near, nullptr, 10, 0), -EINVAL);
  EXPECT_EQ(client.splice(near, nullptr, ends[0], nullptr, 10, 0), -EBADF);
  EXPECT_EQ(client.splice(99, nullptr, ends[1], nullptr, 10, 0), -EBADF);
  EXPECT_EQ(client.splice(near, nullptr, ends[1], nullptr, 10, 0x100), -EINVAL);
  EXPECT_EQ(client.splice(ends[0], nullptr, ends[1], nullptr, 10, 0), -EINVAL);
}

}  // namespace
}  // namespace fourtuple::socket
