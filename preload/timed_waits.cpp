// SPDX-License-Identifier: Apache-2.0
// Virtual time: waits on condition variables and semaphores that have a limit.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include <cerrno>

#include "preload/alarms.hpp"
#include "preload/libc.hpp"
#include "preload/time_values.hpp"
#include "preload/virtual_clock.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(pthread_cond_timedwait)
FOURTUPLE_LIBC(pthread_cond_clockwait)
FOURTUPLE_LIBC(sem_timedwait)
FOURTUPLE_LIBC(sem_clockwait)

/// An alarm that calls again, later and later, until the one it wakes takes it off: it may have come before the wait.
struct insistent_alarm : simulated_alarm {
  std::uint64_t pause_ns = glance_ns;
  bool fired = false;
};

std::uint64_t call_again(simulated_alarm& self, std::uint64_t now_ns) noexcept {
  constexpr std::uint64_t longest_pause_ns = 1'000'000;
  auto& own = static_cast<insistent_alarm&>(self);
  own.fired = true;
  const std::uint64_t next_ns = now_ns + own.pause_ns;
  if (own.pause_ns < longest_pause_ns) own.pause_ns *= 2;
  return next_ns;
}

struct condition_alarm : insistent_alarm {
  pthread_cond_t* condition = nullptr;
};

// Others that wait there wake up for nothing, as they have to be ready to (POSIX: pthread_cond_wait).
void wake_condition(simulated_alarm& self) noexcept {
  pthread_cond_broadcast(static_cast<condition_alarm&>(self).condition);
}

void take_off(void* one) noexcept { disarm(*static_cast<condition_alarm*>(one)); }

int wait_for_condition(pthread_cond_t* condition, pthread_mutex_t* mutex, std::uint64_t deadline_ns) noexcept {
  condition_alarm limit;
  limit.due = wake_condition;
  limit.move_on = call_again;
  limit.condition = condition;
  arm(limit, deadline_ns);
  int result = 0;
  // A thread may be cancelled here.
  pthread_cleanup_push(take_off, &limit);
  result = pthread_cond_wait(condition, mutex);
  pthread_cleanup_pop(1);
  return result == 0 && limit.fired ? ETIMEDOUT : result;
}

struct thread_alarm : insistent_alarm {
  pthread_t thread{};
};

void interrupt_thread(simulated_alarm& self) noexcept {
  pthread_kill(static_cast<thread_alarm&>(self).thread, wake_up_signal());
}

int wait_for_semaphore(sem_t* semaphore, std::uint64_t deadline_ns) noexcept {
  if (sem_trywait(semaphore) == 0) return 0;
  thread_alarm limit;
  limit.due = interrupt_thread;
  limit.move_on = call_again;
  limit.thread = pthread_self();
  sigset_t own;
  sigset_t before;
  sigemptyset(&own);
  sigaddset(&own, wake_up_signal());
  pthread_sigmask(SIG_UNBLOCK, &own, &before);
  arm(limit, deadline_ns);
  int result = sem_wait(semaphore);
  int error = errno;
  disarm(limit);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (result != 0 && error == EINTR && limit.fired) error = ETIMEDOUT;
  if (result != 0) errno = error;
  return result;
}

/// True if the wait has a limit in virtual time. `error`: what is wrong with it.
bool has_deadline(clockid_t clock, const timespec* until, std::uint64_t& deadline_ns, int& error) noexcept {
  if (!time_is_virtual() || until == nullptr) return false;
  error = until->tv_nsec >= 0 && until->tv_nsec < ns_per_s ? 0 : EINVAL;
  return error != 0 || deadline_at(clock, *until, deadline_ns);
}

/// CLOCK_REALTIME unless pthread_condattr_setclock() said otherwise (glibc: bit 1 of the waiters' reference count).
clockid_t clock_of(const pthread_cond_t* condition) noexcept {
  return (condition->__data.__wrefs & 2U) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

}  // namespace

FOURTUPLE_EXPORT int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  std::uint64_t deadline_ns = 0;
  int error = 0;
  if (!has_deadline(clock_of(condition), until, deadline_ns, error))
    return libc_pthread_cond_timedwait(condition, mutex, until);
  return error != 0 ? error : wait_for_condition(condition, mutex, deadline_ns);
}

FOURTUPLE_EXPORT int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                            const timespec* until) {
  std::uint64_t deadline_ns = 0;
  int error = 0;
  if (!has_deadline(clock, until, deadline_ns, error))
    return libc_pthread_cond_clockwait(condition, mutex, clock, until);
  return error != 0 ? error : wait_for_condition(condition, mutex, deadline_ns);
}

FOURTUPLE_EXPORT int sem_timedwait(sem_t* semaphore, const timespec* until) {
  return ::sem_clockwait(semaphore, CLOCK_REALTIME, until);
}

FOURTUPLE_EXPORT int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until) {
  std::uint64_t deadline_ns = 0;
  int error = 0;
  if (!has_deadline(clock, until, deadline_ns, error)) return libc_sem_clockwait(semaphore, clock, until);
  if (error == 0) return wait_for_semaphore(semaphore, deadline_ns);
  errno = error;
  return -1;
}

}  // namespace fourtuple::preload
