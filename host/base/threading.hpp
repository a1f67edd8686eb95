// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

namespace fourtuple::base {

/// Where threads of an application sleep until the stack wakes them (Linux: wait_queue_head_t).
///
/// Used with the stack's lock held. A wake-up may be spurious: callers loop over their condition.
class wait_queue {
 public:
  wait_queue() = default;
  wait_queue(const wait_queue&) = delete;
  wait_queue& operator=(const wait_queue&) = delete;
  virtual ~wait_queue() = default;

  /// Gives up the stack's lock, sleeps until a wake-up or `deadline_ns` (clock::now_ns; never_ns: no limit), takes
  /// the lock again. False if the deadline passed.
  virtual bool wait_until(std::uint64_t deadline_ns) = 0;

  /// Wakes all who sleep here. Does not sleep or switch threads by itself.
  virtual void wake_all() noexcept = 0;
};

/// How the application's threads and the stack share one processor at a time: the stack's lock, and its wait queues.
///
/// In a SystemC simulation threads are cooperative: lock() does nothing, and a wait queue is an sc_event. In a program
/// it is a mutex with condition variables.
class threading {
 public:
  threading() = default;
  threading(const threading&) = delete;
  threading& operator=(const threading&) = delete;
  virtual ~threading() = default;

  virtual void lock() = 0;
  virtual void unlock() noexcept = 0;
  [[nodiscard]] virtual std::unique_ptr<wait_queue> make_wait_queue() = 0;
};

}  // namespace fourtuple::base
