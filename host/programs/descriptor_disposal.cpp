// SPDX-License-Identifier: Apache-2.0
#include "host/programs/descriptor_disposal.hpp"

#include <pthread.h>
#include <signal.h>

#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace fourtuple::programs {
namespace {

constexpr unsigned most_threads = 16;

/// Threads made while it lives take no signals: those are for the main thread, which may have to stop waiting.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct descriptor_disposal::work {
  std::mutex mutex;
  std::deque<descriptor> waiting;
  unsigned threads = 0;

  void close_all() {
    std::unique_lock lock(mutex);
    while (!waiting.empty()) {
      descriptor next = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      next.reset();
      lock.lock();
    }
    --threads;
  }
};

descriptor_disposal::descriptor_disposal() : work_(std::make_shared<work>()) {}

void descriptor_disposal::close(descriptor file) {
  if (!file.valid()) return;
  const std::scoped_lock lock(work_->mutex);
  work_->waiting.push_back(std::move(file));
  if (work_->threads == most_threads) return;
  const signals_blocked blocked;
  try {
    std::thread([shared = work_] { shared->close_all(); }).detach();
    ++work_->threads;
  } catch (const std::system_error&) {
    // No thread can be had now: with the next one.
  }
}

}  // namespace fourtuple::programs
