// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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
  // These mean something only while it is linked: a sock is made with three timers, and hardly uses them all.
  timer* next_;
  timer** previous_next_;
  std::uint64_t expires_ns_ = never_ns;
  std::uint32_t arming_;  ///< Which arming of the wheel this was; differences count, for it wraps.
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
  bool advance(std::uint64_t now_ns) noexcept {
    if (now_ns < quiet_until_ns_) [[likely]]
      return false;
    return expire(now_ns);
  }

  /// The earliest expiry, exactly; never_ns if nothing is armed. Costs nothing unless the earliest timer was disarmed
  /// or put off: then one slot is searched.
  [[nodiscard]] std::uint64_t next_expiry_ns() const noexcept;

 private:
  friend class timer;
  struct levels;
  [[gnu::noinline]] bool expire(std::uint64_t now_ns) noexcept;
  void note_arming(timer& t, std::uint64_t expires_ns) noexcept;
  /// arm() for a timer that does not stay where it is.
  void link(timer& t, std::uint64_t expires_ns) noexcept;
  void place(timer& t) const noexcept;
  [[gnu::noinline]] void place_due(timer& t) const noexcept;
  static void unlink(timer& t) noexcept;
  void move_to(std::uint64_t time_ns) noexcept;
  [[nodiscard]] timer& first_of_slot(std::uint64_t next_ns) noexcept;
  void tidy(timer::list& slot) const noexcept;

  std::uint64_t quiet_until_ns_ = never_ns;  ///< Nothing expires before this time.
  std::uint32_t armings_ = 0;
  std::unique_ptr<levels> levels_;
};

/// Timers in a row, each linked from the one before it: a slot of the wheel, or those that are due.
struct timer::list {
  timer* first = nullptr;
  timer** end = &first;
  /// A slot that is not empty: none of its armed timers expires earlier. What is due: none expires later.
  std::uint64_t bound_ns = never_ns;
  /// A slot: whose expiry bound_ns was. If it still is, that is the earliest.
  const timer* earliest = nullptr;
  /// A slot that is not empty: none of its timers is looked at before this time. What is due: never_ns, since a timer
  /// that is put off does not stay there.
  std::uint64_t start_ns = 0;
  timer_wheel::levels* wheel = nullptr;
  std::uint32_t bound_arming = 0;  ///< What is due: of those as late as bound_ns none was armed later.
  std::uint8_t level = 0;
  std::uint8_t slot = 0;

  [[nodiscard]] bool empty() const noexcept { return first == nullptr; }
};

[[gnu::always_inline]] inline void timer_wheel::note_arming(timer& t, std::uint64_t expires_ns) noexcept {
  t.expires_ns_ = expires_ns;
  t.arming_ = armings_++;
}

// In line, since there are four of these in every exchange of two segments.
[[gnu::always_inline]] inline void timer_wheel::arm(timer& t, std::uint64_t expires_ns) noexcept {
  timer::list* slot = t.list_;
  if (slot == nullptr || expires_ns < slot->start_ns) [[unlikely]] {
    link(t, expires_ns);
    return;
  }
  if (expires_ns < slot->bound_ns) {
    slot->bound_ns = expires_ns;
    slot->earliest = &t;
    quiet_until_ns_ = std::min(quiet_until_ns_, expires_ns);  // Which is not beyond the bound of any slot.
  }
  note_arming(t, expires_ns);
}

[[gnu::always_inline]] inline void timer_wheel::disarm(timer& t) noexcept { t.expires_ns_ = never_ns; }

}  // namespace fourtuple::base
