// SPDX-License-Identifier: Apache-2.0
#include "model/host/processor.hpp"

#include <algorithm>

#include "model/sim/time.hpp"

namespace fourtuple::model::host {

sc_core::sc_time processor::ahead() const { return sim::until(free_at_); }

void processor::charge(std::uint64_t time_ns) {
  if (time_ns == 0) return;
  free_at_ = std::max(free_at_, sc_core::sc_time_stamp()) + sim::from_ns(time_ns);
  busy_ns_ += time_ns;
}

void processor::acquire() {
  if (waiting_.empty() && ahead() == sc_core::SC_ZERO_TIME) return;
  sc_core::sc_event turn;
  waiting_.push_back(&turn);
  for (;;) {
    if (waiting_.front() == &turn && ahead() == sc_core::SC_ZERO_TIME) {
      // Not in the first delta cycle of a time, which is the hardware's.
      sc_core::wait(sc_core::SC_ZERO_TIME);
      if (ahead() == sc_core::SC_ZERO_TIME) break;
    }
    if (waiting_.front() == &turn) turn.notify(ahead());
    sc_core::wait(turn);
  }
  waiting_.pop_front();
  // In the next delta cycle, when this step has been charged for.
  if (!waiting_.empty()) waiting_.front()->notify(sc_core::SC_ZERO_TIME);
}

void processor::settle() {
  const sc_core::sc_time left = ahead();
  if (left == sc_core::SC_ZERO_TIME) return;
  sc_core::wait(left);
  sc_core::wait(sc_core::SC_ZERO_TIME);
}

}  // namespace fourtuple::model::host
