// SPDX-License-Identifier: Apache-2.0
// Pipes, and splice() between a pipe and a socket (Linux: fs/pipe.c, fs/splice.c, tcp_splice_read).
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/socket/pipe_file.hpp"
#include "host/socket/posix_entry.hpp"

namespace fourtuple::socket {

namespace {

constexpr unsigned splice_flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;
constexpr std::size_t piece_bytes = 16'384;

}  // namespace

int posix_api::pipe2(int fds[2], int flags) {
  const entry guard(*this);
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  if (fds == nullptr) return -EFAULT;
  auto [reader, writer] = pipe_file::make(threads_);
  for (const auto& end : {reader, writer}) {
    end->nonblocking = (flags & O_NONBLOCK) != 0;
    end->close_on_exec = (flags & O_CLOEXEC) != 0;
  }
  const int in = files_.install(reader);
  if (in < 0) return in;
  const int out = files_.install(writer);
  if (out < 0) {
    files_.uninstall(in)->release();
    return out;
  }
  fds[0] = in;
  fds[1] = out;
  return 0;
}

ssize_t posix_api::read_pipe(pipe_file& opened, std::span<const iovec> vectors) {
  ssize_t total = 0;
  for (const iovec& vector : vectors) {
    const std::span to(static_cast<std::byte*>(vector.iov_base), vector.iov_len);
    ssize_t got = opened.read(to);
    while (got == -EAGAIN && total == 0 && !opened.nonblocking) {
      sleep(opened.sleepers(), base::never_ns);
      if (opened.closed()) return -EBADF;
      got = opened.read(to);
    }
    if (got < 0) return total > 0 ? total : got;
    total += got;
    if (static_cast<std::size_t>(got) < to.size()) break;
  }
  return total;
}

ssize_t posix_api::write_pipe(pipe_file& opened, std::span<const iovec> vectors) {
  ssize_t total = 0;
  for (const iovec& vector : vectors) {
    std::span from(static_cast<const std::byte*>(vector.iov_base), vector.iov_len);
    do {
      const ssize_t put = opened.write(from);
      if (put == -EAGAIN && !opened.nonblocking) {
        sleep(opened.sleepers(), base::never_ns);
        if (opened.closed()) return total > 0 ? total : -EBADF;
        continue;
      }
      if (put < 0) return total > 0 ? total : put;
      total += put;
      from = from.subspan(static_cast<std::size_t>(put));
    } while (!from.empty());
  }
  return total;
}

/// Linux: tcp_splice_read. Comes back with what is there; waits only if that is nothing.
ssize_t posix_api::splice_to_pipe(socket_file& in, pipe_file& out, std::size_t bytes, bool wait) {
  std::array<std::byte, piece_bytes> piece;
  ssize_t total = 0;
  while (bytes > 0) {
    const std::size_t room = std::min({bytes, piece.size(), out.room()});
    if (room == 0) {
      if (total > 0 || !wait || out.nonblocking) return total > 0 ? total : -EAGAIN;
      sleep(out.sleepers(), base::never_ns);
      if (out.closed()) return -EBADF;
      continue;
    }
    const std::span<std::byte> to(piece.data(), room);
    const ssize_t got = protocol_.splice_read(in.sk(), to);
    if (got == -EAGAIN && total == 0 && wait && !in.nonblocking) {
      if (!sleep(in.sleepers(), deadline_after(in.receive_timeout_ns))) return -EAGAIN;
      if (in.closed()) return -EBADF;
      continue;
    }
    if (got <= 0) return total > 0 ? total : got;
    out.write(to.first(static_cast<std::size_t>(got)));
    total += got;
    bytes -= static_cast<std::size_t>(got);
    // As every read, it ends before urgent data.
    if (protocol_.at_mark(in.sk())) break;
  }
  return total;
}

/// Linux: splice_to_socket. Waits for the pipe to have something, and for the socket to take it.
ssize_t posix_api::splice_from_pipe(pipe_file& in, socket_file& out, std::size_t bytes, unsigned flags) {
  std::array<std::byte, piece_bytes> piece;
  ssize_t total = 0;
  const bool wait = (flags & SPLICE_F_NONBLOCK) == 0;
  while (bytes > 0) {
    const std::size_t count = std::min({bytes, piece.size(), in.bytes()});
    if (count == 0) {
      // With something moved the rest is not waited for; at the end of the pipe there is none.
      if (total > 0 || (in.poll() & EPOLLHUP) != 0) return total;
      if (!wait || in.nonblocking) return -EAGAIN;
      sleep(in.sleepers(), base::never_ns);
      if (in.closed()) return -EBADF;
      continue;
    }
    const std::span<std::byte> taken(piece.data(), count);
    in.peek(taken);
    const bool more = (flags & SPLICE_F_MORE) != 0 || (count < bytes && count < in.bytes());
    const iovec vector{taken.data(), taken.size()};
    const ssize_t sent = transmit(out, {&vector, 1}, (more ? MSG_MORE : 0) | (wait ? 0 : MSG_DONTWAIT));
    if (sent < 0) return total > 0 ? total : sent;
    in.drop(static_cast<std::size_t>(sent));
    total += sent;
    bytes -= static_cast<std::size_t>(sent);
    if (static_cast<std::size_t>(sent) < count) return total;
  }
  return total;
}

ssize_t posix_api::splice(int fd_in, off_t* offset_in, int fd_out, off_t* offset_out, std::size_t bytes,
                          unsigned flags) {
  const entry guard(*this);
  if (bytes == 0) return 0;
  if ((flags & ~splice_flags) != 0) return -EINVAL;
  const std::shared_ptr<file> in = files_.find(fd_in);
  const std::shared_ptr<file> out = files_.find(fd_out);
  if (!in || !out) return -EBADF;
  // Neither a pipe nor a socket has positions.
  if (offset_in != nullptr || offset_out != nullptr) return -ESPIPE;
  const bool wait = (flags & SPLICE_F_NONBLOCK) == 0;
  auto* pipe_in = dynamic_cast<pipe_file*>(in.get());
  auto* pipe_out = dynamic_cast<pipe_file*>(out.get());
  auto* stream_in = dynamic_cast<socket_file*>(in.get());
  auto* stream_out = dynamic_cast<socket_file*>(out.get());
  if ((pipe_in != nullptr && !pipe_in->reads()) || (pipe_out != nullptr && pipe_out->reads())) return -EBADF;
  if (stream_in != nullptr && pipe_out != nullptr) return splice_to_pipe(*stream_in, *pipe_out, bytes, wait);
  if (pipe_in != nullptr && stream_out != nullptr) return splice_from_pipe(*pipe_in, *stream_out, bytes, flags);
  if (pipe_in != nullptr && pipe_out != nullptr) return pipe_in->move_to(*pipe_out, bytes);
  return -EINVAL;
}

}  // namespace fourtuple::socket
