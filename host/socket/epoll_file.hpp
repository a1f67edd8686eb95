// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>

#include "host/socket/file.hpp"

namespace fourtuple::socket {

/// An epoll instance (Linux: struct eventpoll): interest by descriptor, and a list of those that may be ready.
///
/// A wait looks only at the ready list, so its cost does not grow with the number of idle descriptors. Level-triggered
/// items go back to its end after they were reported, as in Linux; edge-triggered ones wait for the next wake-up.
class epoll_file final : public file {
 public:
  explicit epoll_file(base::threading& threads);
  ~epoll_file() override;

  /// epoll_ctl: 0 or a negative errno.
  int add(int fd, file& target, const epoll_event& event);
  int modify(int fd, const epoll_event& event);
  int remove(int fd);

  /// Reports what is ready now, at most events.size(); does not wait.
  std::size_t collect(std::span<epoll_event> events);
  [[nodiscard]] base::wait_queue& sleepers() { return *sleepers_; }

  [[nodiscard]] std::uint32_t poll() const override;
  void release() override;

 private:
  struct item final : poll_watcher {
    epoll_file* owner = nullptr;
    file* target = nullptr;  // Closing it takes the item away.
    epoll_event event{};
    int fd = -1;
    bool queued = false;
    bool disabled = false;             // EPOLLONESHOT has fired.
    std::list<item*>::iterator place;  // In the ready list, if queued.
    void ready(std::uint32_t events) noexcept override;
    void closed() noexcept override;
    [[nodiscard]] std::uint32_t ready_events() const;
  };
  void queue(item& entry) noexcept;
  void drop(std::map<int, std::unique_ptr<item>>::iterator place) noexcept;

  std::map<int, std::unique_ptr<item>> items_;
  std::list<item*> ready_;
  std::unique_ptr<base::wait_queue> sleepers_;
};

}  // namespace fourtuple::socket
