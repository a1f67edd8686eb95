// SPDX-License-Identifier: Apache-2.0
// Socket options, ioctl, and a close() that waits.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstring>

#include "preload/libc.hpp"
#include "preload/timers.hpp"
#include "preload/waiting.hpp"
#include "preload/world_client.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(getsockopt)
FOURTUPLE_LIBC(setsockopt)
FOURTUPLE_LIBC(ioctl)
FOURTUPLE_LIBC(close)

/// Some socket of this process has SO_LINGER with a time: close() has to look. It stays so; that costs little.
std::atomic<bool> some_linger = false;

int fail(int error) noexcept {
  errno = error;
  return -1;
}

/// The pair's reads and writes are what sleeps, so their limits are the kernel's business.
bool is_limit(int level, int name) noexcept {
  return level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO || name == SO_RCVTIMEO_OLD ||
                                 name == SO_SNDTIMEO_OLD || name == SO_RCVTIMEO_NEW || name == SO_SNDTIMEO_NEW);
}

int copy_out(const void* from, socklen_t bytes, void* value, socklen_t* length) noexcept {
  const socklen_t count = *length < bytes ? *length : bytes;
  std::memcpy(value, from, count);
  *length = count;
  return 0;
}

int get_in_world(int fd, int level, int name, void* value, socklen_t* length) noexcept {
  if (value == nullptr || length == nullptr) return fail(EFAULT);
  if (*length > INT_MAX) return fail(EINVAL);
  if (level == SOL_SOCKET && name == SO_ERROR) {
    const int error = take_error(fd);
    return copy_out(&error, sizeof error, value, length);
  }
  request what;
  what.op = operation::getsockopt;
  what.level = level;
  what.argument = name;
  what.length = *length;
  world_answer answer;
  if (!ask_world(what, nullptr, fd, answer)) return fail(ENETDOWN);
  return answer.result < 0 ? fail(-answer.result) : copy_out(answer.payload, answer.payload_bytes, value, length);
}

int set_in_world(int fd, int level, int name, const void* value, socklen_t length) noexcept {
  if (length > INT_MAX) return fail(EINVAL);
  if (value == nullptr && length > 0) return fail(EFAULT);
  request what;
  what.op = operation::setsockopt;
  what.level = level;
  what.argument = name;
  // No option of TCP is longer; longer values are read only as far as they go.
  what.payload_bytes = static_cast<std::uint16_t>(length < most_payload_bytes ? length : most_payload_bytes);
  world_answer answer;
  if (!ask_world(what, value, fd, answer)) return fail(ENETDOWN);
  if (answer.result < 0) return fail(-answer.result);
  if (level == SOL_SOCKET && name == SO_LINGER && length >= sizeof(linger)) {
    linger asked;
    std::memcpy(&asked, value, sizeof asked);
    if (asked.l_onoff != 0 && asked.l_linger > 0) some_linger = true;
  }
  // Also where reads sleep.
  if (level == SOL_SOCKET && name == SO_RCVLOWAT) libc_setsockopt(fd, level, name, value, length);
  return 0;
}

int unsent_in_world(int fd, unsigned long what_for, int* bytes) noexcept {
  if (bytes == nullptr) return fail(EFAULT);
  request what;
  what.op = operation::ioctl;
  what.length = static_cast<std::uint32_t>(what_for);
  world_answer answer;
  if (!ask_world(what, nullptr, fd, answer)) return fail(ENETDOWN);
  if (answer.result < 0) return fail(-answer.result);
  std::memcpy(bytes, answer.payload, sizeof *bytes);
  return 0;
}

/// SO_LINGER: close() comes back when the peer has everything, or the time is over (Linux: sk_stream_wait_close).
int close_and_wait(int fd) noexcept {
  const world_connection connection;
  request what;
  what.op = operation::linger;
  world_answer answer;
  const bool waits =
      connection.valid() && connection.send(what, nullptr, fd) && connection.receive(answer) && answer.result > 0;
  const int result = libc_close(fd);
  if (!waits || result != 0) return result;
  what.op = operation::closed;
  if (!connection.send(what, nullptr, -1)) return result;
  pollfd one{.fd = connection.file(), .events = POLLIN, .revents = 0};
  const int seconds = answer.result < INT_MAX / 1000 ? answer.result : INT_MAX / 1000;
  wait_for_files(&one, 1, seconds * 1000);
  return result;
}

}  // namespace

FOURTUPLE_EXPORT int getsockopt(int fd, int level, int name, void* value, socklen_t* length) noexcept {
  if (is_limit(level, name) || !is_world_socket(fd)) return libc_getsockopt(fd, level, name, value, length);
  return get_in_world(fd, level, name, value, length);
}

FOURTUPLE_EXPORT int setsockopt(int fd, int level, int name, const void* value, socklen_t length) noexcept {
  if (is_limit(level, name) || !is_world_socket(fd)) return libc_setsockopt(fd, level, name, value, length);
  return set_in_world(fd, level, name, value, length);
}

FOURTUPLE_EXPORT int ioctl(int fd, unsigned long what, ...) noexcept {
  va_list rest;
  va_start(rest, what);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  // SIOCOUTQ is TIOCOUTQ for a terminal: ask what it is first.
  if ((what == SIOCOUTQ || what == SIOCOUTQNSD) && is_world_socket(fd))
    return unsent_in_world(fd, what, static_cast<int*>(argument));
  return libc_ioctl(fd, what, argument);
}

FOURTUPLE_EXPORT int close(int fd) {
  forget_timer(fd);
  return some_linger && is_world_socket(fd) ? close_and_wait(fd) : libc_close(fd);
}

}  // namespace fourtuple::preload
