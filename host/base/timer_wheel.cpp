// SPDX-License-Identifier: Apache-2.0
#include "host/base/timer_wheel.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace fourtuple::base {

/// Time is read as a number of eleven digits of six bits. A timer waits at the level of the highest digit in which its
/// expiry differs from `current_ns`, in the slot of its own digit there: so each level holds later timers than those
/// below it, and within a level lower slots come first. When time moves on, the only slot whose timers' places change
/// is that of the new time's digit at the highest level where the digit changed: everything below was due before. A
/// timer moves down at most ten times, and timers that are equally late fire in the order in which they were armed.
///
/// A timer that is put off keeps its place, as does one that is disarmed: both are later than the slot says. Whoever
/// wants to know the earliest expiry of a slot tidies it, if the timer that had it has another by now; that moves them
/// to where they belong.
struct timer_wheel::levels {
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned digits = 11;
  static constexpr std::size_t slots = std::size_t{1} << digit_bits;

  struct level {
    std::uint64_t occupied = 0;
    std::array<timer::list, slots> slot{};
  };

  explicit levels(std::uint64_t now_ns) noexcept : current_ns(now_ns) {
    due.wheel = this;
    due.start_ns = never_ns;
    for (unsigned l = 0; l < digits; ++l) {
      for (unsigned s = 0; s < slots; ++s) {
        timer::list& list = level_of[l].slot[s];
        list.wheel = this;
        list.level = static_cast<std::uint8_t>(l);
        list.slot = static_cast<std::uint8_t>(s);
      }
    }
  }

  [[nodiscard]] static unsigned digit(std::uint64_t time_ns, unsigned of_level) noexcept {
    return static_cast<unsigned>(time_ns >> (digit_bits * of_level)) & (slots - 1);
  }
  /// `expires_ns` is later than current_ns.
  [[nodiscard]] timer::list& slot_of(std::uint64_t expires_ns) noexcept {
    const auto highest_bit = static_cast<unsigned>(std::bit_width(expires_ns ^ current_ns)) - 1;
    const unsigned l = highest_bit / digit_bits;
    return level_of[l].slot[digit(expires_ns, l)];
  }
  /// The slot whose timers come first, or nullptr.
  [[nodiscard]] timer::list* first_slot() noexcept {
    if (occupied_levels == 0) return nullptr;
    level& lowest = level_of[static_cast<std::size_t>(std::countr_zero(occupied_levels))];
    return &lowest.slot[static_cast<std::size_t>(std::countr_zero(lowest.occupied))];
  }
  void set_empty(const timer::list& slot) noexcept {
    level& of = level_of[slot.level];
    of.occupied &= ~(std::uint64_t{1} << slot.slot);
    if (of.occupied == 0) occupied_levels &= ~(std::uint32_t{1} << slot.level);
  }

  std::uint64_t current_ns;
  std::uint32_t occupied_levels = 0;
  timer::list due;  ///< Expiry at or before current_ns, earliest first, and some that were disarmed there.
  std::array<level, digits> level_of{};
};

timer::~timer() {
  if (list_ != nullptr) timer_wheel::unlink(*this);
}

timer_wheel::timer_wheel(std::uint64_t now_ns) : levels_(std::make_unique<levels>(now_ns)) {}

timer_wheel::~timer_wheel() {
  const auto unlink_all = [](timer::list& list) {
    while (!list.empty()) {
      list.first->expires_ns_ = never_ns;
      unlink(*list.first);
    }
  };
  unlink_all(levels_->due);
  for (auto& level : levels_->level_of) std::for_each(level.slot.begin(), level.slot.end(), unlink_all);
}

void timer_wheel::link(timer& t, std::uint64_t expires_ns) noexcept {
  if (t.list_ != nullptr) unlink(t);
  note_arming(t, expires_ns);
  if (expires_ns == never_ns) return;
  quiet_until_ns_ = std::min(quiet_until_ns_, expires_ns);
  place(t);
}

/// `t` is armed and not linked.
void timer_wheel::place(timer& t) const noexcept {
  levels& w = *levels_;
  if (t.expires_ns_ <= w.current_ns) [[unlikely]] {
    place_due(t);
    return;
  }
  timer::list& list = w.slot_of(t.expires_ns_);
  if (list.empty()) {
    const unsigned shift = levels::digit_bits * list.level;
    list.start_ns = t.expires_ns_ >> shift << shift;
    list.bound_ns = t.expires_ns_;
    list.earliest = &t;
    w.level_of[list.level].occupied |= std::uint64_t{1} << list.slot;
    w.occupied_levels |= std::uint32_t{1} << list.level;
  } else if (t.expires_ns_ < list.bound_ns) {
    list.bound_ns = t.expires_ns_;
    list.earliest = &t;
  }
  t.list_ = &list;
  t.previous_next_ = list.end;
  t.next_ = nullptr;
  *list.end = &t;
  list.end = &t.next_;
}

/// Behind those that are due no later than it, or not armed any more.
void timer_wheel::place_due(timer& t) const noexcept {
  timer::list& list = levels_->due;
  timer** where = list.end;
  const auto is_behind = [&t](std::uint64_t expires_ns, std::uint32_t arming) {
    if (t.expires_ns_ != expires_ns) return t.expires_ns_ > expires_ns;
    return static_cast<std::int32_t>(t.arming_ - arming) > 0;
  };
  if (!list.empty() && !is_behind(list.bound_ns, list.bound_arming)) {
    where = &list.first;
    while (*where != nullptr && (!(*where)->pending() || is_behind((*where)->expires_ns_, (*where)->arming_))) {
      where = &(*where)->next_;
    }
  }
  if (*where == nullptr) {
    list.bound_ns = t.expires_ns_;
    list.bound_arming = t.arming_;
  }
  t.list_ = &list;
  t.previous_next_ = where;
  t.next_ = *where;
  *where = &t;
  if (t.next_ != nullptr) {
    t.next_->previous_next_ = &t.next_;
  } else {
    list.end = &t.next_;
  }
}

void timer_wheel::unlink(timer& t) noexcept {
  // That its list has another first one after this, the analyzer does not see.
  timer::list& list = *t.list_;  // NOLINT(clang-analyzer-core.NullDereference)
  *t.previous_next_ = t.next_;
  if (t.next_ != nullptr) {
    t.next_->previous_next_ = t.previous_next_;
  } else {
    list.end = t.previous_next_;
  }
  t.list_ = nullptr;
  if (list.start_ns == never_ns) return;  // What is due: still none is later.
  if (list.earliest == &t) list.earliest = nullptr;
  if (list.empty()) list.wheel->set_empty(list);
}

/// Takes the disarmed ones out of a slot, and those that were put off beyond it; then its bound is known, unless it is
/// empty.
void timer_wheel::tidy(timer::list& slot) const noexcept {
  const std::uint64_t width_minus_one = (std::uint64_t{1} << (levels::digit_bits * slot.level)) - 1;
  const std::uint64_t last_ns = slot.start_ns | width_minus_one;
  std::uint64_t bound_ns = never_ns;
  const timer* earliest = nullptr;
  for (timer *t = slot.first, *next = nullptr; t != nullptr; t = next) {
    next = t->next_;
    if (t->expires_ns_ <= last_ns) {
      if (t->expires_ns_ < bound_ns) {
        bound_ns = t->expires_ns_;
        earliest = t;
      }
      continue;
    }
    unlink(*t);
    if (t->pending()) place(*t);
  }
  slot.bound_ns = bound_ns;
  slot.earliest = earliest;
}

void timer_wheel::move_to(std::uint64_t time_ns) noexcept {
  levels& w = *levels_;
  if (time_ns <= w.current_ns) return;
  timer::list& list = w.slot_of(time_ns);
  w.current_ns = time_ns;
  timer* t = list.first;
  if (t == nullptr) return;
  list.first = nullptr;
  list.end = &list.first;
  w.set_empty(list);
  while (t != nullptr) {
    timer* next = t->next_;
    t->list_ = nullptr;
    if (t->pending()) place(*t);
    t = next;
  }
}

/// Moves to `next_ns`, the earliest expiry, when nothing is due before; the first timer that is due then.
timer& timer_wheel::first_of_slot(std::uint64_t next_ns) noexcept {
  levels& w = *levels_;
  timer::list& slot = *w.first_slot();
  // Often it is alone, and need not be put among those that are due.
  if (slot.first->next_ == nullptr && slot.first->expires_ns_ == next_ns) {
    w.current_ns = next_ns;
    return *slot.first;
  }
  move_to(next_ns);
  return *w.due.first;
}

bool timer_wheel::expire(std::uint64_t now_ns) noexcept {
  levels& w = *levels_;
  bool fired = false;
  std::uint64_t next = next_expiry_ns();
  for (; next != never_ns && next <= now_ns; next = next_expiry_ns()) {
    timer& t = w.due.empty() ? first_of_slot(next) : *w.due.first;
    unlink(t);
    t.expires_ns_ = never_ns;
    t.on_expiry_(t);  // t may be gone after this
    fired = true;
  }
  move_to(now_ns);
  quiet_until_ns_ = next;
  return fired;
}

std::uint64_t timer_wheel::next_expiry_ns() const noexcept {
  levels& w = *levels_;
  while (!w.due.empty()) {
    if (w.due.first->pending()) return w.due.first->expires_ns_;
    unlink(*w.due.first);
  }
  while (timer::list* slot = w.first_slot()) {
    if (slot->earliest != nullptr && slot->earliest->expires_ns_ == slot->bound_ns) return slot->bound_ns;
    tidy(*slot);
  }
  return never_ns;
}

}  // namespace fourtuple::base
