// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>

#include "host/base/threading.hpp"

namespace fourtuple::model::host {

/// SC_THREADs as a host's threads. They are cooperative, so the stack's lock needs no doing: a thread that does not
/// wait is not interrupted.
///
/// Hardware first: what the models do at a time, they do in its first delta cycle (see root_complex). Here every wait
/// ends in a later one, be it by wake-up or by deadline, so that software always sees all that hardware did by then,
/// whatever order the kernel runs processes in.
class simulated_threading final : public base::threading {
 public:
  void lock() override {}
  void unlock() noexcept override {}
  /// Its wait_until() may be called only from an SC_THREAD.
  [[nodiscard]] std::unique_ptr<base::wait_queue> make_wait_queue() override;
};

/// Sleeps until now_ns() of simulated_clock is `time_ns`; not at all if it is that already. Only from an SC_THREAD.
void sleep_until(std::uint64_t time_ns);

}  // namespace fourtuple::model::host
