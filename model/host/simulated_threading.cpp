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
  explicit simulated_wait_queue(processor* cpu) : cpu_(cpu) {}

  bool wait_until(std::uint64_t deadline_ns) override {
    const bool woken = sleep_until_woken(deadline_ns);
    if (cpu_ != nullptr) cpu_->acquire();
    return woken;
  }

  void wake_all() noexcept override {
    ++wake_ups_;
    woken_.notify(sc_core::SC_ZERO_TIME);
  }

 private:
  bool sleep_until_woken(std::uint64_t deadline_ns) {
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

  processor* cpu_;
  sc_core::sc_event woken_;
  std::uint64_t wake_ups_ = 0;
};

// What is destroyed after a run closes its sockets, and takes no time for it.
bool in_simulated_thread() {
  return sc_core::sc_get_status() == sc_core::SC_RUNNING &&
         sc_core::sc_get_current_process_handle().proc_kind() == sc_core::SC_THREAD_PROC_;
}

}  // namespace

void simulated_threading::lock() {
  if (cpu_ == nullptr || !in_simulated_thread()) return;
  cpu_->acquire();
  cpu_->charge(call_ns_);
}

void simulated_threading::unlock() noexcept {
  if (cpu_ != nullptr && in_simulated_thread()) cpu_->settle();
}

std::unique_ptr<base::wait_queue> simulated_threading::make_wait_queue() {
  return std::make_unique<simulated_wait_queue>(cpu_);
}

void sleep_until(std::uint64_t time_ns) {
  const sc_core::sc_time left = sim::until(sim::from_ns(time_ns));
  if (left == sc_core::SC_ZERO_TIME) return;
  sc_core::wait(left);
  sc_core::wait(sc_core::SC_ZERO_TIME);
}

}  // namespace fourtuple::model::host
