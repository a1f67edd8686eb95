// SPDX-License-Identifier: Apache-2.0
#include "host/programs/socket_pair.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "preload/protocol.hpp"

namespace fourtuple::programs {
namespace {

// What a pair holds each way, with the kernel's bookkeeping, which takes about half of it (unix(7), SO_SNDBUF): enough
// that moving bytes is not done piece by piece, and little beside TCP's own buffers.
constexpr int pair_buffer_bytes = 32 * 1024;

int bind_abstract(int file, const std::string& name) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(name.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, name.data(), length);
  const auto whole = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  return ::bind(file, reinterpret_cast<const sockaddr*>(&address), whole) == 0 ? 0 : -errno;
}

std::string some_nonce() {
  std::uint64_t number = 0;
  // Without one the names can be guessed, and all that follows is that somebody may be in the way.
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) < 0) number = 0;
  return std::to_string(number);
}

short events_of(int file) noexcept {
  pollfd one{.fd = file, .events = POLLIN | POLLRDHUP, .revents = 0};
  return ::poll(&one, 1, 0) < 0 ? short{0} : one.revents;
}

}  // namespace

int socket_pair::open(const std::string& world, std::uint64_t handle, descriptor& program_end) {
  int files[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, files) != 0) return -errno;
  end_ = descriptor(files[0]);
  program_end = descriptor(files[1]);
  filling_bytes_ = 0;
  for (const int file : files) ::setsockopt(file, SOL_SOCKET, SO_SNDBUF, &pair_buffer_bytes, sizeof pair_buffer_bytes);
  name_ = std::string(preload::name_prefix, preload::name_prefix_bytes) + world + '/' + std::to_string(handle) +
          preload::nonce_separator + some_nonce();
  struct stat status {};
  int result = ::fstat(files[1], &status) == 0 ? 0 : -errno;
  if (result == 0) result = bind_abstract(files[1], name_);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  if (result != 0) {
    end_.reset();
    program_end.reset();
  }
  return result;
}

bool socket_pair::is_program_end(int candidate) const noexcept {
  struct stat status {};
  return ::fstat(candidate, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_dev == device_ &&
         status.st_ino == inode_;
}

// The name is given back when the socket itself goes (Linux: unix_release_sock), before the other end hangs up.
bool socket_pair::program_has_closed() const noexcept {
  const descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe.valid() && bind_abstract(probe.get(), name_) == 0;
}

bool socket_pair::hung_up() const noexcept { return !valid() || (events_of(file()) & POLLHUP) != 0; }

bool socket_pair::was_left_unread() const noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return valid() && ::getsockopt(file(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ECONNRESET;
}

ssize_t socket_pair::peek(std::span<std::byte> to) const noexcept {
  const ssize_t got = ::recv(file(), to.data(), to.size(), MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 ? got : -errno;
}

void socket_pair::drop(std::size_t bytes, std::span<std::byte> scratch) const noexcept {
  while (bytes > 0) {
    const ssize_t got = ::recv(file(), scratch.data(), std::min(bytes, scratch.size()), MSG_DONTWAIT);
    if (got <= 0) return;
    bytes -= static_cast<std::size_t>(got);
  }
}

ssize_t socket_pair::send(std::span<const std::byte> from) const noexcept {
  const ssize_t sent = ::send(file(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? sent : -errno;
}

void socket_pair::end_sending() const noexcept { ::shutdown(file(), SHUT_WR); }

void socket_pair::fill(int program_end) noexcept {
  std::array<std::byte, 8192> filling{};
  while (::recv(file(), filling.data(), filling.size(), MSG_DONTWAIT) > 0) {
  }
  filling_bytes_ = 0;
  for (std::size_t size = filling.size(); size > 0;) {
    const ssize_t sent = ::send(program_end, filling.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      filling_bytes_ += static_cast<std::size_t>(sent);
    } else {
      size /= 2;
    }
  }
}

void socket_pair::empty() noexcept {
  std::array<std::byte, 8192> scratch;
  drop(filling_bytes_, scratch);
  filling_bytes_ = 0;
}

int socket_pair::mark_listener() const noexcept { return bind_abstract(file(), name_ + preload::listener_suffix); }

int socket_pair::send_descriptor(std::span<const std::byte> message, int carried) const noexcept {
  iovec vector{const_cast<std::byte*>(message.data()), message.size()};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof carried);
  std::memcpy(CMSG_DATA(rights), &carried, sizeof carried);
  return ::sendmsg(file(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

// The kernel counts a message until it was received; the last byte of that count is taken off after the wake-up
// (Linux: sock_wfree), so 1 is none.
bool socket_pair::holds_message() const noexcept {
  int unread = 0;
  return valid() && ::ioctl(file(), SIOCOUTQ, &unread) == 0 && unread > 1;
}

}  // namespace fourtuple::programs
