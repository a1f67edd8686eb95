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

void epoll_file::item::closed() noexcept { owner->drop(owner->items_.find(fd)); }

std::uint32_t epoll_file::item::ready_events() const {
  if (disabled) return 0;
  // EPOLLERR and EPOLLHUP are reported whether asked for or not (epoll_ctl(2)).
  return target->poll() & (event.events | EPOLLERR | EPOLLHUP);
}

void epoll_file::queue(item& entry) noexcept {
  if (!entry.queued) {
    entry.queued = true;
    entry.place = ready_.insert(ready_.end(), &entry);
  }
  sleepers_->wake_all();
  notify_watchers(EPOLLIN);
}

int epoll_file::add(int fd, file& target, const epoll_event& event) {
  // An epoll instance in another one would need the cycle check of Linux's ep_loop_check; nothing here nests them.
  if (dynamic_cast<epoll_file*>(&target) != nullptr) return -EINVAL;
  constexpr std::uint32_t with_exclusive =
      EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
  if ((event.events & EPOLLEXCLUSIVE) != 0 && (event.events & ~with_exclusive) != 0) return -EINVAL;
  auto [place, is_new] = items_.try_emplace(fd);
  if (!is_new) return -EEXIST;
  place->second = std::make_unique<item>();
  item& entry = *place->second;
  entry.owner = this;
  entry.target = &target;
  entry.event = event;
  entry.fd = fd;
  target.add_watcher(entry);
  if (entry.ready_events() != 0) queue(entry);
  return 0;
}

int epoll_file::modify(int fd, const epoll_event& event) {
  const auto place = items_.find(fd);
  if (place == items_.end()) return -ENOENT;
  // Being woken alone is settled when it is added (epoll_ctl(2)).
  if (((event.events | place->second->event.events) & EPOLLEXCLUSIVE) != 0) return -EINVAL;
  place->second->event = event;
  place->second->disabled = false;
  if (place->second->ready_events() != 0) queue(*place->second);
  return 0;
}

int epoll_file::remove(int fd) {
  const auto place = items_.find(fd);
  if (place == items_.end()) return -ENOENT;
  place->second->target->remove_watcher(*place->second);
  drop(place);
  return 0;
}

void epoll_file::drop(std::map<int, std::unique_ptr<item>>::iterator place) noexcept {
  if (place->second->queued) ready_.erase(place->second->place);
  items_.erase(place);
}

std::size_t epoll_file::collect(std::span<epoll_event> events) {
  std::size_t count = 0;
  // Each item is looked at once, also if it goes back to the end of the list.
  for (std::size_t left = ready_.size(); left > 0 && count < events.size(); --left) {
    item& entry = *ready_.front();
    const std::uint32_t holds = entry.ready_events();
    const bool again = holds != 0 && (entry.event.events & (EPOLLONESHOT | EPOLLET)) == 0;
    if (again) {
      ready_.splice(ready_.end(), ready_, ready_.begin());
    } else {
      ready_.pop_front();
      entry.queued = false;
    }
    if (holds == 0) continue;
    entry.disabled = (entry.event.events & EPOLLONESHOT) != 0;
    events[count].events = holds;
    events[count].data = entry.event.data;
    ++count;
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
  dismiss_watchers();
}

}  // namespace fourtuple::socket
