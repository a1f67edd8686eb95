// SPDX-License-Identifier: Apache-2.0
#include "host/socket/posix_api.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "host/sock/tcp_states.hpp"
#include "host/socket/posix_entry.hpp"
#include "host/socket/socket_address.hpp"

namespace fourtuple::socket {

namespace {

// SO_RCVTIMEO and SO_SNDTIMEO: a zero timeval means no limit (socket(7)).
int read_timeout(const void* value, socklen_t length, std::uint64_t& timeout_ns) {
  timeval tv{};
  if (length < sizeof tv) return -EINVAL;
  std::memcpy(&tv, value, sizeof tv);
  if (tv.tv_usec < 0 || tv.tv_usec >= 1'000'000) return -EDOM;
  if (tv.tv_sec < 0) {
    timeout_ns = 0;
  } else if (tv.tv_sec == 0 && tv.tv_usec == 0) {
    timeout_ns = base::never_ns;
  } else {
    constexpr std::uint64_t longest_s = base::never_ns / base::ns_per_s - 1;
    const auto seconds = static_cast<std::uint64_t>(tv.tv_sec);
    timeout_ns = seconds > longest_s
                     ? base::never_ns
                     : seconds * base::ns_per_s + static_cast<std::uint64_t>(tv.tv_usec) * base::ns_per_us;
  }
  return 0;
}

int write_timeout(std::uint64_t timeout_ns, void* value, socklen_t* length) {
  timeval tv{};
  if (timeout_ns != base::never_ns) {
    tv.tv_sec = static_cast<time_t>(timeout_ns / base::ns_per_s);
    tv.tv_usec = static_cast<suseconds_t>(timeout_ns % base::ns_per_s / base::ns_per_us);
  }
  *length = std::min<socklen_t>(*length, sizeof tv);
  std::memcpy(value, &tv, *length);
  return 0;
}

/// connect(2): AF_UNSPEC dissolves the association.
bool is_unspecified(const sockaddr* address, socklen_t length) {
  if (address == nullptr || length < sizeof address->sa_family || length > sizeof(sockaddr_storage)) return false;
  sa_family_t family = AF_UNSPEC;
  std::memcpy(&family, &address->sa_family, sizeof family);
  return family == AF_UNSPEC;
}

}  // namespace

posix_api::posix_api(tcp::tcp& protocol, base::clock& clock, base::threading& threads, std::function<void()> after_call,
                     std::unique_ptr<descriptor_numbers> numbers)
    : protocol_(protocol),
      clock_(clock),
      threads_(threads),
      after_call_(std::move(after_call)),
      files_(std::move(numbers)) {}

std::shared_ptr<socket_file> posix_api::socket_of(int fd, int& error) const {
  const std::shared_ptr<file> opened = file_of(fd);
  auto found = std::dynamic_pointer_cast<socket_file>(opened);
  error = found ? 0 : opened ? -ENOTSOCK : -EBADF;
  return found;
}

std::shared_ptr<epoll_file> posix_api::epoll_of(int fd, int& error) const {
  const std::shared_ptr<file> opened = file_of(fd);
  auto found = std::dynamic_pointer_cast<epoll_file>(opened);
  error = found ? 0 : opened ? -EINVAL : -EBADF;
  return found;
}

tcp::tcp_sock* posix_api::sock_of(int fd) const {
  int error = 0;
  const auto opened = socket_of(fd, error);
  return opened ? &opened->sk() : nullptr;
}

bool posix_api::sleep(base::wait_queue& queue, std::uint64_t deadline_ns) {
  after_call_();
  return queue.wait_until(deadline_ns);
}

std::uint64_t posix_api::deadline_after(std::uint64_t timeout_ns) const {
  const std::uint64_t now_ns = clock_.now_ns();
  return timeout_ns >= base::never_ns - now_ns ? base::never_ns : now_ns + timeout_ns;
}

std::uint64_t posix_api::deadline_after_ms(int timeout_ms) const {
  return timeout_ms < 0 ? base::never_ns : deadline_after(static_cast<std::uint64_t>(timeout_ms) * base::ns_per_ms);
}

int posix_api::socket(int domain, int type, int protocol) {
  // In the order of Linux's __sys_socket, __sock_create and inet_create.
  const entry guard(*this);
  constexpr int kind_mask = 0xf;  // Linux: SOCK_TYPE_MASK
  const int flags = type & ~kind_mask;
  const int kind = type & kind_mask;
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return -EINVAL;
  if (domain < 0 || domain >= AF_MAX) return -EAFNOSUPPORT;
  if (kind > SOCK_PACKET) return -EINVAL;
  if (domain != AF_INET) return -EAFNOSUPPORT;
  if (protocol < 0 || protocol >= IPPROTO_MAX) return -EINVAL;
  if (kind != SOCK_STREAM) return -ESOCKTNOSUPPORT;
  if (protocol != 0 && protocol != IPPROTO_TCP) return -EPROTONOSUPPORT;
  auto opened = std::make_shared<socket_file>(protocol_, protocol_.create(), threads_);
  opened->nonblocking = (flags & SOCK_NONBLOCK) != 0;
  opened->close_on_exec = (flags & SOCK_CLOEXEC) != 0;
  return files_.install(std::move(opened));
}

int posix_api::bind(int fd, const sockaddr* address, socklen_t length) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  tcp::tcp_endpoint local;
  if (error = read_sockaddr(address, length, local); error != 0) return error;
  return protocol_.bind(opened->sk(), local.address, local.port);
}

int posix_api::listen(int fd, int backlog) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  return opened ? protocol_.listen(opened->sk(), backlog) : error;
}

int posix_api::accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return -EINVAL;
  if (address != nullptr && length == nullptr) return -EFAULT;
  const std::uint64_t deadline_ns = deadline_after(opened->receive_timeout_ns);
  tcp::tcp_sock* child = protocol_.accept(opened->sk(), error);
  for (bool in_time = true; child == nullptr && error == -EAGAIN && !opened->nonblocking && in_time;) {
    in_time = sleep(opened->sleepers(), deadline_ns);
    if (opened->closed()) return -EBADF;
    child = protocol_.accept(opened->sk(), error);
  }
  if (child == nullptr) return error;
  auto accepted = std::make_shared<socket_file>(protocol_, *child, threads_);
  if (address != nullptr) {
    error = write_sockaddr(protocol_.peer_endpoint(*child), address, length);
    if (error != 0) return error;
  }
  // A child has its listener's times (Linux: sk_clone_lock copies them).
  accepted->receive_timeout_ns = opened->receive_timeout_ns;
  accepted->send_timeout_ns = opened->send_timeout_ns;
  accepted->nonblocking = (flags & SOCK_NONBLOCK) != 0;
  accepted->close_on_exec = (flags & SOCK_CLOEXEC) != 0;
  return files_.install(std::move(accepted));
}

int posix_api::wait_connected(socket_file& opened, const tcp::tcp_endpoint& foreign, int pending) {
  const std::uint64_t deadline_ns = deadline_after(opened.send_timeout_ns);
  for (bool in_time = true; in_time;) {
    in_time = sleep(opened.sleepers(), deadline_ns);
    if (opened.closed()) return -EBADF;
    // Asking again tells how the attempt ended.
    const int result = protocol_.connect(opened.sk(), foreign.address, foreign.port);
    if (result != -EALREADY) return result;
  }
  return pending;
}

int posix_api::connect(int fd, const sockaddr* address, socklen_t length) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (is_unspecified(address, length)) {
    protocol_.disconnect(opened->sk());
    return 0;
  }
  tcp::tcp_endpoint foreign;
  if (error = read_sockaddr(address, length, foreign); error != 0) return error;
  error = protocol_.connect(opened->sk(), foreign.address, foreign.port);
  // A second connect on a blocking socket waits for the first one (Linux: __inet_stream_connect, SS_CONNECTING).
  if ((error != -EINPROGRESS && error != -EALREADY) || opened->nonblocking) return error;
  return wait_connected(*opened, foreign, error);
}

int posix_api::shutdown(int fd, int how) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  return protocol_.shutdown(opened->sk(), how);
}

void posix_api::linger(socket_file& opened) {
  struct linger option {};
  if (protocol_.getsockopt(opened.sk(), SOL_SOCKET, SO_LINGER, std::as_writable_bytes(std::span(&option, 1))) < 0)
    return;
  if (option.l_onoff == 0 || option.l_linger <= 0) return;
  // Linux: sk_stream_wait_close. The FIN goes out now, and close returns when it is acknowledged or the time is over,
  // with O_NONBLOCK too. With unread data there is nothing to wait for: close answers with a reset.
  int unread = 0;
  if (protocol_.ioctl(opened.sk(), FIONREAD, unread) == 0 && unread > 0) return;
  if (protocol_.shutdown(opened.sk(), SHUT_RDWR) != 0) return;
  const std::uint64_t deadline_ns = deadline_after(static_cast<std::uint64_t>(option.l_linger) * base::ns_per_s);
  const auto closing = [&] {
    const auto state = static_cast<sock::tcp_state>(protocol_.state(opened.sk()));
    return state == sock::tcp_state::fin_wait1 || state == sock::tcp_state::closing ||
           state == sock::tcp_state::last_ack;
  };
  while (closing() && sleep(opened.sleepers(), deadline_ns)) {
  }
}

int posix_api::close(int fd) {
  const entry guard(*this);
  const std::shared_ptr<file> opened = files_.uninstall(fd);
  if (!opened) return -EBADF;
  // Before it lingers: nobody may see a descriptor any more that means something else by now.
  opened->dismiss_watchers();
  if (auto* stream = dynamic_cast<socket_file*>(opened.get())) linger(*stream);
  opened->release();
  return 0;
}

bool posix_api::is_open(int fd) const {
  threads_.lock();
  const bool open = files_.find(fd) != nullptr;
  threads_.unlock();
  return open;
}

void posix_api::close_all() {
  const entry guard(*this);
  for (const std::shared_ptr<file>& opened : files_.uninstall_all()) opened->release();
}

int posix_api::getsockname(int fd, sockaddr* address, socklen_t* length) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  return write_sockaddr(protocol_.local_endpoint(opened->sk()), address, length);
}

int posix_api::getpeername(int fd, sockaddr* address, socklen_t* length) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  // A connection that is not yet or no more has no peer (Linux: inet_getname).
  const auto state = static_cast<sock::tcp_state>(protocol_.state(opened->sk()));
  const tcp::tcp_endpoint peer = protocol_.peer_endpoint(opened->sk());
  if (peer.port == 0 || state == sock::tcp_state::close || state == sock::tcp_state::syn_sent) return -ENOTCONN;
  return write_sockaddr(peer, address, length);
}

int posix_api::getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (value == nullptr || length == nullptr) return -EFAULT;
  if (*length > INT_MAX) return -EINVAL;
  if (level == SOL_SOCKET && name == SO_RCVTIMEO) return write_timeout(opened->receive_timeout_ns, value, length);
  if (level == SOL_SOCKET && name == SO_SNDTIMEO) return write_timeout(opened->send_timeout_ns, value, length);
  const int written = protocol_.getsockopt(opened->sk(), level, name, {static_cast<std::byte*>(value), *length});
  if (written < 0) return written;
  *length = static_cast<socklen_t>(written);
  return 0;
}

int posix_api::setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (value == nullptr) return -EFAULT;
  if (level == SOL_SOCKET && name == SO_RCVTIMEO) return read_timeout(value, length, opened->receive_timeout_ns);
  if (level == SOL_SOCKET && name == SO_SNDTIMEO) return read_timeout(value, length, opened->send_timeout_ns);
  return protocol_.setsockopt(opened->sk(), level, name, {static_cast<const std::byte*>(value), length});
}

int posix_api::fcntl(int fd, int command, int argument) {
  const entry guard(*this);
  const std::shared_ptr<file> opened = file_of(fd);
  if (!opened) return -EBADF;
  switch (command) {
    case F_GETFL:
      return O_RDWR | (opened->nonblocking ? O_NONBLOCK : 0);
    case F_SETFL:
      opened->nonblocking = (argument & O_NONBLOCK) != 0;
      return 0;
    case F_GETFD:
      return opened->close_on_exec ? FD_CLOEXEC : 0;
    case F_SETFD:
      opened->close_on_exec = (argument & FD_CLOEXEC) != 0;
      return 0;
    default:
      return -EINVAL;
  }
}

int posix_api::ioctl(int fd, unsigned long request, int* argument) {
  const entry guard(*this);
  const std::shared_ptr<file> opened = file_of(fd);
  if (!opened) return -EBADF;
  auto* stream = dynamic_cast<socket_file*>(opened.get());
  if (request != FIONBIO) {
    int value = 0;
    const int result = stream != nullptr ? protocol_.ioctl(stream->sk(), request, value) : -ENOTTY;
    if (result < 0) return result;
    if (argument == nullptr) return -EFAULT;
    *argument = value;
    return result;
  }
  if (argument == nullptr) return -EFAULT;
  opened->nonblocking = *argument != 0;
  return 0;
}

}  // namespace fourtuple::socket
