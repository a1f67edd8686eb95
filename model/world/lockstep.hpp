// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <systemc>

#include "host/base/clock.hpp"
#include "host/programs/control_server.hpp"
#include "host/programs/shared_clock.hpp"
#include "model/sim/paced_run.hpp"
#include "model/world/program_threads.hpp"

namespace fourtuple::model::world {

/// Runs a simulation in step with its programs: simulated time goes on only while every program sleeps, and stops at
/// the moment at which one is woken. What a program does takes no simulated time.
///
/// Used instead of sc_start(), from sc_main.
class lockstep {
 public:
  /// `serve` lets the simulation take in what the kernel has for it, at the current time. Time begins when
  /// `start_after` programs have come.
  lockstep(programs::control_server& server, base::clock& clock, programs::shared_clock& shared, sim::wall& wall,
           std::function<void()> serve, std::uint64_t start_after);

  void run(const std::atomic<bool>& stop, const std::function<bool()>& done);

 private:
  /// Everything that programs have said has been heard, and all sleep.
  [[nodiscard]] bool programs_sleep();
  void advance();

  programs::control_server& server_;
  base::clock& clock_;
  programs::shared_clock& shared_;
  sim::wall& wall_;
  std::function<void()> serve_;
  std::uint64_t start_after_;
  program_threads threads_;
};

}  // namespace fourtuple::model::world
