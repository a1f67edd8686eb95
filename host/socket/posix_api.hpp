// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "host/base/clock.hpp"
#include "host/base/threading.hpp"
#include "host/socket/epoll_file.hpp"
#include "host/socket/file.hpp"
#include "host/socket/file_table.hpp"
#include "host/socket/socket_file.hpp"
#include "host/tcp/tcp.hpp"

namespace fourtuple::socket {

class pipe_file;

/// The socket calls of POSIX and Linux over one host's stack: AF_INET stream sockets, poll and epoll.
///
/// Arguments, flags and structures are libc's. Results are a system call's: what libc would return, or a negative errno
/// value. Descriptors are this object's own numbers, lowest free first, from 3, unless it is given others.
///
/// Closing a descriptor ends the connection at once, also if another thread sleeps in a call on it: that call comes
/// back with EBADF, or with what it has moved so far. (Linux would close when the call is over.) There is no SIGPIPE:
/// MSG_NOSIGNAL changes nothing. Epoll instances cannot watch each other.
///
/// Threads: any. Each call takes the stack's lock, and gives it up while it sleeps. None may be in a call when this
/// object is destroyed.
class posix_api {
 public:
  /// `after_call` runs under the lock whenever a call is over or about to sleep: there may be frames to flush and
  /// earlier deadlines.
  posix_api(tcp::tcp& protocol, base::clock& clock, base::threading& threads, std::function<void()> after_call,
            std::unique_ptr<descriptor_numbers> numbers = std::make_unique<lowest_free_numbers>());
  /// Closes what is open.
  ~posix_api() = default;
  posix_api(const posix_api&) = delete;
  posix_api& operator=(const posix_api&) = delete;

  int socket(int domain, int type, int protocol);
  int bind(int fd, const sockaddr* address, socklen_t length);
  int listen(int fd, int backlog);
  int accept(int fd, sockaddr* address, socklen_t* length) { return accept4(fd, address, length, 0); }
  int accept4(int fd, sockaddr* address, socklen_t* length, int flags);
  int connect(int fd, const sockaddr* address, socklen_t length);

  ssize_t read(int fd, void* buffer, std::size_t bytes);
  ssize_t readv(int fd, const iovec* vectors, int count);
  ssize_t recv(int fd, void* buffer, std::size_t bytes, int flags);
  ssize_t recvfrom(int fd, void* buffer, std::size_t bytes, int flags, sockaddr* address, socklen_t* length);
  ssize_t recvmsg(int fd, msghdr* message, int flags);
  ssize_t write(int fd, const void* buffer, std::size_t bytes);
  ssize_t writev(int fd, const iovec* vectors, int count);
  ssize_t send(int fd, const void* buffer, std::size_t bytes, int flags);
  ssize_t sendto(int fd, const void* buffer, std::size_t bytes, int flags, const sockaddr* address, socklen_t length);
  ssize_t sendmsg(int fd, const msghdr* message, int flags);

  int shutdown(int fd, int how);
  int close(int fd);
  int getsockname(int fd, sockaddr* address, socklen_t* length);
  int getpeername(int fd, sockaddr* address, socklen_t* length);
  int getsockopt(int fd, int level, int name, void* value, socklen_t* length);
  int setsockopt(int fd, int level, int name, const void* value, socklen_t length);
  /// F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD, F_SETFD; others EINVAL.
  int fcntl(int fd, int command, int argument);
  /// FIONREAD, SIOCOUTQ, SIOCOUTQNSD, FIONBIO; others ENOTTY.
  int ioctl(int fd, unsigned long request, int* argument);

  /// A timeout below 0 waits for ever.
  int poll(pollfd* descriptors, nfds_t count, int timeout_ms);
  int epoll_create1(int flags);
  int epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event);
  int epoll_wait(int epoll_fd, epoll_event* events, int max_events, int timeout_ms);

  /// `flags`: O_CLOEXEC, O_NONBLOCK; others EINVAL.
  int pipe2(int fds[2], int flags);
  /// Between a socket and a pipe, either way, or two pipes. There are no offsets: ESPIPE.
  ssize_t splice(int fd_in, off_t* offset_in, int fd_out, off_t* offset_out, std::size_t bytes, unsigned flags);

  /// Whether a number is one of this object's descriptors.
  [[nodiscard]] bool is_open(int fd) const;

  /// Closes every descriptor, as the end of a process does. Calls that sleep come back with EBADF.
  void close_all();

  /// The sock behind a descriptor, for tools that look at tables; nullptr if there is none.
  [[nodiscard]] tcp::tcp_sock* sock_of(int fd) const;

 private:
  class entry;  // The stack's lock for the length of a call.

  [[nodiscard]] std::shared_ptr<file> file_of(int fd) const { return files_.find(fd); }
  /// The socket, or a negative errno (EBADF, ENOTSOCK) in `error`.
  [[nodiscard]] std::shared_ptr<socket_file> socket_of(int fd, int& error) const;
  [[nodiscard]] std::shared_ptr<epoll_file> epoll_of(int fd, int& error) const;
  /// Sleeps on a socket until woken or `deadline_ns`. False at the deadline.
  bool sleep(base::wait_queue& queue, std::uint64_t deadline_ns);
  [[nodiscard]] std::uint64_t deadline_after(std::uint64_t timeout_ns) const;
  [[nodiscard]] std::uint64_t deadline_after_ms(int timeout_ms) const;

  std::size_t receive_target(socket_file& opened, std::size_t bytes, int flags);
  ssize_t receive(socket_file& opened, std::span<const iovec> vectors, int flags);
  ssize_t receive_error(socket_file& opened, msghdr& message);
  ssize_t transmit(socket_file& opened, std::span<const iovec> vectors, int flags, tcp::tcp_send_report report = {});
  ssize_t read_pipe(pipe_file& opened, std::span<const iovec> vectors);
  ssize_t write_pipe(pipe_file& opened, std::span<const iovec> vectors);
  ssize_t splice_to_pipe(socket_file& in, pipe_file& out, std::size_t bytes, bool wait);
  ssize_t splice_from_pipe(pipe_file& in, socket_file& out, std::size_t bytes, unsigned flags);
  int wait_connected(socket_file& opened, const tcp::tcp_endpoint& foreign, int pending);
  void linger(socket_file& opened);

  tcp::tcp& protocol_;
  base::clock& clock_;
  base::threading& threads_;
  std::function<void()> after_call_;
  file_table files_;
};

}  // namespace fourtuple::socket
