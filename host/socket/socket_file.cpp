// SPDX-License-Identifier: Apache-2.0
#include "host/socket/socket_file.hpp"

#include <sys/epoll.h>

namespace fourtuple::socket {

socket_file::socket_file(tcp::tcp& protocol, tcp::tcp_sock& sk, base::threading& threads)
    : protocol_(protocol), sk_(&sk), threads_(threads) {
  protocol_.set_wakeup(*sk_, this);
}

socket_file::~socket_file() { release(); }

std::uint32_t socket_file::poll() const { return closed() ? std::uint32_t{EPOLLHUP} : protocol_.poll(*sk_); }

void socket_file::release() {
  if (closed()) return;
  mark_closed();
  protocol_.set_wakeup(*sk_, nullptr);
  // From here on the sock lives by itself as an orphan until its connection has ended (Linux: sock_orphan).
  protocol_.close(*sk_);
  if (sleepers_) sleepers_->wake_all();
  dismiss_watchers();
}

void socket_file::wake(std::uint32_t epoll_events) noexcept {
  if (sleepers_) sleepers_->wake_all();
  notify_watchers(epoll_events);
}

base::wait_queue& socket_file::sleepers() {
  if (!sleepers_) sleepers_ = threads_.make_wait_queue();
  return *sleepers_;
}

}  // namespace fourtuple::socket
