// SPDX-License-Identifier: Apache-2.0
#include "tools/stop_signals.hpp"

#include <csignal>

namespace fourtuple::tools {

namespace {
// A signal handler reaches nothing but a global.
std::atomic<std::atomic<bool>*> stop_flag = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::atomic<bool>*>::is_always_lock_free);

void on_signal(int number) {
  std::signal(number, SIG_DFL);
  if (std::atomic<bool>* flag = stop_flag.load()) flag->store(true);
}
}  // namespace

stop_signals::stop_signals(std::atomic<bool>& flag) {
  stop_flag = &flag;
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
