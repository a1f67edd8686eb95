// SPDX-License-Identifier: Apache-2.0
// Reading and writing are the kernel's. What is added here: errors of the connection in place of the end of file and
// EPIPE that a socketpair shows for them, and flags and addresses that TCP understands otherwise than AF_UNIX.
#include <poll.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "preload/libc.hpp"
#include "preload/sandbox.hpp"
#include "preload/waiting.hpp"
#include "preload/world_client.hpp"

extern "C" {
// What programs compiled with _FORTIFY_SOURCE call (Linux Standard Base 5.0).
ssize_t __read_chk(int, void*, size_t, size_t);
ssize_t __recv_chk(int, void*, size_t, size_t, int);
ssize_t __recvfrom_chk(int, void*, size_t, size_t, int, sockaddr*, socklen_t*);
}

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(read)
FOURTUPLE_LIBC(readv)
FOURTUPLE_LIBC(recv)
FOURTUPLE_LIBC(recvfrom)
FOURTUPLE_LIBC(recvmsg)
FOURTUPLE_LIBC(write)
FOURTUPLE_LIBC(writev)
FOURTUPLE_LIBC(send)
FOURTUPLE_LIBC(sendto)
FOURTUPLE_LIBC(sendmsg)
FOURTUPLE_LIBC(sendfile)
FOURTUPLE_LIBC(poll)
FOURTUPLE_LIBC(__read_chk)
FOURTUPLE_LIBC(__recv_chk)
FOURTUPLE_LIBC(__recvfrom_chk)

ssize_t fail(int error) noexcept {
  errno = error;
  return -1;
}

/// The pair is over in both directions. A peer's FIN alone is not that: then its end of file is TCP's.
bool has_hung_up(int fd) noexcept {
  pollfd one{.fd = fd, .events = 0, .revents = 0};
  return libc_poll(&one, nfds_t{1}, 0) > 0 && (one.revents & (POLLHUP | POLLERR)) != 0;
}

/// `result` of a read of more than nothing.
ssize_t after_read(int fd, ssize_t result) noexcept {
  if (result > 0 || (result < 0 && errno != ECONNRESET)) return result;
  const int before = errno;
  if (!is_world_socket(fd)) return result;
  if (result == 0 && !has_hung_up(fd)) return result;
  const int error = take_error(fd);
  if (error != 0) return fail(error);
  errno = before;
  return result;
}

/// `result` of a write that raised no SIGPIPE. `quiet`: MSG_NOSIGNAL was given.
ssize_t after_write(int fd, ssize_t result, bool quiet) noexcept {
  if (result >= 0 || (errno != EPIPE && errno != ECONNRESET)) return result;
  const int before = errno;
  const int error = is_world_socket(fd) ? take_error(fd) : 0;
  // An error that is pending goes before EPIPE, and has no signal (Linux: sk_stream_error).
  if (error != 0) return fail(error);
  if (before == EPIPE && !quiet) raise(SIGPIPE);
  return fail(before);
}

bool needs_care(int flags) noexcept { return (flags & (MSG_TRUNC | MSG_OOB | MSG_ERRQUEUE)) != 0; }

/// Flags of receiving that mean something else on a socketpair. True if the call has been answered.
bool receive_with_care(int fd, std::size_t bytes, int flags, ssize_t& result) noexcept {
  if (!needs_care(flags) || !is_world_socket(fd)) return false;
  if ((flags & MSG_OOB) != 0) {
    result = fail(EINVAL);
    return true;
  }
  if ((flags & MSG_ERRQUEUE) != 0) {
    result = fail(EAGAIN);
    return true;
  }
  if ((flags & MSG_PEEK) != 0) return false;
  // tcp(7): MSG_TRUNC drops the bytes.
  if (!wait_within_limit(fd, POLLIN, flags)) {
    result = -1;
    return true;
  }
  char dropped[16384];
  result = after_read(fd, libc_recv(fd, dropped, bytes < sizeof dropped ? bytes : sizeof dropped, flags & ~MSG_TRUNC));
  return true;
}

constexpr int sending_flags_of_tcp_alone = MSG_ZEROCOPY | MSG_FASTOPEN | MSG_OOB;

/// Whether TCP's own flags can be honoured; those that change nothing are taken out.
bool sending_flags(int fd, int& flags) noexcept {
  if ((flags & sending_flags_of_tcp_alone) == 0 || !is_world_socket(fd)) return true;
  if ((flags & (MSG_OOB | MSG_FASTOPEN)) != 0) return false;
  flags &= ~MSG_ZEROCOPY;
  return true;
}

ssize_t send_quietly(int fd, const void* data, std::size_t bytes, int flags) noexcept {
  if (!sending_flags(fd, flags)) return fail(EOPNOTSUPP);
  if (!wait_within_limit(fd, POLLOUT, flags)) return -1;
  const bool quiet = (flags & MSG_NOSIGNAL) != 0;
  return after_write(fd, libc_send(fd, data, bytes, flags | MSG_NOSIGNAL), quiet);
}

}  // namespace

FOURTUPLE_EXPORT ssize_t read(int fd, void* buffer, std::size_t bytes) {
  if (bytes != 0 && !wait_within_limit(fd, POLLIN, 0)) return -1;
  const ssize_t result = libc_read(fd, buffer, bytes);
  return bytes == 0 ? result : after_read(fd, result);
}

FOURTUPLE_EXPORT ssize_t __read_chk(int fd, void* buffer, std::size_t bytes, std::size_t room) {
  if (bytes != 0 && !wait_within_limit(fd, POLLIN, 0)) return -1;
  const ssize_t result = libc___read_chk(fd, buffer, bytes, room);
  return bytes == 0 ? result : after_read(fd, result);
}

FOURTUPLE_EXPORT ssize_t readv(int fd, const iovec* vectors, int count) {
  if (!wait_within_limit(fd, POLLIN, 0)) return -1;
  return after_read(fd, libc_readv(fd, vectors, count));
}

FOURTUPLE_EXPORT ssize_t recv(int fd, void* buffer, std::size_t bytes, int flags) {
  ssize_t result = 0;
  if (receive_with_care(fd, bytes, flags, result)) return result;
  if (!wait_within_limit(fd, POLLIN, flags)) return -1;
  return after_read(fd, libc_recv(fd, buffer, bytes, flags));
}

FOURTUPLE_EXPORT ssize_t __recv_chk(int fd, void* buffer, std::size_t bytes, std::size_t room, int flags) {
  ssize_t result = 0;
  if (receive_with_care(fd, bytes, flags, result)) return result;
  if (!wait_within_limit(fd, POLLIN, flags)) return -1;
  return after_read(fd, libc___recv_chk(fd, buffer, bytes, room, flags));
}

FOURTUPLE_EXPORT ssize_t recvfrom(int fd, void* buffer, std::size_t bytes, int flags, sockaddr* address,
                                  socklen_t* length) {
  ssize_t result = 0;
  if (receive_with_care(fd, bytes, flags, result)) return result;
  if (!wait_within_limit(fd, POLLIN, flags)) return -1;
  return after_read(fd, libc_recvfrom(fd, buffer, bytes, flags, address, length));
}

FOURTUPLE_EXPORT ssize_t __recvfrom_chk(int fd, void* buffer, std::size_t bytes, std::size_t room, int flags,
                                        sockaddr* address, socklen_t* length) {
  ssize_t result = 0;
  if (receive_with_care(fd, bytes, flags, result)) return result;
  if (!wait_within_limit(fd, POLLIN, flags)) return -1;
  return after_read(fd, libc___recvfrom_chk(fd, buffer, bytes, room, flags, address, length));
}

FOURTUPLE_EXPORT ssize_t recvmsg(int fd, msghdr* message, int flags) {
  ssize_t result = 0;
  if (receive_with_care(fd, ~std::size_t{0}, flags, result)) return result;
  if (!wait_within_limit(fd, POLLIN, flags)) return -1;
  return after_read(fd, libc_recvmsg(fd, message, flags));
}

// With send() a write can be told to raise no signal; a descriptor that is no socket says so.
FOURTUPLE_EXPORT ssize_t write(int fd, const void* data, std::size_t bytes) {
  if (in_sandbox()) return libc_write(fd, data, bytes);
  if (!wait_within_limit(fd, POLLOUT, 0)) return -1;
  const int before = errno;
  const ssize_t sent = libc_send(fd, data, bytes, MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK) return after_write(fd, sent, false);
  errno = before;
  return libc_write(fd, data, bytes);
}

FOURTUPLE_EXPORT ssize_t writev(int fd, const iovec* vectors, int count) {
  if (in_sandbox()) return libc_writev(fd, vectors, count);
  if (!wait_within_limit(fd, POLLOUT, 0)) return -1;
  const int before = errno;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(vectors);
  message.msg_iovlen = static_cast<std::size_t>(count);
  const ssize_t sent = count < 0 ? fail(ENOTSOCK) : libc_sendmsg(fd, &message, MSG_NOSIGNAL);
  if (sent >= 0 || (errno != ENOTSOCK && errno != EMSGSIZE)) return after_write(fd, sent, false);
  errno = before;
  return libc_writev(fd, vectors, count);
}

FOURTUPLE_EXPORT ssize_t send(int fd, const void* data, std::size_t bytes, int flags) {
  return send_quietly(fd, data, bytes, flags);
}

FOURTUPLE_EXPORT ssize_t sendto(int fd, const void* data, std::size_t bytes, int flags, const sockaddr* address,
                                socklen_t length) {
  // TCP takes no notice of an address (Linux: tcp_sendmsg); AF_UNIX would refuse it.
  if (address == nullptr || is_world_socket(fd)) return send_quietly(fd, data, bytes, flags);
  return libc_sendto(fd, data, bytes, flags, address, length);
}

FOURTUPLE_EXPORT ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (message == nullptr) return libc_sendmsg(fd, message, flags);
  if (!sending_flags(fd, flags)) return fail(EOPNOTSUPP);
  if (!wait_within_limit(fd, POLLOUT, flags)) return -1;
  msghdr own = *message;
  // No ancillary data of AF_UNIX goes into a TCP stream.
  if ((own.msg_name != nullptr || own.msg_controllen != 0) && is_world_socket(fd)) {
    own.msg_name = nullptr;
    own.msg_namelen = 0;
    own.msg_control = nullptr;
    own.msg_controllen = 0;
  }
  const bool quiet = (flags & MSG_NOSIGNAL) != 0;
  return after_write(fd, libc_sendmsg(fd, &own, flags | MSG_NOSIGNAL), quiet);
}

FOURTUPLE_EXPORT ssize_t sendfile(int to, int from, off_t* offset, std::size_t bytes) noexcept {
  const ssize_t sent = libc_sendfile(to, from, offset, bytes);
  if (sent >= 0 || errno != EPIPE || !is_world_socket(to)) return sent;
  const int error = take_error(to);
  return fail(error != 0 ? error : EPIPE);
}

}  // namespace fourtuple::preload
