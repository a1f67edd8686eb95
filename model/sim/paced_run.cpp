// SPDX-License-Identifier: Apache-2.0
#include "model/sim/paced_run.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "model/sim/time.hpp"

namespace fourtuple::model::sim {
namespace {

constexpr std::uint64_t ps_per_ns = 1'000;
constexpr std::uint64_t longest_slice_ps = 2'000'000'000;
constexpr std::uint64_t shortest_slice_ps = 1'000'000;
/// A step should take about so much wall time when the simulation is slow: input and stop requests wait for its end.
constexpr std::uint64_t long_step_ns = 4'000'000;
constexpr std::uint64_t short_step_ns = 1'000'000;

}  // namespace

std::uint64_t posix_wall::now_ns() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since_start).count());
}

bool posix_wall::wait(std::span<const int> files, std::uint64_t timeout_ns) {
  std::vector<pollfd> polled;
  polled.reserve(files.size());
  for (const int file : files) polled.push_back({.fd = file, .events = POLLIN, .revents = 0});
  constexpr std::uint64_t ns_per_s = 1'000'000'000;
  const timespec timeout{.tv_sec = static_cast<std::time_t>(timeout_ns / ns_per_s),
                         .tv_nsec = static_cast<long>(timeout_ns % ns_per_s)};
  // A signal ends the wait early, which is welcome: it may have set the stop flag.
  if (ppoll(polled.data(), polled.size(), &timeout, nullptr) <= 0) return false;
  const bool readable =
      std::any_of(polled.begin(), polled.end(), [](const pollfd& one) { return one.revents & POLLIN; });
  // A file that is only broken (its network device was removed) is never waited for again: do not spin on it.
  if (!readable) ppoll(nullptr, 0, &timeout, nullptr);
  return true;
}

void paced_run::add_input(int file, std::function<void()> on_readable) {
  files_.push_back(file);
  on_readable_.push_back(std::move(on_readable));
}

std::uint64_t paced_run::wall_elapsed_ps() { return (world_.now_ns() - wall_start_ns_) * ps_per_ns; }

std::uint64_t paced_run::simulated_elapsed_ps() const { return to_ps(sc_core::sc_time_stamp() - simulated_start_); }

paced_end paced_run::run(sc_core::sc_time duration, const std::atomic<bool>& stop, const std::function<bool()>& done) {
  wall_start_ns_ = world_.now_ns();
  simulated_start_ = sc_core::sc_time_stamp();
  slice_ps_ = longest_slice_ps;
  const std::uint64_t end_ps = to_ps(duration);
  // Elaborates if nothing has started yet.
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  run_current_time();
  for (;;) {
    if (sc_core::sc_end_of_simulation_invoked() || sc_core::sc_get_status() == sc_core::SC_STOPPED)
      return paced_end::simulation_stopped;
    if (stop) return paced_end::stop_requested;
    if (done && done()) return paced_end::done;
    if (simulated_elapsed_ps() >= end_ps) return paced_end::duration_over;
    const bool readable = world_.wait(files_, sleep_ns(end_ps));
    step(end_ps);
    if (!readable || sc_core::sc_get_status() == sc_core::SC_STOPPED) continue;
    for (const auto& handler : on_readable_) handler();
  }
}

/// How long nothing is to be done: until the wall clock reaches the next event, the end, or the slice.
std::uint64_t paced_run::sleep_ns(std::uint64_t end_ps) {
  const std::uint64_t simulated_ps = simulated_elapsed_ps();
  const std::uint64_t to_next_event_ps = to_ps(sc_core::sc_time_to_pending_activity());
  const std::uint64_t wake_ps = simulated_ps + std::min({to_next_event_ps, slice_ps_, end_ps - simulated_ps});
  const std::uint64_t wall_ps = wall_elapsed_ps();
  return wake_ps > wall_ps ? (wake_ps - wall_ps + ps_per_ns - 1) / ps_per_ns : 0;
}

void paced_run::step(std::uint64_t end_ps) {
  const std::uint64_t began_ps = wall_elapsed_ps();
  const std::uint64_t simulated_ps = simulated_elapsed_ps();
  const std::uint64_t target_ps = std::min({began_ps, end_ps, simulated_ps + slice_ps_});
  if (target_ps > simulated_ps) sc_core::sc_start(from_ps(target_ps - simulated_ps));
  run_current_time();
  const std::uint64_t ended_ps = wall_elapsed_ps();
  const std::uint64_t reached_ps = simulated_elapsed_ps();
  behind_ns_ = ended_ps > reached_ps ? (ended_ps - reached_ps) / ps_per_ns : 0;
  most_behind_ns_ = std::max(most_behind_ns_, behind_ns_);
  adapt_slice((ended_ps - began_ps) / ps_per_ns);
}

/// sc_start(duration) ends before the processes of its last moment have run; sc_start(0) runs one delta cycle.
void paced_run::run_current_time() {
  while (sc_core::sc_get_status() != sc_core::SC_STOPPED && sc_core::sc_pending_activity_at_current_time())
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

void paced_run::adapt_slice(std::uint64_t took_ns) {
  if (took_ns > long_step_ns)
    slice_ps_ = std::max(slice_ps_ / 2, shortest_slice_ps);
  else if (took_ns < short_step_ns)
    slice_ps_ = std::min(slice_ps_ * 2, longest_slice_ps);
}

}  // namespace fourtuple::model::sim
