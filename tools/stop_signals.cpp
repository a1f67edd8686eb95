// SPDX-License-Identifier: Apache-2.0
#include "tools/stop_signals.hpp"

#include <time.h>

#include <csignal>
#include <cstdint>

namespace fourtuple::tools {

namespace {
// A signal handler reaches nothing but a global.
std::atomic<std::atomic<bool>*> stop_flag = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::atomic<bool>*>::is_always_lock_free);

// When the first one came; 0: none has.
std::atomic<std::int64_t> first_ns = 0;
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
constexpr std::int64_t same_wish_ns = 1'000'000'000;

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

void on_signal(int number) {
  std::int64_t none = 0;
  const std::int64_t now_ns = monotonic_ns();
  if (first_ns.compare_exchange_strong(none, now_ns)) {
    if (std::atomic<bool>* flag = stop_flag.load()) flag->store(true);
  } else if (now_ns - none > same_wish_ns) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}
}  // namespace

stop_signals::stop_signals(std::atomic<bool>& flag) {
  stop_flag = &flag;
  first_ns = 0;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // The terminal was closed; nohup(1) has it ignored.
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

stop_signals::~stop_signals() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  if (std::signal(SIGHUP, SIG_DFL) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
  stop_flag = nullptr;
}

}  // namespace fourtuple::tools
