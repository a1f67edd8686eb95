// SPDX-License-Identifier: Apache-2.0
// bind, listen, accept and connect: blocking, not blocking, refused, and with time limits.
#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

using support::address_in;
using support::address_of_end;
using support::generic;

class connecting : public socket_fixture {
 protected:
  int begin(std::uint16_t port) {
    near = client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    return again(port);
  }
  int again(std::uint16_t port) {
    const sockaddr_in peer = address_in(address_of_end[1], port);
    return client.connect(near, generic(peer), sizeof peer);
  }
};

TEST_F(connecting, bind_and_listen) {
  const int fd = server.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in in = address_in({}, 80);
  EXPECT_EQ(server.bind(fd, generic(in), sizeof in), 0);
  EXPECT_EQ(server.bind(fd, generic(in), sizeof in), -EINVAL);
  const int second = server.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(server.bind(second, generic(in), sizeof in), -EADDRINUSE);
  EXPECT_EQ(server.accept(fd, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(server.listen(fd, 5), 0);
  EXPECT_EQ(server.listen(fd, 7), 0);
  EXPECT_EQ(option(server, fd, SO_ACCEPTCONN), 1);
  EXPECT_EQ(server.connect(fd, generic(in), sizeof in), -EISCONN);
  EXPECT_EQ(get(server, fd), error(ENOTCONN));
  EXPECT_EQ(put(server, fd, "x"), -EPIPE);
}

TEST_F(connecting, accept_waits_and_tells_the_peer) {
  listener = hosts.listen();
  int accepted = -1;
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  hosts.threads.spawn([&] { accepted = server.accept(listener, generic(peer), &length); });
  hosts.threads.run_for_ms(1000);
  EXPECT_EQ(accepted, -1);
  near = hosts.connect();
  ASSERT_GE(near, 0);
  EXPECT_TRUE(hosts.threads.run_all());
  ASSERT_GE(accepted, 0);
  EXPECT_EQ(length, sizeof peer);
  sockaddr_in own{};
  EXPECT_EQ(client.getsockname(near, generic(own), &length), 0);
  EXPECT_EQ(peer.sin_family, AF_INET);
  EXPECT_EQ(peer.sin_port, own.sin_port);
  EXPECT_EQ(peer.sin_addr.s_addr, own.sin_addr.s_addr);
}

TEST_F(connecting, accept4_takes_flags_and_children_inherit_times_only) {
  listener = hosts.listen();
  EXPECT_EQ(server.accept4(listener, nullptr, nullptr, 0x40), -EINVAL);
  sockaddr_in peer{};
  EXPECT_EQ(server.accept4(listener, generic(peer), nullptr, 0), -EFAULT);
  EXPECT_EQ(limit(server, listener, SO_RCVTIMEO, 1500), 0);
  ASSERT_GE(hosts.connect(), 0);
  ASSERT_GE(hosts.connect(), 0);
  const int plain = server.accept(listener, nullptr, nullptr);
  EXPECT_EQ(server.fcntl(plain, F_GETFL, 0), O_RDWR);
  const int flagged = server.accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  EXPECT_EQ(server.fcntl(flagged, F_GETFL, 0), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(server.fcntl(flagged, F_GETFD, 0), FD_CLOEXEC);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(get(server, plain), error(EAGAIN));
  EXPECT_EQ(now_ms() - before, 1500U);
}

TEST_F(connecting, accept_gives_up_after_its_time_or_at_once) {
  listener = hosts.listen();
  EXPECT_EQ(limit(server, listener, SO_RCVTIMEO, 250), 0);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(server.accept(listener, nullptr, nullptr), -EAGAIN);
  EXPECT_EQ(now_ms() - before, 250U);
  make_nonblocking(server, listener);
  EXPECT_EQ(server.accept(listener, nullptr, nullptr), -EAGAIN);
  EXPECT_EQ(now_ms() - before, 250U);
}

TEST_F(connecting, accept_ends_when_the_listener_shuts_down_or_closes) {
  listener = hosts.listen();
  int first = 0;
  hosts.threads.spawn([&] { first = server.accept(listener, nullptr, nullptr); });
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(server.shutdown(listener, SHUT_RD), 0);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(first, -EINVAL);
  EXPECT_EQ(server.close(listener), 0);
  listener = hosts.listen();
  int second = 0;
  hosts.threads.spawn([&] { second = server.accept(listener, nullptr, nullptr); });
  hosts.threads.run_for_ms(10);
  EXPECT_EQ(server.close(listener), 0);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(second, -EBADF);
}

TEST_F(connecting, blocking_connect_takes_one_round_trip) {
  listener = hosts.listen();
  ASSERT_GE(hosts.connect(), 0);  // ARP takes a round trip too.
  const std::uint64_t before = now_ms();
  EXPECT_GE(hosts.connect(), 0);
  EXPECT_EQ(now_ms() - before, 10U);
}

TEST_F(connecting, blocking_connect_is_refused) {
  EXPECT_EQ(hosts.connect(82), -ECONNREFUSED);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(hosts.connect(81), -ECONNREFUSED);
  EXPECT_EQ(now_ms() - before, 10U);
}

TEST_F(connecting, connect_in_progress_is_polled_for) {
  listener = hosts.listen();
  EXPECT_EQ(begin(2222), -EINPROGRESS);
  EXPECT_EQ(again(2222), -EALREADY);
  EXPECT_EQ(readiness(client, near), 0);
  pollfd one{.fd = near, .events = POLLOUT, .revents = 0};
  EXPECT_EQ(client.poll(&one, 1, 5), 0);
  EXPECT_EQ(client.poll(&one, 1, -1), 1);
  EXPECT_EQ(one.revents, POLLOUT);
  EXPECT_EQ(option(client, near, SO_ERROR), 0);
  EXPECT_EQ(again(2222), 0);
  EXPECT_EQ(again(2222), -EISCONN);
}

TEST_F(connecting, refusal_in_progress_is_found_by_so_error) {
  EXPECT_EQ(begin(81), -EINPROGRESS);
  pollfd one{.fd = near, .events = POLLOUT, .revents = 0};
  EXPECT_EQ(client.poll(&one, 1, -1), 1);
  EXPECT_EQ(one.revents, POLLOUT | POLLERR | POLLHUP);
  EXPECT_EQ(option(client, near, SO_ERROR), ECONNREFUSED);
  EXPECT_EQ(option(client, near, SO_ERROR), 0);
  EXPECT_EQ(again(81), -ECONNABORTED);
}

TEST_F(connecting, connect_has_the_time_limit_of_sending) {
  hosts.network.wire().set_filter([](int, const auto* segment) { return support::fate{.drop = segment != nullptr}; });
  near = client.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(limit(client, near, SO_SNDTIMEO, 300), 0);
  const std::uint64_t before = now_ms();
  EXPECT_EQ(again(2222), -EINPROGRESS);
  EXPECT_EQ(now_ms() - before, 300U);
  // The attempt goes on; a second call waits for it.
  EXPECT_EQ(again(2222), -EALREADY);
  EXPECT_EQ(now_ms() - before, 600U);
  EXPECT_EQ(limit(client, near, SO_SNDTIMEO, 0), 0);
  EXPECT_EQ(again(2222), -ETIMEDOUT);
}

TEST_F(connecting, close_and_shutdown_end_a_blocking_connect) {
  hosts.network.wire().set_filter([](int, const auto* segment) { return support::fate{.drop = segment != nullptr}; });
  for (const bool closes : {true, false}) {
    near = client.socket(AF_INET, SOCK_STREAM, 0);
    int result = 0;
    hosts.threads.spawn([&] { result = again(2222); });
    hosts.threads.run_for_ms(10);
    EXPECT_EQ(closes ? client.close(near) : client.shutdown(near, SHUT_RDWR), 0);
    EXPECT_TRUE(hosts.threads.run_all());
    EXPECT_EQ(result, closes ? -EBADF : -ECONNRESET);
  }
}

TEST_F(connecting, calls_on_an_unconnected_socket) {
  near = client.socket(AF_INET, SOCK_STREAM, 0);
  char byte = 0;
  EXPECT_EQ(put(client, near, "x"), -EPIPE);
  EXPECT_EQ(client.read(near, &byte, 1), -ENOTCONN);
  EXPECT_EQ(client.recv(near, &byte, 0, 0), -ENOTCONN);
  EXPECT_EQ(client.read(near, &byte, 0), 0);
  EXPECT_EQ(client.shutdown(near, SHUT_WR), -ENOTCONN);
  EXPECT_EQ(client.shutdown(near, 3), -EINVAL);
}

}  // namespace
}  // namespace fourtuple::socket
