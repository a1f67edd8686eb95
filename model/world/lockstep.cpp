// SPDX-License-Identifier: Apache-2.0
#include "model/world/lockstep.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "model/sim/time.hpp"

namespace fourtuple::model::world {
namespace {

// Between two looks at programs that run.
constexpr std::uint64_t look_again_ns = 50'000;
// Nothing but a new program or a request can end such a wait.
constexpr std::uint64_t idle_ns = 100 * base::ns_per_ms;
// Stop requests are looked for so often in simulated time; long, for idle simulations are left out.
constexpr std::uint64_t longest_advance_ns = base::ns_per_s;

void run_current_time() {
  while (sc_core::sc_get_status() != sc_core::SC_STOPPED && sc_core::sc_pending_activity_at_current_time())
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

}  // namespace

lockstep::lockstep(programs::control_server& server, base::clock& clock, programs::shared_clock& shared,
                   sim::wall& wall, std::function<void()> serve, std::uint64_t start_after)
    : server_(server),
      clock_(clock),
      shared_(shared),
      wall_(wall),
      serve_(std::move(serve)),
      start_after_(start_after) {}

void lockstep::run(const std::atomic<bool>& stop, const std::function<bool()>& done) {
  const std::array<int, 1> files{server_.file()};
  while (!stop && !(done && done())) {
    while (wall_.wait(files, 0)) {
      serve_();
      run_current_time();
    }
    run_current_time();
    if (server_.attached().empty() || server_.attached_ever() < start_after_) {
      wall_.wait(files, idle_ns);
    } else if (!programs_sleep()) {
      wall_.wait(files, look_again_ns);
    } else {
      advance();
    }
  }
}

bool lockstep::programs_sleep() {
  const std::vector<pid_t> roots = server_.attached();
  if (!threads_.all_asleep(roots)) return false;
  // What they said before they fell asleep has to be heard first.
  const std::array<int, 1> files{server_.file()};
  return !wall_.wait(files, 0);
}

// To the next moment at which a program is woken: sc_pause() ends sc_start() there, see world.
void lockstep::advance() {
  const std::uint64_t now_ns = clock_.now_ns();
  const std::uint64_t wake_up_ns = server_.next_wake_up_ns();
  const std::uint64_t until_ns = std::min(wake_up_ns, now_ns + longest_advance_ns);
  if (until_ns > now_ns) {
    if (!sc_core::sc_pending_activity() && wake_up_ns == base::never_ns) {
      const std::array<int, 1> files{server_.file()};
      wall_.wait(files, idle_ns);
      return;
    }
    const sc_core::sc_time target = sim::from_ns(until_ns);
    sc_core::sc_start(target - sc_core::sc_time_stamp(), sc_core::SC_RUN_TO_TIME);
    run_current_time();
  }
  shared_.set(clock_.now_ns());
  if (clock_.now_ns() >= wake_up_ns) server_.wake_sleepers();
}

}  // namespace fourtuple::model::world
