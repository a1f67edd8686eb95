// SPDX-License-Identifier: Apache-2.0
// Moving bytes: the read and write families of posix_api.
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "host/socket/iovec_buffers.hpp"
#include "host/socket/pipe_file.hpp"
#include "host/socket/posix_entry.hpp"
#include "host/socket/socket_address.hpp"

namespace fourtuple::socket {

namespace {

// Nothing more will come but what is in the receive queue.
bool is_over(std::uint32_t events) { return (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0; }

}  // namespace

// How much a call waits for (Linux: sock_rcvlowat).
std::size_t posix_api::receive_target(socket_file& opened, std::size_t bytes, int flags) {
  if ((flags & MSG_WAITALL) != 0) return std::max<std::size_t>(bytes, 1);
  int low = 1;
  protocol_.getsockopt(opened.sk(), SOL_SOCKET, SO_RCVLOWAT, std::as_writable_bytes(std::span(&low, 1)));
  return std::max<std::size_t>(std::min(bytes, static_cast<std::size_t>(low)), 1);
}

ssize_t posix_api::receive(socket_file& opened, std::span<const iovec> vectors, int flags) {
  if (const int error = buffers<std::byte>::check(vectors); error != 0) return error;
  const bool peek = (flags & MSG_PEEK) != 0;
  const bool wait = !opened.nonblocking && (flags & MSG_DONTWAIT) == 0;
  // What is dropped needs no buffer (tcp(7), MSG_TRUNC).
  const bool fault = (flags & MSG_TRUNC) == 0 && buffers<std::byte>::has_null(vectors);
  const std::uint64_t deadline_ns = deadline_after(opened.receive_timeout_ns);
  buffers<std::byte> room(vectors);
  const std::size_t target = receive_target(opened, room.bytes_left(), flags);
  std::size_t copied = 0;
  for (bool in_time = true;;) {
    int unread = 0;
    const bool readable = protocol_.ioctl(opened.sk(), FIONREAD, unread) == 0 && unread > 0;
    if (fault && readable) return copied > 0 ? static_cast<ssize_t>(copied) : -EFAULT;
    // An error that is pending, and what lies behind urgent data, belong to the next call if this one has bytes to
    // return.
    const bool ask = copied == 0 || (readable && !protocol_.at_mark(opened.sk()));
    const ssize_t got = ask ? protocol_.recvmsg(opened.sk(), room.left(), flags) : -EAGAIN;
    if (got == 0 || (got < 0 && got != -EAGAIN)) return copied > 0 ? static_cast<ssize_t>(copied) : got;
    if (got > 0) {
      copied = static_cast<std::size_t>(got) + (peek ? 0 : copied);
      if (!peek) room.advance(static_cast<std::size_t>(got));
    }
    const bool enough = copied >= target || (copied > 0 && (is_over(protocol_.poll(opened.sk())) ||
                                                            (flags & MSG_OOB) != 0 || protocol_.at_mark(opened.sk())));
    if (enough || !wait || !in_time || (flags & MSG_OOB) != 0) {
      return copied > 0 ? static_cast<ssize_t>(copied) : -EAGAIN;
    }
    in_time = sleep(opened.sleepers(), deadline_ns);
    if (opened.closed()) return copied > 0 ? static_cast<ssize_t>(copied) : -EBADF;
  }
}

ssize_t posix_api::transmit(socket_file& opened, std::span<const iovec> vectors, int flags,
                            tcp::tcp_send_report report) {
  if (const int error = buffers<const std::byte>::check(vectors); error != 0) return error;
  const bool fault = buffers<const std::byte>::has_null(vectors);
  const bool wait = !opened.nonblocking && (flags & MSG_DONTWAIT) == 0;
  const std::uint64_t deadline_ns = deadline_after(opened.send_timeout_ns);
  buffers<const std::byte> data(fault ? std::span<const iovec>() : vectors);
  ssize_t total = 0;
  for (bool in_time = true;;) {
    // As with reading: an error belongs to the next call if this one has sent something.
    const bool ask = total == 0 || (protocol_.poll(opened.sk()) & EPOLLERR) == 0;
    const ssize_t sent = ask ? protocol_.sendmsg(opened.sk(), data.left(), flags, report) : -EPIPE;
    if (sent < 0 && sent != -EAGAIN) return total > 0 ? total : sent;
    if (sent >= 0) {
      if (fault) return -EFAULT;
      total += sent;
      report.continued = report.continued || sent > 0;
      data.advance(static_cast<std::size_t>(sent));
      if (data.bytes_left() == 0) return total;
    }
    if (!wait || !in_time) return total > 0 ? total : -EAGAIN;
    in_time = sleep(opened.sleepers(), deadline_ns);
    if (opened.closed()) return total > 0 ? total : -EBADF;
  }
}

ssize_t posix_api::recv(int fd, void* buffer, std::size_t bytes, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  const iovec vector{buffer, bytes};
  if ((flags & MSG_ERRQUEUE) == 0) return receive(*opened, {&vector, 1}, flags);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(&vector);
  message.msg_iovlen = 1;
  return receive_error(*opened, message);
}

ssize_t posix_api::recvfrom(int fd, void* buffer, std::size_t bytes, int flags, sockaddr* address, socklen_t* length) {
  const ssize_t got = recv(fd, buffer, bytes, flags);
  // A stream socket does not say who sent (Linux: tcp_recvmsg leaves msg_namelen 0).
  if (got >= 0 && address != nullptr && length != nullptr) *length = 0;
  return got;
}

ssize_t posix_api::read(int fd, void* buffer, std::size_t bytes) {
  const iovec vector{buffer, bytes};
  return readv(fd, &vector, 1);
}

ssize_t posix_api::readv(int fd, const iovec* vectors, int count) {
  const entry guard(*this);
  const std::shared_ptr<file> opened = files_.find(fd);
  if (!opened) return -EBADF;
  if (count < 0) return -EINVAL;
  const std::span all(vectors, static_cast<std::size_t>(count));
  if (const int error = buffers<std::byte>::check(all); error != 0) return error;
  if (auto* pipe = dynamic_cast<pipe_file*>(opened.get())) return read_pipe(*pipe, all);
  auto* stream = dynamic_cast<socket_file*>(opened.get());
  if (stream == nullptr) return -EINVAL;
  // Other than recv, a read of nothing does not ask the socket (Linux: sock_read_iter).
  if (buffers<std::byte>(all).bytes_left() == 0) return 0;
  return receive(*stream, all, 0);
}

ssize_t posix_api::send(int fd, const void* buffer, std::size_t bytes, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  // iovec has no const form; sending does not write.
  const iovec vector{const_cast<void*>(buffer), bytes};
  return opened ? transmit(*opened, {&vector, 1}, flags) : error;
}

ssize_t posix_api::sendto(int fd, const void* buffer, std::size_t bytes, int flags, const sockaddr*, socklen_t) {
  // The address is ignored on a stream socket (Linux's TCP without fast open; POSIX would allow EISCONN).
  return send(fd, buffer, bytes, flags);
}

ssize_t posix_api::write(int fd, const void* buffer, std::size_t bytes) {
  const iovec vector{const_cast<void*>(buffer), bytes};
  return writev(fd, &vector, 1);
}

ssize_t posix_api::writev(int fd, const iovec* vectors, int count) {
  const entry guard(*this);
  const std::shared_ptr<file> opened = files_.find(fd);
  if (!opened) return -EBADF;
  if (count < 0) return -EINVAL;
  const std::span all(vectors, static_cast<std::size_t>(count));
  if (const int error = buffers<const std::byte>::check(all); error != 0) return error;
  if (auto* pipe = dynamic_cast<pipe_file*>(opened.get())) return write_pipe(*pipe, all);
  auto* stream = dynamic_cast<socket_file*>(opened.get());
  return stream != nullptr ? transmit(*stream, all, 0) : -EINVAL;
}

}  // namespace fourtuple::socket
