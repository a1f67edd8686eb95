// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>
#include <sched.h>
#include <signal.h>

namespace fourtuple::preload {

/// Holds a mutex, and signals off: a handler may call what takes the same one (alarm and close are async-signal-safe,
/// POSIX 2.4.3).
class signal_safe_lock {
 public:
  explicit signal_safe_lock(pthread_mutex_t& mutex) noexcept : mutex_(mutex) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
    pthread_mutex_lock(&mutex_);
  }
  signal_safe_lock(const signal_safe_lock&) = delete;
  signal_safe_lock& operator=(const signal_safe_lock&) = delete;
  ~signal_safe_lock() {
    pthread_mutex_unlock(&mutex_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  /// Without it for a moment.
  void let_others() noexcept {
    pthread_mutex_unlock(&mutex_);
    sched_yield();
    pthread_mutex_lock(&mutex_);
  }

 private:
  pthread_mutex_t& mutex_;
  sigset_t before_{};
};

}  // namespace fourtuple::preload
