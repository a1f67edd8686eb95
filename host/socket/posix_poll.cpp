// SPDX-License-Identifier: Apache-2.0
// Waiting for several descriptors: poll and epoll of posix_api.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "host/socket/posix_entry.hpp"

namespace fourtuple::socket {

namespace {

// POLL* and EPOLL* have the same values for what there is here.
static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR && POLLHUP == EPOLLHUP);

// Wakes one thread that waits for several files.
class poll_sleeper final : public poll_watcher {
 public:
  explicit poll_sleeper(base::threading& threads) : queue_(threads.make_wait_queue()) {}
  ~poll_sleeper() override {
    for (const std::shared_ptr<file>& watched : watched_) watched->remove_watcher(*this);
  }
  void watch(const std::shared_ptr<file>& opened) {
    opened->add_watcher(*this);
    watched_.push_back(opened);
  }
  void ready(std::uint32_t) noexcept override { queue_->wake_all(); }
  void closed() noexcept override { queue_->wake_all(); }
  [[nodiscard]] base::wait_queue& queue() { return *queue_; }

 private:
  std::unique_ptr<base::wait_queue> queue_;
  std::vector<std::shared_ptr<file>> watched_;
};

}  // namespace

int posix_api::poll(pollfd* descriptors, nfds_t count, int timeout_ms) {
  const entry guard(*this);
  if (descriptors == nullptr && count > 0) return -EFAULT;
  const std::span<pollfd> all(descriptors, count);
  const std::uint64_t deadline_ns = deadline_after_ms(timeout_ms);
  const auto look = [&] {
    int ready = 0;
    for (pollfd& one : all) {
      one.revents = 0;
      if (one.fd < 0) continue;
      const std::shared_ptr<file> opened = file_of(one.fd);
      one.revents =
          opened ? static_cast<short>(opened->poll() & (static_cast<std::uint32_t>(one.events) | POLLERR | POLLHUP))
                 : static_cast<short>(POLLNVAL);
      if (one.revents != 0) ++ready;
    }
    return ready;
  };
  int ready = look();
  if (ready != 0 || timeout_ms == 0) return ready;
  poll_sleeper sleeper(threads_);
  for (const pollfd& one : all) {
    if (const std::shared_ptr<file> opened = one.fd < 0 ? nullptr : file_of(one.fd)) sleeper.watch(opened);
  }
  while (ready == 0 && sleep(sleeper.queue(), deadline_ns)) ready = look();
  return ready != 0 ? ready : look();
}

int posix_api::epoll_create1(int flags) {
  const entry guard(*this);
  if ((flags & ~EPOLL_CLOEXEC) != 0) return -EINVAL;
  auto opened = std::make_shared<epoll_file>(threads_);
  opened->close_on_exec = (flags & EPOLL_CLOEXEC) != 0;
  return files_.install(std::move(opened));
}

int posix_api::epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event) {
  const entry guard(*this);
  if (operation != EPOLL_CTL_DEL && event == nullptr) return -EFAULT;
  const std::shared_ptr<file> target = file_of(fd);
  int error = 0;
  const auto instance = epoll_of(epoll_fd, error);
  if (error == -EBADF || !target) return -EBADF;
  if (!instance) return error;
  switch (operation) {
    case EPOLL_CTL_DEL:
      return instance->remove(fd);
    case EPOLL_CTL_ADD:
      return instance->add(fd, *target, *event);
    case EPOLL_CTL_MOD:
      return instance->modify(fd, *event);
    default:
      return -EINVAL;
  }
}

int posix_api::epoll_wait(int epoll_fd, epoll_event* events, int max_events, int timeout_ms) {
  const entry guard(*this);
  if (max_events <= 0) return -EINVAL;
  if (events == nullptr) return -EFAULT;
  int error = 0;
  const auto instance = epoll_of(epoll_fd, error);
  if (!instance) return error;
  const std::span<epoll_event> room(events, static_cast<std::size_t>(max_events));
  const std::uint64_t deadline_ns = deadline_after_ms(timeout_ms);
  std::size_t ready = instance->collect(room);
  while (ready == 0 && timeout_ms != 0) {
    const bool in_time = sleep(instance->sleepers(), deadline_ns);
    if (instance->closed()) return -EBADF;
    ready = instance->collect(room);
    if (!in_time) break;
  }
  return static_cast<int>(ready);
}

}  // namespace fourtuple::socket
