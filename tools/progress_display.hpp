// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "model/system/scenario_run.hpp"

namespace fourtuple::tools {

/// A line on standard error that says how far a simulation is; nothing if standard error is not a terminal.
///
/// It only reads what the simulation shows (run_progress), from a thread of its own, so it changes no result.
class progress_display {
 public:
  explicit progress_display(const model::system::run_progress& progress);
  ~progress_display();
  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

  /// Since construction.
  [[nodiscard]] double wall_seconds() const;

 private:
  void show_until_done();
  void show_line(std::uint64_t clocks_before, double seconds) const;

  const model::system::run_progress& progress_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable end_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace fourtuple::tools
