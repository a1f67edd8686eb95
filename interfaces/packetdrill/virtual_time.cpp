// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/virtual_time.hpp"

#include <algorithm>

namespace fourtuple::packetdrill {

namespace {

/// What this thread knows of its own last sleep.
struct sleep_record {
  const virtual_time* counted_by = nullptr;  // Whose running_ counts this thread.
  std::optional<std::uint64_t> completed_ns;
};
thread_local sleep_record this_sleep;

}  // namespace

class virtual_time::queue final : public base::wait_queue {
 public:
  explicit queue(virtual_time& time) : time_(time) {}
  bool wait_until(std::uint64_t deadline_ns) override { return time_.wait_until(*this, deadline_ns); }
  void wake_all() noexcept override { time_.wake_all(*this); }

 private:
  virtual_time& time_;
};

virtual_time::~virtual_time() = default;

std::unique_ptr<base::wait_queue> virtual_time::make_wait_queue() { return std::make_unique<queue>(*this); }

std::uint64_t virtual_time::next_deadline_ns() const {
  std::uint64_t next = events_ == nullptr ? base::never_ns : events_->next_deadline_ns();
  for (const sleeper* one : sleepers_) {
    if (!one->awake) next = std::min(next, one->deadline_ns);
  }
  return next;
}

void virtual_time::advance_to(std::uint64_t target_ns) {
  settle();
  for (;;) {
    const std::uint64_t next = next_deadline_ns();
    if (next > target_ns) break;
    now_ns_ = std::max(now_ns_, next);
    wake_expired();
    if (events_ != nullptr && events_->next_deadline_ns() <= now_ns_) events_->run();
    settle();
  }
  now_ns_ = std::max(now_ns_, target_ns);
}

void virtual_time::settle() {
  if (running_ == 0) return;
  std::unique_lock held(mutex_, std::adopt_lock);
  settled_.wait(held, [&] { return running_ == 0; });
  held.release();
}

std::optional<std::uint64_t> virtual_time::take_completion_ns() {
  const auto result = this_sleep.completed_ns;
  this_sleep.completed_ns.reset();
  return result;
}

void virtual_time::unlock() noexcept {
  if (this_sleep.counted_by == this) {
    this_sleep.counted_by = nullptr;
    if (--running_ == 0) settled_.notify_all();
  }
  mutex_.unlock();
}

void virtual_time::wake(sleeper& one) noexcept {
  if (one.awake) return;
  one.awake = true;
  if (one.is_driver) return;
  ++running_;
  one.wake.notify_one();
}

void virtual_time::wake_all(const queue& on) noexcept {
  for (sleeper* one : sleepers_) {
    if (one->on == &on) wake(*one);
  }
}

void virtual_time::wake_expired() {
  for (sleeper* one : sleepers_) {
    if (one->deadline_ns <= now_ns_) wake(*one);
  }
}

/// The driver itself sleeps: nobody else would move the time.
void virtual_time::drive(const sleeper& self) {
  settle();
  while (!self.awake) {
    const std::uint64_t next = next_deadline_ns();
    if (next == base::never_ns) return;  // Nothing would ever end this sleep.
    advance_to(next);
  }
}

bool virtual_time::wait_until(const queue& on, std::uint64_t deadline_ns) {
  sleeper self;
  self.on = &on;
  self.deadline_ns = deadline_ns;
  self.order = ++sleeps_;
  self.is_driver = std::this_thread::get_id() == driver_;
  sleepers_.insert(&self);
  if (self.is_driver) {
    drive(self);
  } else {
    if (this_sleep.counted_by == this) {
      this_sleep.counted_by = nullptr;
      if (--running_ == 0) settled_.notify_all();
    }
    std::unique_lock held(mutex_, std::adopt_lock);
    self.wake.wait(held, [&] { return self.awake; });
    held.release();
    this_sleep.counted_by = this;
    this_sleep.completed_ns = now_ns_;
  }
  sleepers_.erase(&self);
  return self.awake && now_ns_ < deadline_ns;
}

}  // namespace fourtuple::packetdrill
