// SPDX-License-Identifier: Apache-2.0
// Descriptors: what socket() accepts, numbers, wrong descriptors and pointers, fcntl and ioctl.
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <functional>
#include <vector>

#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

using support::address_in;
using support::address_of_end;
using support::generic;

class descriptors : public socket_fixture {};

TEST_F(descriptors, socket_refuses_in_the_order_of_linux) {
  EXPECT_EQ(client.socket(AF_INET6, SOCK_STREAM, 0), -EAFNOSUPPORT);
  EXPECT_EQ(client.socket(-1, SOCK_STREAM, 0), -EAFNOSUPPORT);
  EXPECT_EQ(client.socket(1000, SOCK_STREAM, 0), -EAFNOSUPPORT);
  EXPECT_EQ(client.socket(AF_INET, 15, 0), -EINVAL);
  EXPECT_EQ(client.socket(AF_INET, -1, 0), -EINVAL);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM | 0x100, 0), -EINVAL);
  EXPECT_EQ(client.socket(AF_INET6, SOCK_STREAM | 0x100, 0), -EINVAL);
  EXPECT_EQ(client.socket(AF_INET, 0, 0), -ESOCKTNOSUPPORT);
  EXPECT_EQ(client.socket(AF_INET, SOCK_DGRAM, 0), -ESOCKTNOSUPPORT);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, -1), -EINVAL);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, IPPROTO_MAX), -EINVAL);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), 3);
}

TEST_F(descriptors, lowest_free_number_is_taken) {
  for (int fd = 3; fd < 8; ++fd) EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, 0), fd);
  EXPECT_EQ(client.close(6), 0);
  EXPECT_EQ(client.close(4), 0);
  EXPECT_EQ(client.close(4), -EBADF);
  EXPECT_EQ(client.epoll_create1(0), 4);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, 0), 6);
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, 0), 8);
}

TEST_F(descriptors, flags_of_socket_and_fcntl) {
  const int fd = client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  EXPECT_EQ(client.fcntl(fd, F_GETFL, 0), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(client.fcntl(fd, F_GETFD, 0), FD_CLOEXEC);
  EXPECT_EQ(client.fcntl(fd, F_SETFL, 0), 0);
  EXPECT_EQ(client.fcntl(fd, F_SETFD, 0), 0);
  EXPECT_EQ(client.fcntl(fd, F_GETFL, 0), O_RDWR);
  EXPECT_EQ(client.fcntl(fd, F_GETFD, 0), 0);
  EXPECT_EQ(client.fcntl(fd, 12345, 0), -EINVAL);
  EXPECT_EQ(client.fcntl(99, F_GETFL, 0), -EBADF);
}

TEST_F(descriptors, ioctl_counts_bytes_and_sets_nonblocking) {
  connect_both();
  int value = 1;
  EXPECT_EQ(client.ioctl(near, FIONBIO, &value), 0);
  EXPECT_EQ(client.fcntl(near, F_GETFL, 0), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(put(client, near, "seven!!"), 7);
  EXPECT_EQ(client.ioctl(near, SIOCOUTQ, &value), 0);
  EXPECT_EQ(value, 7);
  hosts.threads.run_for_ms(100);
  EXPECT_EQ(client.ioctl(near, SIOCOUTQ, &value), 0);
  EXPECT_EQ(value, 0);
  EXPECT_EQ(server.ioctl(far, FIONREAD, &value), 0);
  EXPECT_EQ(value, 7);
  EXPECT_EQ(server.ioctl(listener, FIONREAD, &value), -EINVAL);
  EXPECT_EQ(server.ioctl(far, 0xdead, &value), -ENOTTY);
  EXPECT_EQ(server.ioctl(far, 0xdead, nullptr), -ENOTTY);
  EXPECT_EQ(server.ioctl(far, FIONREAD, nullptr), -EFAULT);
  EXPECT_EQ(server.ioctl(99, FIONREAD, &value), -EBADF);
  EXPECT_EQ(server.ioctl(server.epoll_create1(0), FIONREAD, &value), -ENOTTY);
}

// Every call says EBADF of a descriptor that is none, also with a bad pointer, and ENOTSOCK of an epoll instance.
TEST_F(descriptors, wrong_descriptors) {
  const sockaddr_in peer = address_in(address_of_end[1], 1);
  sockaddr_in in{};
  socklen_t length = sizeof in;
  int value = 1;
  msghdr message{};
  const std::vector<std::function<ssize_t(int)>> calls{
      [&](int fd) { return client.bind(fd, generic(peer), sizeof peer); },
      [&](int fd) { return client.listen(fd, 1); },
      [&](int fd) { return client.accept(fd, nullptr, nullptr); },
      [&](int fd) { return client.connect(fd, generic(peer), sizeof peer); },
      [&](int fd) { return client.recv(fd, nullptr, 1, 0); },
      [&](int fd) { return client.recvfrom(fd, nullptr, 1, 0, nullptr, nullptr); },
      [&](int fd) { return client.recvmsg(fd, nullptr, 0); },
      [&](int fd) { return client.send(fd, nullptr, 1, 0); },
      [&](int fd) { return client.sendto(fd, nullptr, 1, 0, nullptr, 0); },
      [&](int fd) { return client.sendmsg(fd, &message, 0); },
      [&](int fd) { return client.shutdown(fd, SHUT_RD); },
      [&](int fd) { return client.getsockname(fd, generic(in), &length); },
      [&](int fd) { return client.getpeername(fd, generic(in), &length); },
      [&](int fd) { return client.getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length); },
      [&](int fd) { return client.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value); },
  };
  const int epoll = client.epoll_create1(0);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (const int fd : {-1, 0, 2, 99, 1 << 30}) EXPECT_EQ(calls[i](fd), -EBADF) << "call " << i << " of " << fd;
    EXPECT_EQ(calls[i](epoll), -ENOTSOCK) << "call " << i;
  }
  // An epoll instance just cannot be read or written (Linux: no read_iter, no write_iter).
  EXPECT_EQ(client.read(epoll, &value, 1), -EINVAL);
  EXPECT_EQ(client.write(epoll, &value, 1), -EINVAL);
  EXPECT_EQ(client.read(99, nullptr, 1), -EBADF);
  EXPECT_EQ(client.write(99, nullptr, 1), -EBADF);
}

TEST_F(descriptors, wrong_pointers_and_counts) {
  connect_both();
  iovec two[2] = {{.iov_base = nullptr, .iov_len = 0}, {.iov_base = nullptr, .iov_len = 1}};
  // A pointer is looked at when there are bytes to copy.
  EXPECT_EQ(client.recv(near, nullptr, 1, MSG_DONTWAIT), -EAGAIN);
  EXPECT_EQ(put(server, far, "x"), 1);
  hosts.threads.run_for_ms(20);
  EXPECT_EQ(client.read(near, nullptr, 1), -EFAULT);
  EXPECT_EQ(client.write(near, nullptr, 1), -EFAULT);
  EXPECT_EQ(client.readv(near, two, 2), -EFAULT);
  EXPECT_EQ(client.writev(near, nullptr, 1), -EFAULT);
  EXPECT_EQ(client.readv(near, two, -1), -EINVAL);
  EXPECT_EQ(client.writev(near, two, 5000), -EINVAL);
  EXPECT_EQ(client.recvmsg(near, nullptr, 0), -EFAULT);
  EXPECT_EQ(client.sendmsg(near, nullptr, 0), -EFAULT);
  msghdr message{};
  message.msg_iov = two;
  message.msg_iovlen = 5000;
  EXPECT_EQ(client.sendmsg(near, &message, 0), -EMSGSIZE);
  EXPECT_EQ(client.recvmsg(near, &message, 0), -EMSGSIZE);
  char byte = 0;
  iovec huge[2] = {{.iov_base = &byte, .iov_len = 1ULL << 62}, {.iov_base = &byte, .iov_len = 1ULL << 62}};
  EXPECT_EQ(client.readv(near, huge, 2), -EINVAL);
  EXPECT_EQ(client.read(near, &byte, 0), 0);
  EXPECT_EQ(client.write(near, &byte, 0), 0);
  EXPECT_EQ(client.setsockopt(near, SOL_SOCKET, SO_KEEPALIVE, nullptr, 4), -EFAULT);
  EXPECT_EQ(client.getsockopt(near, SOL_SOCKET, SO_KEEPALIVE, nullptr, nullptr), -EFAULT);
  EXPECT_EQ(client.poll(nullptr, 1, 0), -EFAULT);
}

TEST_F(descriptors, addresses_are_checked) {
  const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in in = address_in(address_of_end[0], 7);
  EXPECT_EQ(client.bind(fd, nullptr, sizeof in), -EFAULT);
  EXPECT_EQ(client.bind(fd, nullptr, 0), -EINVAL);
  EXPECT_EQ(client.bind(fd, generic(in), sizeof in - 1), -EINVAL);
  EXPECT_EQ(client.bind(fd, generic(in), 1000), -EINVAL);
  EXPECT_EQ(client.connect(fd, nullptr, sizeof in), -EFAULT);
  in.sin_family = AF_INET6;
  EXPECT_EQ(client.bind(fd, generic(in), sizeof in), -EAFNOSUPPORT);
  EXPECT_EQ(client.connect(fd, generic(in), sizeof in), -EAFNOSUPPORT);
  in = address_in(address_of_end[1], 7);
  EXPECT_EQ(client.bind(fd, generic(in), sizeof in), -EADDRNOTAVAIL);
}

TEST_F(descriptors, names_are_cut_to_the_room_and_tell_their_length) {
  connect_both();
  sockaddr_in in{};
  socklen_t length = sizeof in;
  EXPECT_EQ(client.getpeername(near, generic(in), &length), 0);
  EXPECT_EQ(length, sizeof in);
  EXPECT_EQ(in.sin_port, htons(2222));
  EXPECT_EQ(in.sin_addr.s_addr, htonl(address_of_end[1].value));
  sockaddr_in cut{};
  length = 4;
  EXPECT_EQ(client.getpeername(near, generic(cut), &length), 0);
  EXPECT_EQ(length, sizeof in);
  EXPECT_EQ(cut.sin_port, htons(2222));
  EXPECT_EQ(cut.sin_addr.s_addr, 0U);
  length = static_cast<socklen_t>(-1);
  EXPECT_EQ(client.getsockname(near, generic(in), &length), -EINVAL);
  EXPECT_EQ(client.getsockname(near, generic(in), nullptr), -EFAULT);
  length = sizeof in;
  EXPECT_EQ(client.getsockname(near, nullptr, &length), -EFAULT);
  EXPECT_EQ(client.getsockname(near, generic(in), &length), 0);
  EXPECT_EQ(in.sin_addr.s_addr, htonl(address_of_end[0].value));
  EXPECT_NE(in.sin_port, 0);
}

TEST_F(descriptors, no_peer_before_and_after_a_connection) {
  sockaddr_in in{};
  socklen_t length = sizeof in;
  connect_both();
  EXPECT_EQ(server.getpeername(listener, generic(in), &length), -ENOTCONN);
  reset_far();
  EXPECT_EQ(client.getpeername(near, generic(in), &length), -ENOTCONN);
  const int opening = client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  EXPECT_EQ(client.getpeername(opening, generic(in), &length), -ENOTCONN);
  const sockaddr_in peer = address_in(address_of_end[1], 2222);
  EXPECT_EQ(client.connect(opening, generic(peer), sizeof peer), -EINPROGRESS);
  EXPECT_EQ(client.getpeername(opening, generic(in), &length), -ENOTCONN);
  hosts.threads.run_for_ms(20);
  EXPECT_EQ(client.getpeername(opening, generic(in), &length), 0);
}

TEST_F(descriptors, timeouts_are_kept_and_checked) {
  const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
  timeval tv{.tv_sec = 1, .tv_usec = 1'000'000};
  EXPECT_EQ(client.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), -EDOM);
  EXPECT_EQ(client.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, 4), -EINVAL);
  tv = {.tv_sec = 2, .tv_usec = 500'000};
  EXPECT_EQ(client.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
  timeval back{};
  socklen_t length = sizeof back;
  EXPECT_EQ(client.getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &back, &length), 0);
  EXPECT_EQ(back.tv_sec, 2);
  EXPECT_EQ(back.tv_usec, 500'000);
  EXPECT_EQ(client.getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &back, &length), 0);
  EXPECT_EQ(back.tv_sec, 0);
  EXPECT_EQ(back.tv_usec, 0);
  // Longer than the clock counts: no limit, and no small one by overflow.
  tv = {.tv_sec = 1LL << 62, .tv_usec = 0};
  EXPECT_EQ(client.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
  EXPECT_EQ(client.getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &back, &length), 0);
  EXPECT_EQ(back.tv_sec, 0);
}

}  // namespace
}  // namespace fourtuple::socket
