// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "host/base/clock.hpp"

namespace fourtuple::base {

class timer_wheel;

/// One timer, a member of the object that it serves (Linux: timer_list). Disarmed when made and when destroyed.
class timer {
 public:
  using callback = void (*)(timer&) noexcept;

  /// `on_expiry` gets the timer back; the owner is found from its address or in a derived class.
  explicit timer(callback on_expiry) noexcept : on_expiry_(on_expiry) {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  ~timer();

  [[nodiscard]] bool pending() const noexcept { return wheel_ != nullptr; }
  [[nodiscard]] std::uint64_t expires_ns() const noexcept { return expires_ns_; }

 private:
  friend class timer_wheel;
  callback on_expiry_;
  timer_wheel* wheel_ = nullptr;
  timer* next_ = nullptr;
  timer** previous_next_ = nullptr;
  std::uint64_t expires_ns_ = 0;
};

/// All timers of one stack: a hierarchical wheel, so that arming, rearming and disarming cost the same for one
/// timer and for a million. Timers fire at their exact time, in order of expiry, then of arming.
///
/// Ownership: timers are not owned. Threads: one at a time.
class timer_wheel {
 public:
  explicit timer_wheel(std::uint64_t now_ns);
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;
  /// Disarms whatever is still armed.
  ~timer_wheel();

  /// Arms `t` for `expires_ns`, whether it was armed or not (Linux: mod_timer). A time in the past fires at the next
  /// advance(), or in this one if it is under way. never_ns disarms.
  void arm(timer& t, std::uint64_t expires_ns) noexcept;
  void disarm(timer& t) noexcept;

  /// Fires everything that expires at or before `now_ns`. Callbacks may arm and disarm any timer, themselves included,
  /// and may destroy their own.
  void advance(std::uint64_t now_ns) noexcept;

  /// The earliest expiry, exactly; never_ns if nothing is armed. Costs nothing unless the earliest timer was disarmed
  /// or put off: then one slot is searched.
  [[nodiscard]] std::uint64_t next_expiry_ns() const noexcept;

 private:
  struct levels;
  void place(timer& t) noexcept;
  void move_to(std::uint64_t time_ns) noexcept;

  std::unique_ptr<levels> levels_;
};

}  // namespace fourtuple::base
