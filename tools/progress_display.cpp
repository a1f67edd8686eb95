// SPDX-License-Identifier: Apache-2.0
#include "tools/progress_display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace fourtuple::tools {

namespace {
constexpr auto period = std::chrono::milliseconds(250);
}

progress_display::progress_display(const model::system::run_progress& progress) : progress_(progress) {
  if (isatty(STDERR_FILENO) != 0) thread_ = std::thread([this] { show_until_done(); });
}

progress_display::~progress_display() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard(mutex_);
    done_ = true;
  }
  end_.notify_one();
  thread_.join();
  fmt::print(stderr, "\r\033[K");
}

double progress_display::wall_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

void progress_display::show_until_done() {
  std::unique_lock guard(mutex_);
  std::uint64_t clocks_before = 0;
  while (!end_.wait_for(guard, period, [this] { return done_; })) {
    show_line(clocks_before, std::chrono::duration<double>(period).count());
    clocks_before = progress_.clocks_evaluated;
  }
}

void progress_display::show_line(std::uint64_t clocks_before, double seconds) const {
  const std::uint64_t done = progress_.work_done;
  const std::uint64_t total = progress_.work_total;
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const double clocks_per_s = static_cast<double>(progress_.clocks_evaluated - clocks_before) / seconds;
  std::string left = "?";
  if (share > 0.01) left = fmt::format("{:.0f} s", wall_seconds() * (1 - share) / share);
  fmt::print(stderr, "\r\033[K{:5.1f} %  simulated {:.3f} ms  {:.0f} clocks/s  {} left", share * 100,
             static_cast<double>(progress_.sim_time_ns) / 1e6, clocks_per_s, share >= 1 ? "closing, 0 s" : left);
  std::fflush(stderr);
}

}  // namespace fourtuple::tools
