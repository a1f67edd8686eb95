// SPDX-License-Identifier: Apache-2.0
#include "model/observe/timeline.hpp"

#include <systemc>
#include <tuple>
#include <utility>

#include "model/sim/time.hpp"

namespace fourtuple::model::observe {

bool timeline::later::operator()(const event& a, const event& b) const noexcept {
  return std::tie(a.time_ps, a.lane, a.sequence) > std::tie(b.time_ps, b.lane, b.sequence);
}

std::uint32_t timeline::add_lane(lane_description lane) {
  lanes_.push_back(std::move(lane));
  sequences_.push_back(0);
  return static_cast<std::uint32_t>(lanes_.size() - 1);
}

void timeline::release() {
  const std::uint64_t now_ps = sim::to_ps(sc_core::sc_time_stamp());
  while (!waiting_.empty() && waiting_.top().time_ps < now_ps) {
    const event next = waiting_.top();
    waiting_.pop();
    for (const consumer& each : consumers_) each(next);
  }
}

}  // namespace fourtuple::model::observe
