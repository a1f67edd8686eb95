// SPDX-License-Identifier: Apache-2.0
#include "host/programs/socket_table.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace fourtuple::programs {
namespace {

// Sockets that are looked at in one reap(): what a turn costs must not grow with their number.
constexpr int reaped_at_once = 32;

}  // namespace

socket_table::socket_table(std::vector<program_host> hosts, std::string world, int files,
                           std::function<void()> on_delivery)
    : hosts_(std::move(hosts)), world_(std::move(world)), files_(files), on_delivery_(std::move(on_delivery)) {
  for (const program_host& host : hosts_) stack_events_.push_back(host.sockets->epoll_create1(0));
}

socket_table::~socket_table() {
  clear();
  for (std::size_t i = 0; i < hosts_.size(); ++i) hosts_[i].sockets->close(stack_events_[i]);
}

void socket_table::clear() { sockets_.clear(); }

const program_host* socket_table::host_named(std::string_view name) const noexcept {
  const auto found = std::ranges::find(hosts_, name, &program_host::name);
  return found == hosts_.end() ? nullptr : &*found;
}

bool socket_table::knows_network_of(packet::ipv4_address address) const noexcept {
  return std::ranges::any_of(hosts_, [&](const program_host& host) { return host.has_on_network(address); });
}

std::optional<std::string> socket_table::show(preload::view what, std::string_view host, std::uint64_t now_ns) const {
  if (!host.empty() && host_named(host) == nullptr) return std::nullopt;
  std::string text;
  for (const program_host& one : hosts_) {
    if ((!host.empty() && one.name != host) || !one.show) continue;
    // Graphviz reads one drawing and nothing else.
    if (what == preload::view::tables_dot) return one.show(what);
    text += one.name + " at " + std::to_string(now_ns) + " ns\n" + one.show(what) + "\n";
  }
  return text;
}

program_socket* socket_table::find(std::uint64_t handle) {
  const auto found = sockets_.find(handle);
  return found == sockets_.end() ? nullptr : found->second.get();
}

// Both sides tell of changes once: a socket that is served moves all that can be moved.
int socket_table::watch(const program_host& host, int stack_fd, const socket_pair& pair, std::uint64_t handle) {
  epoll_event event{};
  event.data.u64 = handle;
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  if (::epoll_ctl(files_, EPOLL_CTL_ADD, pair.file(), &event) != 0) return -errno;
  const int events = stack_events_[static_cast<std::size_t>(&host - hosts_.data())];
  const int added = host.sockets->epoll_ctl(events, EPOLL_CTL_ADD, stack_fd, &event);
  return added == -EEXIST ? host.sockets->epoll_ctl(events, EPOLL_CTL_MOD, stack_fd, &event) : added;
}

int socket_table::create(const program_host& host, std::uint64_t& handle, descriptor& program_end) {
  const int stack_fd = host.sockets->socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (stack_fd < 0) return stack_fd;
  program_socket* const made = adopt(host, stack_fd, program_end);
  if (made == nullptr) return -ENFILE;
  handle = made->handle();
  return 0;
}

program_socket* socket_table::adopt(const program_host& host, int stack_fd, descriptor& program_end) {
  const std::uint64_t handle = ++last_handle_;
  socket_pair pair;
  if (pair.open(world_, handle, program_end) != 0 || watch(host, stack_fd, pair, handle) != 0) {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    host.sockets->setsockopt(stack_fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    host.sockets->close(stack_fd);
    return nullptr;
  }
  auto made = std::make_unique<program_socket>(*this, host, handle, stack_fd, std::move(pair));
  return sockets_.emplace(handle, std::move(made)).first->second.get();
}

int socket_table::reopen(program_socket& socket, descriptor& program_end) {
  const std::uint64_t handle = last_handle_ + 1;
  socket_pair pair;
  if (const int result = pair.open(world_, handle, program_end); result != 0) return result;
  if (const int result = watch(socket.host(), socket.stack_fd(), pair, handle); result != 0) return result;
  ++last_handle_;
  auto moved = sockets_.extract(socket.handle());
  moved.key() = handle;
  socket.replace(handle, std::move(pair));
  sockets_.insert(std::move(moved));
  return 0;
}

void socket_table::serve(std::uint64_t handle) {
  program_socket* const socket = find(handle);
  if (socket == nullptr || socket->serve()) return;
  sockets_.erase(socket->handle());
}

bool socket_table::serve_stack(std::size_t host) {
  std::array<epoll_event, 64> events;
  const int ready =
      hosts_[host].sockets->epoll_wait(stack_events_[host], events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) serve(events[static_cast<std::size_t>(i)].data.u64);
  return ready > 0;
}

void socket_table::reap() {
  int left = reaped_at_once;
  auto next = sockets_.upper_bound(reaped_);
  while (next != sockets_.end() && left > 0) {
    const std::uint64_t handle = next->first;
    const bool unwatched = next->second->unwatched();
    ++next;
    reaped_ = handle;
    if (!unwatched) continue;
    --left;
    serve(handle);
  }
  if (next == sockets_.end()) reaped_ = 0;
}

}  // namespace fourtuple::programs
