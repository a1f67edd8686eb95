// SPDX-License-Identifier: Apache-2.0
#include "preload/alarms.hpp"

#include <pthread.h>
#include <signal.h>

#include <cerrno>

#include "preload/libc.hpp"
#include "preload/signal_safe_lock.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(ppoll)

pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
simulated_alarm* armed = nullptr;
bool has_thread = false;
pthread_t thread;
std::uint64_t thread_sleeps_until_ns = 0;  // Since it last looked at the list; 0: it has not yet.
const simulated_alarm* called = nullptr;   // The one whose due() runs.

void take_out(simulated_alarm& one) noexcept {
  for (simulated_alarm** at = &armed; *at != nullptr; at = &(*at)->next) {
    if (*at != &one) continue;
    *at = one.next;
    break;
  }
  one.deadline_ns = no_deadline_ns;
}

void put_in(simulated_alarm& one, std::uint64_t deadline_ns) noexcept {
  one.deadline_ns = deadline_ns;
  one.next = armed;
  armed = &one;
}

/// The first whose time has come; nullptr: none, and then the next deadline.
simulated_alarm* find_due(std::uint64_t now_ns, std::uint64_t& next_ns) noexcept {
  next_ns = no_deadline_ns;
  for (simulated_alarm* one = armed; one != nullptr; one = one->next) {
    if (one->deadline_ns <= now_ns) return one;
    if (one->deadline_ns < next_ns) next_ns = one->deadline_ns;
  }
  return nullptr;
}

/// All whose time has come, each once. The next deadline.
///
/// The lock is not held while due() runs: a condition variable may let its caller wait for a thread that is in a
/// signal's handler, and that handler may set an alarm.
std::uint64_t call_due() noexcept {
  const std::uint64_t now_ns = simulated_now_ns();
  for (;;) {
    simulated_alarm* one = nullptr;
    {
      const signal_safe_lock lock(list_mutex);
      std::uint64_t next_ns = 0;
      one = find_due(now_ns, next_ns);
      called = one;
      if (one == nullptr) {
        thread_sleeps_until_ns = next_ns;
        return next_ns;
      }
      one->deadline_ns = one->move_on(*one, now_ns);
      if (one->deadline_ns == no_deadline_ns) take_out(*one);
    }
    one->due(*one);
  }
}

/// With the lock held, which is given up while its due() runs.
void take_out_when_over(simulated_alarm& one, signal_safe_lock& lock) noexcept {
  while (called == &one) lock.let_others();
  take_out(one);
}

void* run(void*) noexcept {
  // What comes for the program is not for this thread; the wake-up signal only while it sleeps, so that none is lost.
  sigset_t while_asleep;
  sigfillset(&while_asleep);
  sigdelset(&while_asleep, wake_up_signal());
  for (;;) wait_until_simulated(nullptr, 0, call_due(), &while_asleep);
  return nullptr;
}

void nothing(int) noexcept {}

bool start_thread() noexcept {
  struct sigaction action {};
  action.sa_handler = nothing;
  sigaction(wake_up_signal(), &action, nullptr);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(&thread, nullptr, run, nullptr) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (started) pthread_detach(thread);
  return started;
}

// A child has neither its parent's threads nor what they waited for (POSIX: fork, alarm).
void start_anew() noexcept {
  list_mutex = PTHREAD_MUTEX_INITIALIZER;
  called = nullptr;
  while (armed != nullptr) take_out(*armed);
  has_thread = false;
}

// Before there are threads: one of them may be about to set the first alarm when another one forks.
[[gnu::constructor]] void prepare_for_forks() { pthread_atfork(nullptr, nullptr, start_anew); }

}  // namespace

int wake_up_signal() noexcept { return SIGRTMAX - 2; }

void arm(simulated_alarm& one, std::uint64_t deadline_ns) noexcept {
  signal_safe_lock lock(list_mutex);
  take_out_when_over(one, lock);
  put_in(one, deadline_ns);
  if (!has_thread) {
    thread_sleeps_until_ns = 0;
    has_thread = start_thread();
  } else if (deadline_ns < thread_sleeps_until_ns) {
    pthread_kill(thread, wake_up_signal());
  }
}

void disarm(simulated_alarm& one) noexcept {
  signal_safe_lock lock(list_mutex);
  take_out_when_over(one, lock);
}

std::uint64_t deadline_of(const simulated_alarm& one) noexcept {
  const signal_safe_lock lock(list_mutex);
  return one.deadline_ns;
}

}  // namespace fourtuple::preload
