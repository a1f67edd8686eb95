// SPDX-License-Identifier: Apache-2.0
#include "model/host/simulated_threading.hpp"

#include "host/base/clock.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::host {
namespace {

/// The last picosecond number that is a whole number of nanoseconds; no simulation gets there (213 days).
constexpr std::uint64_t last_ns = ~std::uint64_t{0} / 1'000;

class simulated_wait_queue final : public base::wait_queue {
 public:
  bool wait_until(std::uint64_t deadline_ns) override {
    const std::uint64_t wake_ups_before = wake_ups_;
    if (deadline_ns > last_ns) {
      sc_core::wait(woken_);
      return true;
    }
    const sc_core::sc_time deadline = sim::from_ns(deadline_ns);
    if (sim::until(deadline) == sc_core::SC_ZERO_TIME) return false;
    sc_core::wait(sim::until(deadline), woken_);
    if (wake_ups_ != wake_ups_before || sc_core::sc_time_stamp() < deadline) return true;
    sc_core::wait(sc_core::SC_ZERO_TIME);
    return wake_ups_ != wake_ups_before;
  }

  void wake_all() noexcept override {
    ++wake_ups_;
    woken_.notify(sc_core::SC_ZERO_TIME);
  }

 private:
  sc_core::sc_event woken_;
  std::uint64_t wake_ups_ = 0;
};

}  // namespace

std::unique_ptr<base::wait_queue> simulated_threading::make_wait_queue() {
  return std::make_unique<simulated_wait_queue>();
}

void sleep_until(std::uint64_t time_ns) {
  const sc_core::sc_time left = sim::until(sim::from_ns(time_ns));
  if (left == sc_core::SC_ZERO_TIME) return;
  sc_core::wait(left);
  sc_core::wait(sc_core::SC_ZERO_TIME);
}

}  // namespace fourtuple::model::host
