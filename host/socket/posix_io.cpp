// SPDX-License-Identifier: Apache-2.0
// Moving bytes: the read and write families of posix_api.
#include <limits.h>

#include <algorithm>
#include <cerrno>

#include "host/socket/posix_entry.hpp"
#include "host/socket/socket_address.hpp"

namespace fourtuple::socket {

namespace {

// iovec of libc to spans; null pointers with a length are EFAULT, too many or too long vectors EINVAL (readv(2)).
int check(const iovec* vectors, int count) {
  if (count < 0 || count > IOV_MAX) return -EINVAL;
  if (vectors == nullptr && count > 0) return -EFAULT;
  std::size_t total = 0;
  for (const iovec& vector : std::span(vectors, static_cast<std::size_t>(count))) {
    if (vector.iov_base == nullptr && vector.iov_len > 0) return -EFAULT;
    if (vector.iov_len > static_cast<std::size_t>(SSIZE_MAX) - total) return -EINVAL;
    total += vector.iov_len;
  }
  return 0;
}

std::span<std::byte> bytes_of(const iovec& vector) {
  return {static_cast<std::byte*>(vector.iov_base), vector.iov_len};
}

}  // namespace

// One buffer's worth: as much as is there, and with MSG_WAITALL all of it. `already` bytes of the call are in earlier
// buffers.
ssize_t posix_api::receive_into(socket_file& opened, std::span<std::byte> buffer, int flags, std::size_t already) {
  const bool wait = !opened.nonblocking && (flags & MSG_DONTWAIT) == 0;
  const bool all = (flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) == 0;
  const std::uint64_t deadline_ns = deadline_after(opened.receive_timeout_ns);
  std::size_t copied = 0;
  for (;;) {
    const ssize_t got = protocol_.recvmsg(opened.sk(), buffer.subspan(copied), flags);
    if (got > 0) {
      copied += static_cast<std::size_t>(got);
      if (!all || copied >= buffer.size()) return static_cast<ssize_t>(copied);
      continue;
    }
    const bool have_some = copied > 0 || already > 0;
    if (got != -EAGAIN) return have_some ? static_cast<ssize_t>(copied) : got;
    if (!wait || (have_some && !all)) return have_some ? static_cast<ssize_t>(copied) : -EAGAIN;
    if (!sleep(opened.sleepers(), deadline_ns)) return have_some ? static_cast<ssize_t>(copied) : -EAGAIN;
    if (opened.closed()) return -EBADF;
  }
}

ssize_t posix_api::receive(int fd, std::span<const iovec> vectors, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  ssize_t total = 0;
  for (const iovec& vector : vectors) {
    if (vector.iov_len == 0 && vectors.size() > 1) continue;
    const ssize_t got = receive_into(*opened, bytes_of(vector), flags, static_cast<std::size_t>(total));
    if (got < 0) return got;
    total += got;
    if (static_cast<std::size_t>(got) < vector.iov_len) break;
  }
  return total;
}

ssize_t posix_api::transmit(int fd, std::span<const iovec> vectors, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  const bool wait = !opened->nonblocking && (flags & MSG_DONTWAIT) == 0;
  const std::uint64_t deadline_ns = deadline_after(opened->send_timeout_ns);
  std::vector<std::span<const std::byte>> left;
  left.reserve(vectors.size());
  for (const iovec& vector : vectors) left.push_back(bytes_of(vector));
  ssize_t total = 0;
  for (;;) {
    const ssize_t sent = protocol_.sendmsg(opened->sk(), left, flags);
    if (sent < 0 && (sent != -EAGAIN || !wait)) return total > 0 ? total : sent;
    total += std::max<ssize_t>(sent, 0);
    for (std::size_t skip = sent > 0 ? static_cast<std::size_t>(sent) : 0; !left.empty();) {
      const std::size_t part = std::min(skip, left.front().size());
      left.front() = left.front().subspan(part);
      skip -= part;
      if (!left.front().empty()) break;
      left.erase(left.begin());
    }
    if (left.empty() || (sent >= 0 && !wait)) return total;
    if (!sleep(opened->sleepers(), deadline_ns)) return total > 0 ? total : -EAGAIN;
    if (opened->closed()) return total > 0 ? total : -EBADF;
  }
}

ssize_t posix_api::recv(int fd, void* buffer, std::size_t bytes, int flags) {
  const iovec vector{buffer, bytes};
  if (const int error = check(&vector, 1); error != 0) return error;
  return receive(fd, {&vector, 1}, flags);
}

ssize_t posix_api::recvfrom(int fd, void* buffer, std::size_t bytes, int flags, sockaddr* address, socklen_t* length) {
  // A stream socket does not say who sent (Linux: tcp_recvmsg leaves msg_namelen 0).
  if (address != nullptr && length != nullptr) *length = 0;
  return recv(fd, buffer, bytes, flags);
}

ssize_t posix_api::read(int fd, void* buffer, std::size_t bytes) { return recv(fd, buffer, bytes, 0); }

ssize_t posix_api::readv(int fd, const iovec* vectors, int count) {
  if (const int error = check(vectors, count); error != 0) return error;
  return receive(fd, {vectors, static_cast<std::size_t>(count)}, 0);
}

ssize_t posix_api::recvmsg(int fd, msghdr* message, int flags) {
  if (message == nullptr) return -EFAULT;
  if (message->msg_iovlen > IOV_MAX) return -EMSGSIZE;
  if (const int error = check(message->msg_iov, static_cast<int>(message->msg_iovlen)); error != 0) return error;
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  message->msg_flags = 0;
  return receive(fd, {message->msg_iov, message->msg_iovlen}, flags);
}

ssize_t posix_api::send(int fd, const void* buffer, std::size_t bytes, int flags) {
  // iovec has no const form; sending does not write.
  const iovec vector{const_cast<void*>(buffer), bytes};
  if (const int error = check(&vector, 1); error != 0) return error;
  return transmit(fd, {&vector, 1}, flags);
}

ssize_t posix_api::sendto(int fd, const void* buffer, std::size_t bytes, int flags, const sockaddr*, socklen_t) {
  // The address is ignored on a stream socket (Linux's TCP without fast open; POSIX would allow EISCONN).
  return send(fd, buffer, bytes, flags);
}

ssize_t posix_api::write(int fd, const void* buffer, std::size_t bytes) { return send(fd, buffer, bytes, 0); }

ssize_t posix_api::writev(int fd, const iovec* vectors, int count) {
  if (const int error = check(vectors, count); error != 0) return error;
  return transmit(fd, {vectors, static_cast<std::size_t>(count)}, 0);
}

ssize_t posix_api::sendmsg(int fd, const msghdr* message, int flags) {
  if (message == nullptr) return -EFAULT;
  if (message->msg_iovlen > IOV_MAX) return -EMSGSIZE;
  if (const int error = check(message->msg_iov, static_cast<int>(message->msg_iovlen)); error != 0) return error;
  return transmit(fd, {message->msg_iov, message->msg_iovlen}, flags);
}

}  // namespace fourtuple::socket
