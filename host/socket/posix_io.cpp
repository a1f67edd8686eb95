// SPDX-License-Identifier: Apache-2.0
// Moving bytes: the read and write families of posix_api.
#include <limits.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "host/socket/pipe_file.hpp"
#include "host/socket/posix_entry.hpp"
#include "host/socket/socket_address.hpp"

namespace fourtuple::socket {

namespace {

// The buffers of a call, of which those in front get used up. Byte is const std::byte for writing.
template <typename Byte>
class buffers {
 public:
  // Null pointers with a length are EFAULT if they will be used, too many or too long vectors EINVAL (readv(2)).
  static int check(std::span<const iovec> vectors, bool used = true) {
    if (vectors.size() > IOV_MAX) return -EINVAL;
    if (vectors.data() == nullptr && !vectors.empty()) return -EFAULT;
    std::size_t total = 0;
    for (const iovec& vector : vectors) {
      if (used && vector.iov_base == nullptr && vector.iov_len > 0) return -EFAULT;
      if (vector.iov_len > static_cast<std::size_t>(SSIZE_MAX) - total) return -EINVAL;
      total += vector.iov_len;
    }
    return 0;
  }

  explicit buffers(std::span<const iovec> vectors) {
    parts_.reserve(vectors.size());
    for (const iovec& vector : vectors) {
      parts_.emplace_back(static_cast<Byte*>(vector.iov_base), vector.iov_len);
      bytes_ += vector.iov_len;
    }
  }
  [[nodiscard]] std::span<const std::span<Byte>> left() const noexcept { return std::span(parts_).subspan(used_); }
  [[nodiscard]] std::size_t bytes_left() const noexcept { return bytes_; }
  void advance(std::size_t bytes) noexcept {
    bytes_ -= bytes;
    while (used_ < parts_.size() && bytes >= parts_[used_].size()) bytes -= parts_[used_++].size();
    if (bytes == 0) return;
    const std::span<Byte> part = parts_[used_];
    parts_[used_] = {part.data() == nullptr ? nullptr : part.data() + bytes, part.size() - bytes};
  }

 private:
  std::vector<std::span<Byte>> parts_;
  std::size_t used_ = 0;  // Whole parts.
  std::size_t bytes_ = 0;
};

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
  // What is dropped needs no buffer (tcp(7), MSG_TRUNC).
  if (const int error = buffers<std::byte>::check(vectors, (flags & MSG_TRUNC) == 0); error != 0) return error;
  // Nothing is ever in the error queue: that needs IP_RECVERR or timestamping.
  if ((flags & MSG_ERRQUEUE) != 0) return -EAGAIN;
  const bool peek = (flags & MSG_PEEK) != 0;
  const bool wait = !opened.nonblocking && (flags & MSG_DONTWAIT) == 0;
  const std::uint64_t deadline_ns = deadline_after(opened.receive_timeout_ns);
  buffers<std::byte> room(vectors);
  const std::size_t target = receive_target(opened, room.bytes_left(), flags);
  std::size_t copied = 0;
  for (bool in_time = true;;) {
    // An error that is pending belongs to the next call if this one has bytes to return.
    int unread = 0;
    const bool ask = copied == 0 || (protocol_.ioctl(opened.sk(), FIONREAD, unread) == 0 && unread > 0);
    const ssize_t got = ask ? protocol_.recvmsg(opened.sk(), room.left(), flags) : -EAGAIN;
    if (got == 0 || (got < 0 && got != -EAGAIN)) return copied > 0 ? static_cast<ssize_t>(copied) : got;
    if (got > 0) {
      copied = static_cast<std::size_t>(got) + (peek ? 0 : copied);
      if (!peek) room.advance(static_cast<std::size_t>(got));
    }
    const bool enough = copied >= target || (copied > 0 && is_over(protocol_.poll(opened.sk())));
    if (enough || !wait || !in_time) return copied > 0 ? static_cast<ssize_t>(copied) : -EAGAIN;
    in_time = sleep(opened.sleepers(), deadline_ns);
    if (opened.closed()) return copied > 0 ? static_cast<ssize_t>(copied) : -EBADF;
  }
}

ssize_t posix_api::transmit(socket_file& opened, std::span<const iovec> vectors, int flags) {
  if (const int error = buffers<const std::byte>::check(vectors); error != 0) return error;
  const bool wait = !opened.nonblocking && (flags & MSG_DONTWAIT) == 0;
  const std::uint64_t deadline_ns = deadline_after(opened.send_timeout_ns);
  buffers<const std::byte> data(vectors);
  ssize_t total = 0;
  for (bool in_time = true;;) {
    // As with reading: an error belongs to the next call if this one has sent something.
    const bool ask = total == 0 || (protocol_.poll(opened.sk()) & EPOLLERR) == 0;
    const ssize_t sent = ask ? protocol_.sendmsg(opened.sk(), data.left(), flags) : -EPIPE;
    if (sent < 0 && sent != -EAGAIN) return total > 0 ? total : sent;
    if (sent >= 0) {
      total += sent;
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
  const iovec vector{buffer, bytes};
  return opened ? receive(*opened, {&vector, 1}, flags) : error;
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

ssize_t posix_api::recvmsg(int fd, msghdr* message, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (message == nullptr) return -EFAULT;
  if (message->msg_iovlen > IOV_MAX) return -EMSGSIZE;
  const ssize_t got = receive(*opened, {message->msg_iov, message->msg_iovlen}, flags);
  if (got < 0) return got;
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  message->msg_flags = 0;
  return got;
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

ssize_t posix_api::sendmsg(int fd, const msghdr* message, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (message == nullptr) return -EFAULT;
  if (message->msg_iovlen > IOV_MAX) return -EMSGSIZE;
  return transmit(*opened, {message->msg_iov, message->msg_iovlen}, flags);
}

}  // namespace fourtuple::socket
