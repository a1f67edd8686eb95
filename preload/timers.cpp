// SPDX-License-Identifier: Apache-2.0
// Virtual time: timerfd, alarm() and setitimer(). A timerfd is an eventfd that an alarm adds to: both are read as the
// number of times, and waited for alike.
#include "preload/timers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "preload/alarms.hpp"
#include "preload/libc.hpp"
#include "preload/signal_safe_lock.hpp"
#include "preload/time_values.hpp"
#include "preload/waiting.hpp"
#include "preload/world_client.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(timerfd_create)
FOURTUPLE_LIBC(timerfd_settime)
FOURTUPLE_LIBC(timerfd_gettime)
FOURTUPLE_LIBC(alarm)
FOURTUPLE_LIBC(setitimer)
FOURTUPLE_LIBC(getitimer)
FOURTUPLE_LIBC(close)
FOURTUPLE_LIBC(read)
FOURTUPLE_LIBC(write)
FOURTUPLE_LIBC(poll)

int fail(int error) noexcept {
  errno = error;
  return -1;
}

/// An alarm that comes again.
struct periodic_alarm : simulated_alarm {
  std::uint64_t interval_ns = 0;  ///< 0: once.
  std::uint64_t expirations = 0;  ///< Of the alarm's thread: how often it has been since the deadline before.

  [[nodiscard]] std::uint64_t left_ns() const noexcept {
    const std::uint64_t until_ns = deadline_of(*this);
    const std::uint64_t now_ns = simulated_now_ns();
    if (until_ns == no_deadline_ns) return 0;
    return until_ns > now_ns ? until_ns - now_ns : 1;
  }
};

std::uint64_t start_next_interval(simulated_alarm& self, std::uint64_t now_ns) noexcept {
  auto& own = static_cast<periodic_alarm&>(self);
  own.expirations = 1;
  if (own.interval_ns == 0) return no_deadline_ns;
  if (now_ns > own.deadline_ns) own.expirations += (now_ns - own.deadline_ns) / own.interval_ns;
  return own.deadline_ns + own.expirations * own.interval_ns;
}

struct descriptor_timer : periodic_alarm {
  int fd = -1;   ///< The program's.
  int own = -1;  ///< The same, for the alarm: the program's number may become something else's.
  clockid_t clock = CLOCK_MONOTONIC;
  descriptor_timer* following = nullptr;
};

pthread_mutex_t timers_mutex = PTHREAD_MUTEX_INITIALIZER;
descriptor_timer* timers = nullptr;

std::atomic<int> timers_alive = 0;  // For those who look without the lock.

void count_up(simulated_alarm& self) noexcept {
  auto& own = static_cast<descriptor_timer&>(self);
  (void)!libc_write(own.own, static_cast<const void*>(&own.expirations), sizeof own.expirations);
}

/// With the lock held. nullptr: none of virtual time.
descriptor_timer* timer_of(int fd) noexcept {
  for (descriptor_timer* one = timers; one != nullptr; one = one->following) {
    if (one->fd == fd) return one;
  }
  return nullptr;
}

/// With the lock held.
void remove_timer(int fd) noexcept {
  for (descriptor_timer** at = &timers; *at != nullptr; at = &(*at)->following) {
    descriptor_timer* const one = *at;
    if (one->fd != fd) continue;
    *at = one->following;
    --timers_alive;
    disarm(*one);
    libc_close(one->own);
    std::free(one);
    return;
  }
}

void forget_expirations(int file) noexcept {
  pollfd one{.fd = file, .events = POLLIN, .revents = 0};
  std::uint64_t times = 0;
  if (libc_poll(&one, nfds_t{1}, 0) > 0) (void)!libc_read(file, static_cast<void*>(&times), sizeof times);
}

void show(const periodic_alarm& one, itimerspec* shown) noexcept {
  shown->it_value = to_timespec(static_cast<std::int64_t>(one.left_ns()));
  shown->it_interval = to_timespec(static_cast<std::int64_t>(one.interval_ns));
}

/// The process's ITIMER_REAL, which alarm() shares (setitimer(2)).
void send_sigalrm(simulated_alarm&) noexcept { ::kill(::getpid(), SIGALRM); }

pthread_mutex_t real_timer_mutex = PTHREAD_MUTEX_INITIALIZER;
constinit periodic_alarm real_timer{{.due = send_sigalrm, .move_on = start_next_interval}};

// A thread that its parent had may have held one: a child has none of them. Each step of the list leaves it whole.
void start_anew() noexcept {
  timers_mutex = PTHREAD_MUTEX_INITIALIZER;
  real_timer_mutex = PTHREAD_MUTEX_INITIALIZER;
}

[[gnu::constructor]] void prepare_for_forks() { pthread_atfork(nullptr, nullptr, start_anew); }

std::uint64_t to_ns(const timeval& time) noexcept {
  return fourtuple::preload::to_ns(timespec{.tv_sec = time.tv_sec, .tv_nsec = time.tv_usec * 1000});
}

// A remainder is never shown as nothing.
timeval to_timeval(std::uint64_t ns) noexcept {
  const std::uint64_t us = (ns + 999) / 1000;
  return {.tv_sec = static_cast<time_t>(us / 1'000'000), .tv_usec = static_cast<suseconds_t>(us % 1'000'000)};
}

struct timer_setting {
  std::uint64_t left_ns;
  std::uint64_t interval_ns;
};

timer_setting show_real_timer() noexcept {
  const signal_safe_lock lock(real_timer_mutex);
  return {.left_ns = real_timer.left_ns(), .interval_ns = real_timer.interval_ns};
}

/// What it was set to before.
timer_setting set_real_timer(const timer_setting& wanted) noexcept {
  const signal_safe_lock lock(real_timer_mutex);
  const timer_setting before{.left_ns = real_timer.left_ns(), .interval_ns = real_timer.interval_ns};
  disarm(real_timer);
  real_timer.interval_ns = wanted.interval_ns;
  if (wanted.left_ns != 0) arm(real_timer, simulated_now_ns() + wanted.left_ns);
  return before;
}

itimerval to_itimerval(const timer_setting& setting) noexcept {
  return {.it_interval = to_timeval(setting.interval_ns), .it_value = to_timeval(setting.left_ns)};
}

}  // namespace

void forget_timer(int fd) noexcept {
  if (timers_alive.load(std::memory_order_relaxed) == 0) return;
  const signal_safe_lock lock(timers_mutex);
  remove_timer(fd);
}

FOURTUPLE_EXPORT int timerfd_create(clockid_t clock, int flags) noexcept {
  std::int64_t now_ns = 0;
  if (!time_is_virtual() || (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)) != 0 || !clock_shows(clock, now_ns))
    return libc_timerfd_create(clock, flags);
  static_assert(int{TFD_NONBLOCK} == int{EFD_NONBLOCK} && int{TFD_CLOEXEC} == int{EFD_CLOEXEC});
  const int made = eventfd(0, flags);
  if (made < 0) return made;
  auto* const timer = static_cast<descriptor_timer*>(std::calloc(1, sizeof(descriptor_timer)));
  const int own = fcntl(made, F_DUPFD_CLOEXEC, own_descriptors);
  if (timer == nullptr || own < 0) {
    std::free(timer);
    libc_close(made);
    return fail(timer == nullptr ? ENOMEM : EMFILE);
  }
  *timer = {};
  timer->due = count_up;
  timer->move_on = start_next_interval;
  timer->fd = made;
  timer->own = own;
  timer->clock = clock;
  const signal_safe_lock lock(timers_mutex);
  remove_timer(made);  // Closed without this library's knowing.
  timer->following = timers;
  timers = timer;
  ++timers_alive;
  return made;
}

FOURTUPLE_EXPORT int timerfd_settime(int fd, int flags, const itimerspec* wanted, itimerspec* before) noexcept {
  const signal_safe_lock lock(timers_mutex);
  descriptor_timer* const timer = timer_of(fd);
  if (timer == nullptr || wanted == nullptr) return libc_timerfd_settime(fd, flags, wanted, before);
  if (!valid(wanted->it_value) || !valid(wanted->it_interval)) return fail(EINVAL);
  if (before != nullptr) show(*timer, before);
  disarm(*timer);
  forget_expirations(timer->own);
  timer->interval_ns = fourtuple::preload::to_ns(wanted->it_interval);
  if (wanted->it_value.tv_sec == 0 && wanted->it_value.tv_nsec == 0) return 0;
  std::uint64_t deadline_ns = 0;
  if ((flags & TFD_TIMER_ABSTIME) == 0)
    deadline_ns = simulated_now_ns() + fourtuple::preload::to_ns(wanted->it_value);
  else if (!deadline_at(timer->clock, wanted->it_value, deadline_ns))
    return fail(EINVAL);
  arm(*timer, deadline_ns);
  return 0;
}

FOURTUPLE_EXPORT int timerfd_gettime(int fd, itimerspec* now) noexcept {
  const signal_safe_lock lock(timers_mutex);
  const descriptor_timer* const timer = timer_of(fd);
  if (timer == nullptr || now == nullptr) return libc_timerfd_gettime(fd, now);
  show(*timer, now);
  return 0;
}

FOURTUPLE_EXPORT unsigned alarm(unsigned seconds) noexcept {
  if (!time_is_virtual()) return libc_alarm(seconds);
  const std::uint64_t wanted_ns = std::uint64_t{seconds} * static_cast<std::uint64_t>(ns_per_s);
  const std::uint64_t left_ns = set_real_timer({.left_ns = wanted_ns, .interval_ns = 0}).left_ns;
  // Linux: alarm_setitimer. Half a second is rounded up, and what is left is never 0.
  const std::uint64_t left_s = (left_ns + ns_per_s / 2) / static_cast<std::uint64_t>(ns_per_s);
  return static_cast<unsigned>(left_s == 0 && left_ns != 0 ? 1 : left_s);
}

FOURTUPLE_EXPORT int getitimer(__itimer_which_t which, itimerval* now) noexcept {
  if (!time_is_virtual() || which != ITIMER_REAL || now == nullptr) return libc_getitimer(which, now);
  *now = to_itimerval(show_real_timer());
  return 0;
}

FOURTUPLE_EXPORT int setitimer(__itimer_which_t which, const itimerval* wanted, itimerval* before) noexcept {
  if (!time_is_virtual() || which != ITIMER_REAL) return libc_setitimer(which, wanted, before);
  timer_setting setting{};
  if (wanted != nullptr) {
    for (const timeval& one : {wanted->it_value, wanted->it_interval}) {
      if (one.tv_sec < 0 || one.tv_usec < 0 || one.tv_usec >= 1'000'000) return fail(EINVAL);
    }
    setting = {.left_ns = to_ns(wanted->it_value), .interval_ns = to_ns(wanted->it_interval)};
  }
  const timer_setting was = set_real_timer(setting);
  if (before != nullptr) *before = to_itimerval(was);
  return 0;
}

}  // namespace fourtuple::preload
