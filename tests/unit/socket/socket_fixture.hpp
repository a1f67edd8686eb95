// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "tests/support/virtual_threads.hpp"

namespace fourtuple::socket {

/// Two hosts, 5 ms apart, and what the tests of socket calls say often.
class socket_fixture : public testing::Test {
 protected:
  /// A connection from the client's host to the server's.
  void connect_both() {
    listener = hosts.listen();
    near = hosts.connect();
    ASSERT_GE(near, 0);
    far = server.accept(listener, nullptr, nullptr);
    ASSERT_GE(far, 0);
  }
  static ssize_t put(posix_api& api, int fd, std::string_view text, int flags = 0) {
    return api.send(fd, text.data(), text.size(), flags);
  }
  /// What recv brought, or "errno N".
  static std::string get(posix_api& api, int fd, std::size_t bytes = 100, int flags = 0) {
    std::string text(bytes, '\0');
    const ssize_t got = api.recv(fd, text.data(), bytes, flags);
    if (got < 0) return "errno " + std::to_string(-got);
    text.resize(static_cast<std::size_t>(got));
    return text;
  }
  static std::string error(int number) { return "errno " + std::to_string(number); }
  static int set(posix_api& api, int fd, int name, int value, int level = SOL_SOCKET) {
    return api.setsockopt(fd, level, name, &value, sizeof value);
  }
  static int option(posix_api& api, int fd, int name, int level = SOL_SOCKET) {
    int value = -1;
    socklen_t length = sizeof value;
    EXPECT_EQ(api.getsockopt(fd, level, name, &value, &length), 0);
    return value;
  }
  static int limit(posix_api& api, int fd, int name, int ms) {
    const timeval tv{.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    return api.setsockopt(fd, SOL_SOCKET, name, &tv, sizeof tv);
  }
  static void make_nonblocking(posix_api& api, int fd) { EXPECT_EQ(api.fcntl(fd, F_SETFL, O_NONBLOCK), 0); }
  /// What poll says at once of everything that it can say.
  static int readiness(posix_api& api, int fd) {
    pollfd one{.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP, .revents = 0};
    api.poll(&one, 1, 0);
    return one.revents;
  }
  /// Resets the connection from the server's end; the reset is on its way, or has arrived.
  void send_reset() {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(server.setsockopt(far, SOL_SOCKET, SO_LINGER, &abort, sizeof abort), 0);
    ASSERT_EQ(server.close(far), 0);
  }
  void reset_far() {
    send_reset();
    hosts.threads.run_for_ms(20);
  }
  std::uint64_t now_ms() { return hosts.network.now_ms(); }

  support::virtual_sockets hosts;
  posix_api& client = hosts.client;
  posix_api& server = hosts.server;
  int listener = -1;
  int near = -1;
  int far = -1;
};

}  // namespace fourtuple::socket
