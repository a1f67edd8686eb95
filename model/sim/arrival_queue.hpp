// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <systemc>
#include <utility>
#include <vector>

#include "model/sim/time.hpp"

namespace fourtuple::model::sim {

/// Things that will have arrived at a known time, taken out in that order (equal times: in the order of push).
///
/// Receivers of annotated transactions use it: whatever time the kernel shows when a sender calls, the
/// receiver sees arrivals in the order of their times. That makes results independent of who runs ahead of whom.
///
/// A consumer that waits for changed() pops until it gets nothing: that pop arms changed() for what is still to come.
template <typename T>
class arrival_queue {
 public:
  /// Notified at the earliest arrival. May also be notified when nothing has arrived.
  [[nodiscard]] const sc_core::sc_event& changed() const noexcept { return changed_; }

  void push(T item, sc_core::sc_time arrival) {
    const bool first = entries_.empty() || arrival < entries_.top().arrival;
    entries_.push(entry{arrival, sequence_++, std::move(item)});
    if (first) changed_.notify(until(arrival));
  }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// The earliest arrival. Not on an empty queue.
  [[nodiscard]] sc_core::sc_time next_arrival() const { return entries_.top().arrival; }
  /// The earliest item if it has arrived by `now`.
  [[nodiscard]] std::optional<T> pop(sc_core::sc_time now) {
    if (entries_.empty()) return std::nullopt;
    if (entries_.top().arrival > now) {
      // An sc_event keeps the earlier of two notifications: this does no harm to one that is pending.
      changed_.notify(until(entries_.top().arrival));
      return std::nullopt;
    }
    // priority_queue shows its top only as const; the entry is removed right after the move.
    T item = std::move(const_cast<entry&>(entries_.top()).item);
    entries_.pop();
    return item;
  }

 private:
  struct entry {
    sc_core::sc_time arrival;
    std::uint64_t sequence;
    T item;
    bool operator>(const entry& other) const {
      return arrival != other.arrival ? arrival > other.arrival : sequence > other.sequence;
    }
  };
  std::priority_queue<entry, std::vector<entry>, std::greater<>> entries_;
  std::uint64_t sequence_ = 0;
  sc_core::sc_event changed_;
};

}  // namespace fourtuple::model::sim
