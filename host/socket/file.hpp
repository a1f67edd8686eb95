// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "host/base/threading.hpp"

namespace fourtuple::socket {

/// Told when a file's readiness may have changed (Linux: a wait queue entry with a callback).
class poll_watcher {
 public:
  poll_watcher() = default;
  poll_watcher(const poll_watcher&) = delete;
  poll_watcher& operator=(const poll_watcher&) = delete;
  virtual ~poll_watcher() = default;
  /// `events`: EPOLL* bits that may have come up. Runs inside the stack: notes and wakes, calls nothing else.
  virtual void ready(std::uint32_t events) noexcept = 0;
  /// The descriptor was closed: the file has forgotten this watcher. Same limits, but it may destroy itself.
  virtual void closed() noexcept = 0;
};

/// What a descriptor stands for (Linux: struct file): a socket or an epoll instance.
///
/// Ownership: shared by the descriptor and by threads that sleep in a call on it. Threads: under the stack's lock.
class file {
 public:
  file() = default;
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  virtual ~file() = default;

  /// EPOLL* bits that hold now.
  [[nodiscard]] virtual std::uint32_t poll() const = 0;
  /// The descriptor is gone. Whoever sleeps in a call is woken and finds closed().
  virtual void release() = 0;

  /// Tells the watchers that the descriptor is gone; they are watchers no more (Linux: eventpoll_release).
  void dismiss_watchers() noexcept {
    for (poll_watcher* watcher : std::exchange(watchers_, {})) watcher->closed();
  }
  void add_watcher(poll_watcher& watcher) { watchers_.push_back(&watcher); }
  void remove_watcher(poll_watcher& watcher) noexcept { std::erase(watchers_, &watcher); }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  bool nonblocking = false;    ///< O_NONBLOCK.
  bool close_on_exec = false;  ///< FD_CLOEXEC: kept for fcntl; there is no exec here.

 protected:
  void notify_watchers(std::uint32_t events) noexcept {
    for (poll_watcher* watcher : watchers_) watcher->ready(events);
  }
  void mark_closed() noexcept { closed_ = true; }

 private:
  std::vector<poll_watcher*> watchers_;
  bool closed_ = false;
};

}  // namespace fourtuple::socket
