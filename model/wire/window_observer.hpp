// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/sim/time.hpp"
#include "model/wire/wire_observer.hpp"

namespace fourtuple::model::wire {

/// Passes on the frames whose start lies in a window of time: `from_ps` or later, and before `until_ps`.
class window_observer final : public wire_observer {
 public:
  /// `observer` outlives this.
  window_observer(wire_observer& observer, std::uint64_t from_ps, std::uint64_t until_ps)
      : observer_(observer), from_ps_(from_ps), until_ps_(until_ps) {}

  void on_frame(const wire_event& event) override {
    const std::uint64_t start_ps = sim::to_ps(event.start);
    if (start_ps >= from_ps_ && start_ps < until_ps_) observer_.on_frame(event);
  }

 private:
  wire_observer& observer_;
  std::uint64_t from_ps_;
  std::uint64_t until_ps_;
};

}  // namespace fourtuple::model::wire
