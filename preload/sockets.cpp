// SPDX-License-Identifier: Apache-2.0
// The calls that make sockets and connect them.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "preload/libc.hpp"
#include "preload/waiting.hpp"
#include "preload/world_client.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(socket)
FOURTUPLE_LIBC(bind)
FOURTUPLE_LIBC(listen)
FOURTUPLE_LIBC(connect)
FOURTUPLE_LIBC(accept4)
FOURTUPLE_LIBC(shutdown)
FOURTUPLE_LIBC(getsockname)
FOURTUPLE_LIBC(getpeername)
FOURTUPLE_LIBC(getsockopt)
FOURTUPLE_LIBC(setsockopt)
FOURTUPLE_LIBC(recvmsg)
FOURTUPLE_LIBC(close)

constexpr int kind_mask = 0xf;  // Linux: SOCK_TYPE_MASK

int fail(int error) noexcept {
  errno = error;
  return -1;
}

int finish(int result) noexcept { return result < 0 ? fail(-result) : result; }

/// Gives a descriptor that has come in a message the number and the flags that a system call would have given it.
int settle(int fd, int flags) noexcept {
  const bool close_on_exec = (flags & SOCK_CLOEXEC) != 0;
  const int lowest = fcntl(fd, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
  if (lowest >= 0 && lowest < fd) {
    libc_close(fd);
    fd = lowest;
  } else {
    if (lowest >= 0) libc_close(lowest);
    fcntl(fd, F_SETFD, close_on_exec ? FD_CLOEXEC : 0);
  }
  if ((flags & SOCK_NONBLOCK) != 0) fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
  return fd;
}

int world_socket(int flags) noexcept {
  const settings& own = program_settings();
  request what;
  what.op = operation::socket;
  what.payload_bytes = static_cast<std::uint16_t>(std::strlen(own.host));
  world_answer answer;
  if (!ask_world(what, own.host, -1, answer)) return fail(ENETDOWN);
  if (answer.result < 0) return fail(-answer.result);
  return answer.carried < 0 ? fail(EMFILE) : settle(answer.carried, flags);
}

/// Asks about a socket; the answer's result, or ENETDOWN if there is no world any more.
int ask(operation op, int fd, int argument, const void* payload, std::size_t payload_bytes,
        world_answer& answer) noexcept {
  if (payload_bytes > most_payload_bytes) return -EINVAL;
  request what;
  what.op = op;
  what.argument = argument;
  what.payload_bytes = static_cast<std::uint16_t>(payload_bytes);
  return ask_world(what, payload, fd, answer) ? answer.result : -ENETDOWN;
}

/// Of bind and connect: 1 if every address is for the world.
int world_alone() noexcept { return program_settings().only_world ? 1 : 0; }

/// Options that a program may have set before it is clear that the socket is not for the world.
struct kept_option {
  int level;
  int name;
};
constexpr kept_option kept_options[] = {
    {SOL_SOCKET, SO_REUSEADDR},  {SOL_SOCKET, SO_REUSEPORT},     {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_LINGER},     {IPPROTO_TCP, TCP_NODELAY},     {IPPROTO_TCP, TCP_CORK},
    {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},   {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_SYNCNT},   {IPPROTO_TCP, TCP_USER_TIMEOUT}};

/// The address is not the world's: a socket of the kernel takes the place of the world's, under the same number.
int become_kernel_socket(int fd) noexcept {
  const int descriptor_flags = fcntl(fd, F_GETFD);
  const int status_flags = fcntl(fd, F_GETFL);
  const int made = libc_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return -1;
  for (const kept_option& option : kept_options) {
    request what;
    what.op = operation::getsockopt;
    what.level = option.level;
    what.argument = option.name;
    what.length = sizeof(linger);
    world_answer answer;
    if (ask_world(what, nullptr, fd, answer) && answer.result == 0)
      libc_setsockopt(made, option.level, option.name, answer.payload, answer.payload_bytes);
  }
  for (const int limit : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    timeval time{};
    socklen_t length = sizeof time;
    if (libc_getsockopt(fd, SOL_SOCKET, limit, &time, &length) == 0)
      libc_setsockopt(made, SOL_SOCKET, limit, &time, length);
  }
  fcntl(made, F_SETFL, status_flags);
  const int placed = dup3(made, fd, (descriptor_flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
  libc_close(made);
  return placed < 0 ? -1 : 0;
}

/// Sleeps until the attempt has ended. 0, or -1 with errno.
int wait_connected(int fd, const sockaddr* address, socklen_t address_length) noexcept {
  timeval limit{};
  socklen_t length = sizeof limit;
  libc_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &length);
  const long limit_ms = limit.tv_sec * 1000 + limit.tv_usec / 1000;
  pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
  const bool unlimited = limit.tv_sec == 0 && limit.tv_usec == 0;
  const int ready = wait_for_files(&one, 1, unlimited ? -1 : static_cast<int>(limit_ms));
  if (ready < 0) return -1;
  if (ready == 0) return fail(EINPROGRESS);
  // Asking again tells how it ended; the kernel's own note of an error goes with it.
  world_answer answer;
  const int result = ask(operation::connect, fd, world_alone(), address, address_length, answer);
  if (answer.carried >= 0) libc_close(answer.carried);
  if (result == 1 || result == -EISCONN) return 0;
  int noted = 0;
  length = sizeof noted;
  libc_getsockopt(fd, SOL_SOCKET, SO_ERROR, &noted, &length);
  return fail(result < 0 ? -result : ECONNABORTED);
}

int connect_in_world(int fd, const sockaddr* address, socklen_t length) noexcept {
  world_answer answer;
  const int result = ask(operation::connect, fd, world_alone(), address, length, answer);
  if (result == outside) return become_kernel_socket(fd) != 0 ? -1 : libc_connect(fd, address, length);
  if (result >= 0 && answer.carried >= 0) {
    const int flags = fcntl(fd, F_GETFL);
    const bool close_on_exec = (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    fcntl(answer.carried, F_SETFL, flags);
    dup3(answer.carried, fd, close_on_exec ? O_CLOEXEC : 0);
    libc_close(answer.carried);
  }
  const bool blocking = (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
  if (result == 1) return 0;
  if (result == 0) return blocking ? wait_connected(fd, address, length) : fail(EINPROGRESS);
  if (result == -EALREADY && blocking) return wait_connected(fd, address, length);
  return fail(-result);
}

void write_peer(const accepted& from, sockaddr* address, socklen_t* length) noexcept {
  if (address == nullptr || length == nullptr) return;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = from.peer_address;
  in.sin_port = from.peer_port;
  std::memcpy(address, &in, *length < sizeof in ? *length : sizeof in);
  *length = sizeof in;
}

/// The world is gone, and the listener stays readable. Servers with an event loop take that for a passing trouble, try
/// again at once and write a line each time: they are given time to.
int fail_without_world() noexcept {
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
  syscall(SYS_nanosleep, &pause, nullptr);  // The kernel's: virtual time has ended.
  return fail(ENETDOWN);
}

int accept_in_world(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return fail(EINVAL);
  if (!is_world_listener(fd)) return fail(EINVAL);
  if (!wait_within_limit(fd, POLLIN, 0)) return -1;
  // A message whose descriptor finds no place is lost, and a connection with it: find that out before.
  const int place = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (place < 0) return -1;
  libc_close(place);
  accepted message;
  iovec part{&message, sizeof message};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const ssize_t got = libc_recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
  if (got < 0) return errno == ECONNRESET ? fail_without_world() : -1;
  // The listener was shut down, or its world is gone, or about to be.
  if (got == 0) {
    world_answer answer;
    return ask(operation::getsockname, fd, 0, nullptr, 0, answer) == 0 ? fail(EINVAL) : fail_without_world();
  }
  const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  if (got != sizeof message || message.magic != accepted::magic_value || rights == nullptr ||
      rights->cmsg_type != SCM_RIGHTS)
    return fail(EMFILE);
  int carried = -1;
  std::memcpy(&carried, CMSG_DATA(rights), sizeof carried);
  write_peer(message, address, length);
  return settle(carried, flags);
}

int name_in_world(operation op, int fd, sockaddr* address, socklen_t* length) noexcept {
  if (address == nullptr || length == nullptr) return fail(EFAULT);
  world_answer answer;
  const int result = ask(op, fd, 0, nullptr, 0, answer);
  if (result < 0) return fail(-result);
  std::memcpy(address, answer.payload, *length < answer.payload_bytes ? *length : answer.payload_bytes);
  *length = answer.payload_bytes;
  return 0;
}

bool refused_outside_world(int domain) noexcept {
  return program_settings().only_world && (domain == AF_INET || domain == AF_INET6);
}

}  // namespace

FOURTUPLE_EXPORT int socket(int domain, int type, int protocol) noexcept {
  const bool tcp = domain == AF_INET && (type & kind_mask) == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
  if (!program_settings().in_world) return libc_socket(domain, type, protocol);
  if (tcp) return world_socket(type & ~kind_mask);
  return refused_outside_world(domain) ? fail(EAFNOSUPPORT) : libc_socket(domain, type, protocol);
}

FOURTUPLE_EXPORT int bind(int fd, const sockaddr* address, socklen_t length) noexcept {
  if (!is_world_socket(fd)) return libc_bind(fd, address, length);
  if (address == nullptr) return fail(EFAULT);
  world_answer answer;
  const int result = ask(operation::bind, fd, world_alone(), address, length, answer);
  if (result != outside) return finish(result);
  return become_kernel_socket(fd) != 0 ? -1 : libc_bind(fd, address, length);
}

FOURTUPLE_EXPORT int listen(int fd, int backlog) noexcept {
  if (!is_world_socket(fd)) return libc_listen(fd, backlog);
  world_answer answer;
  return finish(ask(operation::listen, fd, backlog, nullptr, 0, answer));
}

FOURTUPLE_EXPORT int connect(int fd, const sockaddr* address, socklen_t length) {
  if (!is_world_socket(fd)) return libc_connect(fd, address, length);
  return address == nullptr ? fail(EFAULT) : connect_in_world(fd, address, length);
}

FOURTUPLE_EXPORT int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  if (!is_world_socket(fd)) return libc_accept4(fd, address, length, flags);
  return accept_in_world(fd, address, length, flags);
}

FOURTUPLE_EXPORT int accept(int fd, sockaddr* address, socklen_t* length) { return ::accept4(fd, address, length, 0); }

FOURTUPLE_EXPORT int shutdown(int fd, int how) noexcept {
  if (!is_world_socket(fd)) return libc_shutdown(fd, how);
  world_answer answer;
  const int result = ask(operation::shutdown, fd, how, nullptr, 0, answer);
  return result < 0 ? fail(-result) : libc_shutdown(fd, how);
}

FOURTUPLE_EXPORT int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  if (!is_world_socket(fd)) return libc_getsockname(fd, address, length);
  return name_in_world(operation::getsockname, fd, address, length);
}

FOURTUPLE_EXPORT int getpeername(int fd, sockaddr* address, socklen_t* length) noexcept {
  if (!is_world_socket(fd)) return libc_getpeername(fd, address, length);
  return name_in_world(operation::getpeername, fd, address, length);
}

}  // namespace fourtuple::preload
