// SPDX-License-Identifier: Apache-2.0
#include "host/socket/epoll_file.hpp"

#include <algorithm>
#include <cerrno>

namespace fourtuple::socket {

epoll_file::epoll_file(base::threading& threads) : sleepers_(threads.make_wait_queue()) {}

epoll_file::~epoll_file() { release(); }

void epoll_file::item::ready(std::uint32_t events) noexcept {
  if (!disabled && (events & (event.events | EPOLLERR | EPOLLHUP)) != 0) owner->queue(*this);
}

std::uint32_t epoll_file::item::ready_events() const {
  const std::shared_ptr<file> opened = target.lock();
  if (disabled || !opened) return 0;
  // EPOLLERR and EPOLLHUP are reported whether asked for or not (epoll_ctl(2)).
  return opened->poll() & (event.events | EPOLLERR | EPOLLHUP);
}

void epoll_file::queue(item& entry) noexcept {
  if (!entry.queued) {
    entry.queued = true;
    ready_.push_back(&entry);
  }
  sleepers_->wake_all();
  notify_watchers(EPOLLIN);
}

int epoll_file::add(int fd, const std::shared_ptr<file>& target, const epoll_event& event) {
  // An epoll instance in another one would need the cycle check of Linux's ep_loop_check; nothing here nests them.
  if (target.get() == this || dynamic_cast<epoll_file*>(target.get()) != nullptr) return -EINVAL;
  auto [place, is_new] = items_.try_emplace(fd);
  if (!is_new) return -EEXIST;
  place->second = std::make_unique<item>();
  item& entry = *place->second;
  entry.owner = this;
  entry.target = target;
  entry.event = event;
  entry.fd = fd;
  target->add_watcher(entry);
  if (entry.ready_events() != 0) queue(entry);
  return 0;
}

int epoll_file::modify(int fd, const epoll_event& event) {
  const auto place = items_.find(fd);
  if (place == items_.end()) return -ENOENT;
  place->second->event = event;
  place->second->disabled = false;
  if (place->second->ready_events() != 0) queue(*place->second);
  return 0;
}

int epoll_file::remove(int fd) {
  const auto place = items_.find(fd);
  if (place == items_.end()) return -ENOENT;
  item& entry = *place->second;
  if (const std::shared_ptr<file> opened = entry.target.lock()) opened->remove_watcher(entry);
  std::erase(ready_, &entry);
  items_.erase(place);
  return 0;
}

std::size_t epoll_file::collect(std::span<epoll_event> events) {
  std::size_t count = 0;
  // Each item is looked at once, also if it goes back to the end of the list.
  for (std::size_t left = ready_.size(); left > 0 && count < events.size(); --left) {
    item& entry = *ready_.front();
    ready_.pop_front();
    entry.queued = false;
    const std::uint32_t holds = entry.ready_events();
    if (holds == 0) continue;
    events[count].events = holds;
    events[count].data = entry.event.data;
    ++count;
    if ((entry.event.events & EPOLLONESHOT) != 0) {
      entry.disabled = true;
    } else if ((entry.event.events & EPOLLET) == 0) {
      entry.queued = true;
      ready_.push_back(&entry);
    }
  }
  return count;
}

std::uint32_t epoll_file::poll() const {
  const bool any = std::ranges::any_of(ready_, [](const item* entry) { return entry->ready_events() != 0; });
  return any ? std::uint32_t{EPOLLIN} : 0U;
}

void epoll_file::release() {
  if (closed()) return;
  mark_closed();
  while (!items_.empty()) remove(items_.begin()->first);
  sleepers_->wake_all();
  notify_watchers(EPOLLHUP);
}

}  // namespace fourtuple::socket
