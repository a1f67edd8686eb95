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

  [[nodiscard]] bool pending() const noexcept { return expires_ns_ != never_ns; }
  /// never_ns if it is not pending.
  [[nodiscard]] std::uint64_t expires_ns() const noexcept { return expires_ns_; }

 private:
  friend class timer_wheel;
  struct list;
  callback on_expiry_;
  list* list_ = nullptr;  ///< Where it is linked, which it may be though it was disarmed.
  timer* next_ = nullptr;
  timer** previous_next_ = nullptr;
  std::uint64_t expires_ns_ = never_ns;
  std::uint32_t arming_ = 0;  ///< Which arming of the wheel this was; differences count, for it wraps.
};

/// All timers of one stack: a hierarchical wheel, so that arming, rearming and disarming cost the same for one
/// timer and for a million. Timers fire at their exact time, in order of expiry, then of arming.
///
/// A connection puts its timers off or disarms them with nearly every segment, and they hardly ever fire. So a timer
/// that is put off or disarmed stays where it is linked until the wheel comes by there and sees (Linux:
/// inet_csk_clear_xmit_timer only takes a note, and tcp_write_timer_handler starts a timer that fired too early anew).
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

  /// Fires everything that expires at or before `now_ns`; costs a comparison if it is known that nothing does.
  /// Callbacks may arm and disarm any timer, themselves included, and may destroy their own. False if nothing fired.
  bool advance(std::uint64_t now_ns) noexcept { return now_ns >= quiet_until_ns_ && expire(now_ns); }

  /// The earliest expiry, exactly; never_ns if nothing is armed. Costs nothing unless the earliest timer was disarmed
  /// or put off: then one slot is searched.
  [[nodiscard]] std::uint64_t next_expiry_ns() const noexcept;

 private:
  friend class timer;
  struct levels;
  bool expire(std::uint64_t now_ns) noexcept;
  void place(timer& t) const noexcept;
  static void unlink(timer& t) noexcept;
  void move_to(std::uint64_t time_ns) noexcept;
  void tidy(timer::list& slot) const noexcept;

  std::uint64_t quiet_until_ns_ = never_ns;  ///< Nothing expires before this time.
  std::unique_ptr<levels> levels_;
};

}  // namespace fourtuple::base
