// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>

namespace fourtuple::model::host {

/// One processor core's time: what its threads do one after the other, each step taking what it is charged for.
///
/// A step is what a thread does between two waits. It begins with acquire(), which waits until what was charged before
/// is over, first come first served; everything in it happens at once, and each charge() makes it longer. What leaves
/// the processor in the middle of a step leaves ahead() from now. settle() ends a step: it waits until the time that
/// was charged has passed.
///
/// Who never charges never waits, and the order of processes is as without a processor.
class processor {
 public:
  processor() = default;
  processor(const processor&) = delete;
  processor& operator=(const processor&) = delete;

  /// Only from an SC_THREAD.
  void acquire();
  void settle();
  void charge(std::uint64_t time_ns);
  /// How far the step has come beyond the kernel's time.
  [[nodiscard]] sc_core::sc_time ahead() const;

  /// All that was charged.
  [[nodiscard]] std::uint64_t busy_ns() const noexcept { return busy_ns_; }

 private:
  sc_core::sc_time free_at_;
  std::uint64_t busy_ns_ = 0;
  std::deque<sc_core::sc_event*> waiting_;  ///< They live in acquire().
};

}  // namespace fourtuple::model::host
