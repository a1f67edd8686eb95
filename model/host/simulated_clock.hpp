// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/clock.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::host {

/// The kernel's time, rounded down to a nanosecond.
class simulated_clock final : public base::clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return sim::to_ns(sc_core::sc_time_stamp()); }
};

}  // namespace fourtuple::model::host
