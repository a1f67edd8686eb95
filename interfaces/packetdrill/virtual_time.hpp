// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "host/base/clock.hpp"
#include "host/base/threading.hpp"

namespace fourtuple::packetdrill {

/// What happens by itself as time goes by: a stack's timers.
class timed_events {
 public:
  timed_events() = default;
  timed_events(const timed_events&) = delete;
  timed_events& operator=(const timed_events&) = delete;
  virtual ~timed_events() = default;

  /// When run() has something to do; base::never_ns if never.
  [[nodiscard]] virtual std::uint64_t next_deadline_ns() const = 0;
  /// Does what is due. Called with the lock held.
  virtual void run() = 0;
};

/// Time that stands still until one thread, the driver, moves it, and threads of a program that sleep in it.
///
/// Nothing runs ahead: when a sleeper is woken, time stands until it sleeps again or has left its call. What it does
/// then happens at the time of what woke it, however late the operating system lets it run.
///
/// Threads: any. Members that say "locked" are called between lock() and unlock().
class virtual_time final : public base::clock, public base::threading {
 public:
  explicit virtual_time(std::uint64_t start_ns) : now_ns_(start_ns), driver_(std::this_thread::get_id()) {}
  ~virtual_time() override;

  /// Locked. What happens on the way; not owned.
  void set_events(timed_events& events) { events_ = &events; }
  /// Locked. This thread moves the time from now on.
  void make_driver() { driver_ = std::this_thread::get_id(); }
  /// Locked.
  [[nodiscard]] bool is_driver() const { return std::this_thread::get_id() == driver_; }

  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now_ns_; }
  /// Locked. Moves to `target_ns`, doing what is due on the way at its own time.
  void advance_to(std::uint64_t target_ns);
  /// Locked. When something happens next: an event, or the end of a sleep.
  [[nodiscard]] std::uint64_t next_deadline_ns() const;
  /// Locked. Waits until all who were woken sleep again or have left.
  void settle();
  /// The time at which the last call of this thread that slept was over, once; nothing if none slept since.
  [[nodiscard]] std::optional<std::uint64_t> take_completion_ns();

  void lock() override { mutex_.lock(); }
  void unlock() noexcept override;
  [[nodiscard]] std::unique_ptr<base::wait_queue> make_wait_queue() override;

 private:
  class queue;
  struct sleeper {
    const queue* on = nullptr;
    std::uint64_t deadline_ns = base::never_ns;
    std::uint64_t order = 0;
    bool is_driver = false;
    bool awake = false;
    std::condition_variable wake;
  };
  struct by_order {
    bool operator()(const sleeper* a, const sleeper* b) const noexcept { return a->order < b->order; }
  };

  bool wait_until(const queue& on, std::uint64_t deadline_ns);
  void drive(const sleeper& self);
  void wake_all(const queue& on) noexcept;
  void wake(sleeper& one) noexcept;
  void wake_expired();

  std::mutex mutex_;
  std::uint64_t now_ns_;
  std::thread::id driver_;
  timed_events* events_ = nullptr;
  std::set<sleeper*, by_order> sleepers_;
  std::uint64_t sleeps_ = 0;
  unsigned running_ = 0;  // Woken, and neither asleep again nor gone.
  std::condition_variable settled_;
};

}  // namespace fourtuple::packetdrill
