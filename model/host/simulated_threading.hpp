// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>

#include "host/base/threading.hpp"
#include "model/host/processor.hpp"

namespace fourtuple::model::host {

/// SC_THREADs as a host's threads. They are cooperative, so the stack's lock needs no doing: a thread that does not
/// wait is not interrupted.
///
/// Hardware first: what the models do at a time, they do in its first delta cycle (see root_complex). Here every wait
/// ends in a later one, be it by wake-up or by deadline, so that software always sees all that hardware did by then,
/// whatever order the kernel runs processes in.
///
/// With a processor, a call takes time: a thread waits for its turn before it is in the stack, and for the time it was
/// charged for before it is out again.
class simulated_threading final : public base::threading {
 public:
  /// `cpu` outlives this; nullptr: what threads do takes no time. `call_ns` is charged for each lock().
  explicit simulated_threading(processor* cpu = nullptr, std::uint64_t call_ns = 0) : cpu_(cpu), call_ns_(call_ns) {}
  void lock() override;
  void unlock() noexcept override;
  /// Its wait_until() may be called only from an SC_THREAD.
  [[nodiscard]] std::unique_ptr<base::wait_queue> make_wait_queue() override;

 private:
  processor* cpu_;
  std::uint64_t call_ns_;
};

/// Sleeps until now_ns() of simulated_clock is `time_ns`; not at all if it is that already. Only from an SC_THREAD.
void sleep_until(std::uint64_t time_ns);

}  // namespace fourtuple::model::host
