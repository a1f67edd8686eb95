// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <systemc>
#include <vector>

namespace fourtuple::model::sim {

/// The time of the world outside, and waiting in it. An interface so that tests have a world of their own.
class wall {
 public:
  wall() = default;
  wall(const wall&) = delete;
  wall& operator=(const wall&) = delete;
  virtual ~wall() = default;

  /// Never goes backwards. Starts anywhere.
  [[nodiscard]] virtual std::uint64_t now_ns() = 0;
  /// Waits until one of the files can be read or the time is over. True if one can be read. May return early.
  virtual bool wait(std::span<const int> files, std::uint64_t timeout_ns) = 0;
};

/// CLOCK_MONOTONIC and poll(2).
class posix_wall final : public wall {
 public:
  [[nodiscard]] std::uint64_t now_ns() override;
  bool wait(std::span<const int> files, std::uint64_t timeout_ns) override;
};

/// Why a paced run ended.
enum class paced_end : std::uint8_t { duration_over, done, stop_requested, simulation_stopped };

/// Lets simulated time follow the wall clock, for a simulation that talks to the world outside: it is used instead of
/// sc_start(), from sc_main.
///
/// While simulated time is level with the wall clock, the process sleeps until the next event's time, input, or a slice
/// (2 ms at most): an idle simulation costs next to nothing. When the simulation is slower than the world it runs as
/// fast as it can, in steps of a few milliseconds of wall time, and says how far behind it is. It catches up when it
/// can.
///
/// Inputs are read between steps, when simulated time has come as near to the wall clock as it could. What they cause
/// therefore happens at times that differ from run to run: a paced run is not repeatable.
class paced_run {
 public:
  explicit paced_run(wall& world) : world_(world) {}

  /// `on_readable` runs between steps when `file` may be readable; it reads what is there without waiting, and may
  /// send annotated transactions. `file` stays open during run().
  void add_input(int file, std::function<void()> on_readable);

  /// Runs for `duration` of simulated time, until `done()` (if given; asked between steps), until `stop` is set (a
  /// signal handler may) or sc_stop().
  paced_end run(sc_core::sc_time duration, const std::atomic<bool>& stop, const std::function<bool()>& done = {});

  /// How far simulated time was behind the wall clock after the last step, and at most.
  [[nodiscard]] std::uint64_t behind_ns() const noexcept { return behind_ns_; }
  [[nodiscard]] std::uint64_t most_behind_ns() const noexcept { return most_behind_ns_; }

 private:
  [[nodiscard]] std::uint64_t wall_elapsed_ps();
  [[nodiscard]] std::uint64_t simulated_elapsed_ps() const;
  [[nodiscard]] std::uint64_t sleep_ns(std::uint64_t end_ps);
  void step(std::uint64_t end_ps);
  static void run_current_time();
  void adapt_slice(std::uint64_t took_ns);

  wall& world_;
  std::vector<int> files_;
  std::vector<std::function<void()>> on_readable_;
  std::uint64_t wall_start_ns_ = 0;
  sc_core::sc_time simulated_start_;
  std::uint64_t slice_ps_ = 0;  ///< Most simulated time in one step.
  std::uint64_t behind_ns_ = 0;
  std::uint64_t most_behind_ns_ = 0;
};

}  // namespace fourtuple::model::sim
