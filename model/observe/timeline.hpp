// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "model/observe/event.hpp"

namespace fourtuple::model::observe {

/// Which part of a run a lane speaks for.
enum class layer : std::uint8_t { host, nic, wire };

struct lane_description {
  std::string host;  ///< Whose host or NIC it is; of a wire: who sends.
  layer part = layer::host;
};

/// Brings what the taps of a run tell into one order.
///
/// Taps tell early: senders run ahead of the kernel. Nobody tells of what is past, so an event is handed on once the
/// kernel's time is behind it. What lies in the future when a run ends did not happen.
class timeline {
 public:
  using consumer = std::function<void(const event&)>;

  /// Before the run. The order of the calls decides between events of the same picosecond.
  [[nodiscard]] std::uint32_t add_lane(lane_description lane);
  [[nodiscard]] const lane_description& lane(std::uint32_t number) const { return lanes_.at(number); }
  [[nodiscard]] std::size_t lanes() const noexcept { return lanes_.size(); }

  /// Called in the order of registration for each event.
  void add_consumer(consumer on_event) { consumers_.push_back(std::move(on_event)); }

  template <typename Body>
  void post(std::uint32_t lane, std::uint64_t time_ps, Body&& body) {
    waiting_.push(
        event{.time_ps = time_ps, .lane = lane, .sequence = sequences_[lane]++, .body = std::forward<Body>(body)});
    release();
  }

  /// Hands on what the kernel's time is behind of: at the end of a run, or to look in between.
  void release();

 private:
  struct later {
    bool operator()(const event& a, const event& b) const noexcept;
  };
  std::vector<lane_description> lanes_;
  std::vector<std::uint64_t> sequences_;
  std::vector<consumer> consumers_;
  std::priority_queue<event, std::vector<event>, later> waiting_;
};

}  // namespace fourtuple::model::observe
