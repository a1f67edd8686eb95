// SPDX-License-Identifier: Apache-2.0
// Clocks and waits of a program in virtual time. In a world that follows the wall clock they are the kernel's.
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "preload/libc.hpp"
#include "preload/time_values.hpp"
#include "preload/virtual_clock.hpp"
#include "preload/waiting.hpp"

extern "C" {
int __poll_chk(pollfd*, nfds_t, int, size_t);
int __ppoll_chk(pollfd*, nfds_t, const timespec*, const sigset_t*, size_t);
}

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(clock_gettime)
FOURTUPLE_LIBC(gettimeofday)
FOURTUPLE_LIBC(time)
FOURTUPLE_LIBC(nanosleep)
FOURTUPLE_LIBC(clock_nanosleep)
FOURTUPLE_LIBC(usleep)
FOURTUPLE_LIBC(sleep)
FOURTUPLE_LIBC(poll)
FOURTUPLE_LIBC(ppoll)
FOURTUPLE_LIBC(select)
FOURTUPLE_LIBC(pselect)
FOURTUPLE_LIBC(epoll_wait)
FOURTUPLE_LIBC(epoll_pwait)
FOURTUPLE_LIBC(epoll_pwait2)

int fail(int error) noexcept {
  errno = error;
  return -1;
}

std::uint64_t deadline_after_ms(int timeout_ms) noexcept {
  return timeout_ms < 0 ? no_deadline_ns : deadline_after(static_cast<std::uint64_t>(timeout_ms) * 1'000'000);
}

/// Sleeps; 0 or EINTR, and what was left of it.
int sleep_until_ns(std::uint64_t deadline_ns, timespec* left) noexcept {
  if (wait_until_simulated(nullptr, 0, deadline_ns, nullptr) >= 0) return 0;
  const std::uint64_t now_ns = simulated_now_ns();
  if (left != nullptr) *left = to_timespec(static_cast<std::int64_t>(deadline_ns > now_ns ? deadline_ns - now_ns : 0));
  return EINTR;
}

/// select() as poll(): the alarm of the world is one descriptor more.
class selection {
 public:
  selection(int count, fd_set* readable, fd_set* writable, fd_set* exceptional) noexcept
      : sets_{readable, writable, exceptional} {
    for (int fd = 0; fd < count && fd < FD_SETSIZE; ++fd) {
      int events = 0;
      for (int i = 0; i < 3; ++i) {
        if (sets_[i] != nullptr && FD_ISSET(fd, sets_[i])) events |= asked[i];
      }
      if (events != 0) files_[used_++] = {.fd = fd, .events = static_cast<short>(events), .revents = 0};
    }
  }
  int wait(std::uint64_t deadline_ns, const sigset_t* mask) noexcept {
    const int ready = wait_until_simulated(files_, used_, deadline_ns, mask);
    return ready < 0 ? ready : report();
  }

 private:
  int report() noexcept {
    for (nfds_t at = 0; at < used_; ++at) {
      if ((files_[at].revents & POLLNVAL) != 0) return fail(EBADF);
    }
    int marked = 0;
    for (int i = 0; i < 3; ++i) {
      if (sets_[i] == nullptr) continue;
      FD_ZERO(sets_[i]);
      for (nfds_t at = 0; at < used_; ++at) {
        if ((files_[at].events & asked[i]) == 0 || (files_[at].revents & seen[i]) == 0) continue;
        FD_SET(files_[at].fd, sets_[i]);
        ++marked;
      }
    }
    return marked;
  }

  // Linux: POLLIN_SET, POLLOUT_SET, POLLEX_SET.
  static constexpr int asked[3] = {POLLIN, POLLOUT, POLLPRI};
  static constexpr int seen[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};
  fd_set* sets_[3];
  pollfd files_[FD_SETSIZE];
  nfds_t used_ = 0;
};

int wait_for_events(int epoll, epoll_event* events, int most, std::uint64_t deadline_ns,
                    const sigset_t* mask) noexcept {
  pollfd one{.fd = epoll, .events = POLLIN, .revents = 0};
  const int ready = wait_until_simulated(&one, 1, deadline_ns, mask);
  if (ready < 0) return ready;
  return libc_epoll_wait(epoll, events, most, 0);
}

}  // namespace

bool clock_shows(clockid_t clock, std::int64_t& now_ns) noexcept {
  const clock_page* const page = world_clock();
  const auto simulated = static_cast<std::int64_t>(simulated_now_ns());
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      now_ns = simulated + page->realtime_offset_ns;
      return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      now_ns = simulated + page->monotonic_offset_ns;
      return true;
    default:
      return false;
  }
}

std::uint64_t deadline_after(std::uint64_t wait_ns) noexcept {
  return simulated_now_ns() + (wait_ns == 0 ? glance_ns : wait_ns);
}

bool deadline_at(clockid_t clock, const timespec& time, std::uint64_t& deadline_ns) noexcept {
  std::int64_t now_ns = 0;
  if (!clock_shows(clock, now_ns)) return false;
  const std::int64_t until_ns = time.tv_sec < 0 ? 0 : static_cast<std::int64_t>(to_ns(time));
  deadline_ns = deadline_after(static_cast<std::uint64_t>(until_ns > now_ns ? until_ns - now_ns : 0));
  return true;
}

FOURTUPLE_EXPORT int clock_gettime(clockid_t clock, timespec* time) noexcept {
  std::int64_t now_ns = 0;
  if (time == nullptr || !time_is_virtual() || !clock_shows(clock, now_ns)) return libc_clock_gettime(clock, time);
  *time = to_timespec(now_ns);
  return 0;
}

FOURTUPLE_EXPORT int gettimeofday(timeval* __restrict time, void* __restrict zone) noexcept {
  if (time == nullptr || !time_is_virtual()) return libc_gettimeofday(time, zone);
  std::int64_t now_ns = 0;
  clock_shows(CLOCK_REALTIME, now_ns);
  *time = {.tv_sec = now_ns / ns_per_s, .tv_usec = now_ns % ns_per_s / 1000};
  return 0;
}

FOURTUPLE_EXPORT time_t time(time_t* to) noexcept {
  if (!time_is_virtual()) return libc_time(to);
  std::int64_t now_ns = 0;
  clock_shows(CLOCK_REALTIME, now_ns);
  if (to != nullptr) *to = now_ns / ns_per_s;
  return now_ns / ns_per_s;
}

FOURTUPLE_EXPORT int nanosleep(const timespec* wanted, timespec* left) {
  if (wanted == nullptr || !time_is_virtual()) return libc_nanosleep(wanted, left);
  if (!valid(*wanted)) return fail(EINVAL);
  const int result = sleep_until_ns(deadline_after(to_ns(*wanted)), left);
  return result == 0 ? 0 : fail(result);
}

FOURTUPLE_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
  std::int64_t now_ns = 0;
  if (wanted == nullptr || !time_is_virtual() || !clock_shows(clock, now_ns))
    return libc_clock_nanosleep(clock, flags, wanted, left);
  if (!valid(*wanted)) return EINVAL;
  if ((flags & TIMER_ABSTIME) == 0) return sleep_until_ns(deadline_after(to_ns(*wanted)), left);
  std::uint64_t deadline_ns = 0;
  deadline_at(clock, *wanted, deadline_ns);
  return sleep_until_ns(deadline_ns, nullptr);
}

FOURTUPLE_EXPORT int usleep(useconds_t us) {
  if (!time_is_virtual()) return libc_usleep(us);
  const int result = sleep_until_ns(deadline_after(std::uint64_t{us} * 1000), nullptr);
  return result == 0 ? 0 : fail(result);
}

FOURTUPLE_EXPORT unsigned sleep(unsigned seconds) {
  if (!time_is_virtual()) return libc_sleep(seconds);
  timespec left{};
  sleep_until_ns(deadline_after(std::uint64_t{seconds} * static_cast<std::uint64_t>(ns_per_s)), &left);
  return static_cast<unsigned>(left.tv_sec + (left.tv_nsec > 0 ? 1 : 0));
}

FOURTUPLE_EXPORT int poll(pollfd* files, nfds_t count, int timeout_ms) {
  if (!time_is_virtual() || timeout_ms < 0) return libc_poll(files, count, timeout_ms);
  return wait_until_simulated(files, count, deadline_after_ms(timeout_ms), nullptr);
}

FOURTUPLE_EXPORT int __poll_chk(pollfd* files, nfds_t count, int timeout_ms, std::size_t room) {
  if (room / sizeof *files < count) __builtin_trap();
  return ::poll(files, count, timeout_ms);
}

FOURTUPLE_EXPORT int ppoll(pollfd* files, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  if (!time_is_virtual() || timeout == nullptr) return libc_ppoll(files, count, timeout, mask);
  if (!valid(*timeout)) return fail(EINVAL);
  return wait_until_simulated(files, count, deadline_after(to_ns(*timeout)), mask);
}

FOURTUPLE_EXPORT int __ppoll_chk(pollfd* files, nfds_t count, const timespec* timeout, const sigset_t* mask,
                                 std::size_t room) {
  if (room / sizeof *files < count) __builtin_trap();
  return ::ppoll(files, count, timeout, mask);
}

FOURTUPLE_EXPORT int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* timeout) {
  if (!time_is_virtual() || timeout == nullptr) return libc_select(count, readable, writable, exceptional, timeout);
  const timespec wanted{.tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_usec * 1000};
  if (!valid(wanted)) return fail(EINVAL);
  const std::uint64_t deadline_ns = deadline_after(to_ns(wanted));
  const int result = selection(count, readable, writable, exceptional).wait(deadline_ns, nullptr);
  // Linux tells how much time is left (select(2)).
  const std::uint64_t now_ns = simulated_now_ns();
  const std::uint64_t left_us = deadline_ns > now_ns && result != 0 ? (deadline_ns - now_ns) / 1000 : 0;
  *timeout = {.tv_sec = static_cast<time_t>(left_us / 1'000'000),
              .tv_usec = static_cast<suseconds_t>(left_us % 1'000'000)};
  return result;
}

FOURTUPLE_EXPORT int pselect(int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                             const timespec* timeout, const sigset_t* mask) {
  if (!time_is_virtual() || timeout == nullptr)
    return libc_pselect(count, readable, writable, exceptional, timeout, mask);
  if (!valid(*timeout)) return fail(EINVAL);
  return selection(count, readable, writable, exceptional).wait(deadline_after(to_ns(*timeout)), mask);
}

FOURTUPLE_EXPORT int epoll_wait(int epoll, epoll_event* events, int most, int timeout_ms) {
  if (!time_is_virtual() || timeout_ms < 0) return libc_epoll_wait(epoll, events, most, timeout_ms);
  return wait_for_events(epoll, events, most, deadline_after_ms(timeout_ms), nullptr);
}

FOURTUPLE_EXPORT int epoll_pwait(int epoll, epoll_event* events, int most, int timeout_ms, const sigset_t* mask) {
  if (!time_is_virtual() || timeout_ms < 0) return libc_epoll_pwait(epoll, events, most, timeout_ms, mask);
  return wait_for_events(epoll, events, most, deadline_after_ms(timeout_ms), mask);
}

FOURTUPLE_EXPORT int epoll_pwait2(int epoll, epoll_event* events, int most, const timespec* timeout,
                                  const sigset_t* mask) {
  if (!time_is_virtual() || timeout == nullptr) return libc_epoll_pwait2(epoll, events, most, timeout, mask);
  if (!valid(*timeout)) return fail(EINVAL);
  return wait_for_events(epoll, events, most, deadline_after(to_ns(*timeout)), mask);
}

}  // namespace fourtuple::preload
