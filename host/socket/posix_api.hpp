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
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/threading.hpp"
#include "host/socket/epoll_file.hpp"
#include "host/socket/file.hpp"
#include "host/socket/socket_file.hpp"
#include "host/tcp/tcp.hpp"

namespace fourtuple::socket {

/// The socket calls of POSIX and Linux over one host's stack: AF_INET stream sockets, poll and epoll.
///
/// Arguments, flags and structures are libc's. Results are a system call's: what libc would return, or a negative errno
/// value. Descriptors are this object's own numbers, lowest free first, from 3.
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
  posix_api(tcp::tcp& protocol, base::clock& clock, base::threading& threads, std::function<void()> after_call);
  /// Closes what is open.
  ~posix_api();
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

  /// Closes every descriptor, as the end of a process does. Calls that sleep come back with EBADF.
  void close_all();

  /// The sock behind a descriptor, for tools that look at tables; nullptr if there is none.
  [[nodiscard]] tcp::tcp_sock* sock_of(int fd) const;

 private:
  class entry;  // The stack's lock for the length of a call.

  [[nodiscard]] std::shared_ptr<file> file_of(int fd) const;
  /// The socket, or a negative errno (EBADF, ENOTSOCK) in `error`.
  [[nodiscard]] std::shared_ptr<socket_file> socket_of(int fd, int& error) const;
  /// The same for read and write, which other kinds of files just do not have (EBADF, EINVAL).
  [[nodiscard]] std::shared_ptr<socket_file> stream_of(int fd, int& error) const;
  [[nodiscard]] std::shared_ptr<epoll_file> epoll_of(int fd, int& error) const;
  int install(std::shared_ptr<file> opened);
  [[nodiscard]] std::shared_ptr<file> uninstall(int fd);
  /// Sleeps on a socket until woken or `deadline_ns`. False at the deadline.
  bool sleep(base::wait_queue& queue, std::uint64_t deadline_ns);
  [[nodiscard]] std::uint64_t deadline_after(std::uint64_t timeout_ns) const;
  [[nodiscard]] std::uint64_t deadline_after_ms(int timeout_ms) const;

  std::size_t receive_target(socket_file& opened, std::size_t bytes, int flags);
  ssize_t receive(socket_file& opened, std::span<const iovec> vectors, int flags);
  ssize_t transmit(socket_file& opened, std::span<const iovec> vectors, int flags);
  int wait_connected(socket_file& opened, const tcp::tcp_endpoint& foreign, int pending);
  void linger(socket_file& opened);

  tcp::tcp& protocol_;
  base::clock& clock_;
  base::threading& threads_;
  std::function<void()> after_call_;
  std::vector<std::shared_ptr<file>> files_;  // By descriptor - 3.
  std::size_t first_free_ = 0;                // No lower index is free (Linux: next_fd).
};

}  // namespace fourtuple::socket
