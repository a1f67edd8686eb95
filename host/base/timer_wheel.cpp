// SPDX-License-Identifier: Apache-2.0
#include "host/base/timer_wheel.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace fourtuple::base {
namespace {

/// Timers in a row, each linked from the one before it.
struct timer_list {
  timer* first = nullptr;
  timer** end = &first;
  /// The earliest expiry in a slot of the wheel, the latest among those that are due; never_ns: not known.
  std::uint64_t bound_ns = never_ns;

  [[nodiscard]] bool empty() const noexcept { return first == nullptr; }
};

}  // namespace

/// Time is read as a number of eleven digits of six bits. A timer waits at the level of the highest digit in which its
/// expiry differs from `current_ns`, in the slot of its own digit there: so each level holds later timers than those
/// below it, and within a level lower slots come first. When time moves on, the only slot whose timers' places change
/// is that of the new time's digit at the highest level where the digit changed: everything below was due before. A
/// timer moves down at most ten times, and timers that are equally late stay in the order in which they were armed.
struct timer_wheel::levels {
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned digits = 11;
  static constexpr std::size_t slots = std::size_t{1} << digit_bits;

  struct level {
    std::uint64_t occupied = 0;
    std::array<timer_list, slots> slot{};
  };

  struct place {
    unsigned level;
    unsigned slot;
  };

  explicit levels(std::uint64_t now_ns) noexcept : current_ns(now_ns) {}

  [[nodiscard]] static unsigned digit(std::uint64_t time_ns, unsigned of_level) noexcept {
    return static_cast<unsigned>(time_ns >> (digit_bits * of_level)) & (slots - 1);
  }
  [[nodiscard]] place place_of(std::uint64_t expires_ns) const noexcept {
    const auto highest_bit = static_cast<unsigned>(std::bit_width(expires_ns ^ current_ns)) - 1;
    const unsigned l = highest_bit / digit_bits;
    return {l, digit(expires_ns, l)};
  }

  std::uint64_t current_ns;
  std::uint32_t occupied_levels = 0;
  timer_list due;  ///< Expiry at or before current_ns, earliest first.
  std::array<level, digits> level_of{};
};

timer::~timer() {
  if (wheel_ != nullptr) wheel_->disarm(*this);
}

timer_wheel::timer_wheel(std::uint64_t now_ns) : levels_(std::make_unique<levels>(now_ns)) {}

timer_wheel::~timer_wheel() {
  const auto disarm_all = [this](timer_list& list) {
    while (!list.empty()) disarm(*list.first);
  };
  disarm_all(levels_->due);
  for (auto& level : levels_->level_of) std::for_each(level.slot.begin(), level.slot.end(), disarm_all);
}

void timer_wheel::arm(timer& t, std::uint64_t expires_ns) noexcept {
  disarm(t);
  if (expires_ns == never_ns) return;
  t.wheel_ = this;
  t.expires_ns_ = expires_ns;
  place(t);
}

void timer_wheel::place(timer& t) noexcept {
  const auto link = [&t](timer** where) {
    t.previous_next_ = where;
    t.next_ = *where;
    *where = &t;
    if (t.next_ != nullptr) t.next_->previous_next_ = &t.next_;
  };
  levels& w = *levels_;
  if (t.expires_ns_ <= w.current_ns) {
    timer** where = w.due.end;
    if (!w.due.empty() && (w.due.bound_ns == never_ns || t.expires_ns_ < w.due.bound_ns)) {
      where = &w.due.first;
      while (*where != nullptr && (*where)->expires_ns_ <= t.expires_ns_) where = &(*where)->next_;
    }
    link(where);
    if (t.next_ == nullptr) {
      w.due.end = &t.next_;
      w.due.bound_ns = t.expires_ns_;
    }
    return;
  }
  const auto [l, s] = w.place_of(t.expires_ns_);
  timer_list& list = w.level_of[l].slot[s];
  if (list.empty() || (list.bound_ns != never_ns && t.expires_ns_ < list.bound_ns)) list.bound_ns = t.expires_ns_;
  link(list.end);
  list.end = &t.next_;
  w.level_of[l].occupied |= std::uint64_t{1} << s;
  w.occupied_levels |= std::uint32_t{1} << l;
}

void timer_wheel::disarm(timer& t) noexcept {
  if (!t.pending()) return;
  levels& w = *levels_;
  const bool is_due = t.expires_ns_ <= w.current_ns;
  const auto [l, s] = is_due ? levels::place{} : w.place_of(t.expires_ns_);
  timer_list& list = is_due ? w.due : w.level_of[l].slot[s];

  *t.previous_next_ = t.next_;
  if (t.next_ != nullptr) {
    t.next_->previous_next_ = t.previous_next_;
  } else {
    list.end = t.previous_next_;
  }
  const bool held_bound = is_due ? t.next_ == nullptr : t.expires_ns_ == list.bound_ns;
  if (list.empty() || held_bound) list.bound_ns = never_ns;
  if (!is_due && list.empty()) {
    w.level_of[l].occupied &= ~(std::uint64_t{1} << s);
    if (w.level_of[l].occupied == 0) w.occupied_levels &= ~(std::uint32_t{1} << l);
  }
  t.wheel_ = nullptr;
  t.next_ = nullptr;
  t.previous_next_ = nullptr;
}

void timer_wheel::move_to(std::uint64_t time_ns) noexcept {
  levels& w = *levels_;
  if (time_ns <= w.current_ns) return;
  const auto [l, s] = w.place_of(time_ns);
  w.current_ns = time_ns;
  timer_list& list = w.level_of[l].slot[s];
  timer* t = list.first;
  if (t == nullptr) return;
  list.first = nullptr;
  list.end = &list.first;
  list.bound_ns = never_ns;
  w.level_of[l].occupied &= ~(std::uint64_t{1} << s);
  if (w.level_of[l].occupied == 0) w.occupied_levels &= ~(std::uint32_t{1} << l);
  while (t != nullptr) {
    timer* next = t->next_;
    place(*t);
    t = next;
  }
}

void timer_wheel::advance(std::uint64_t now_ns) noexcept {
  levels& w = *levels_;
  for (std::uint64_t next = next_expiry_ns(); next != never_ns && next <= now_ns; next = next_expiry_ns()) {
    move_to(next);
    timer& t = *w.due.first;
    disarm(t);
    t.on_expiry_(t);  // t may be gone after this
  }
  move_to(now_ns);
}

std::uint64_t timer_wheel::next_expiry_ns() const noexcept {
  levels& w = *levels_;
  if (!w.due.empty()) return w.due.first->expires_ns_;
  if (w.occupied_levels == 0) return never_ns;
  auto& level = w.level_of[static_cast<std::size_t>(std::countr_zero(w.occupied_levels))];
  timer_list& list = level.slot[static_cast<std::size_t>(std::countr_zero(level.occupied))];
  if (list.bound_ns == never_ns)
    for (const timer* t = list.first; t != nullptr; t = t->next_)
      list.bound_ns = std::min(list.bound_ns, t->expires_ns_);
  return list.bound_ns;
}

}  // namespace fourtuple::base
