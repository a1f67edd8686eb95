// SPDX-License-Identifier: Apache-2.0
#include "host/programs/control_server.hpp"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "host/programs/control_message.hpp"

namespace fourtuple::programs {
namespace {

// Which file an event of the kernel is about. Handles of sockets are small numbers.
constexpr std::uint64_t listener_key = ~std::uint64_t{0};
constexpr std::uint64_t client_bit = std::uint64_t{1} << 63;

// Connections at the same time. Each program has one, for the length of a call; those that sleep keep theirs.
constexpr std::size_t most_clients = 4096;
// Requests of one client in a turn: one that never stops asking must not stop the world.
constexpr int most_requests_at_once = 16;
constexpr std::uint64_t turns_between_reaping = 16;

}  // namespace

control_server::control_server(control_socket listener, std::vector<program_host> hosts, const std::string& world,
                               base::clock& clock, std::function<void()> on_delivery)
    : listener_(std::move(listener)),
      path_(listener_.path().string()),
      clock_(clock),
      on_delivery_(on_delivery),
      files_(::epoll_create1(EPOLL_CLOEXEC)),
      world_(world),
      sockets_(std::move(hosts), world, files_.get(), std::move(on_delivery)) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = listener_key}};
  ::epoll_ctl(files_.get(), EPOLL_CTL_ADD, listener_.file(), &event);
}

control_server::~control_server() = default;

bool control_server::serve_files() {
  std::array<epoll_event, 64> events;
  const int ready = ::epoll_wait(files_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
    if (key == listener_key) {
      accept_clients();
    } else if ((key & client_bit) == 0) {
      sockets_.serve(key);
    } else if (const auto found = clients_.find(key); found != clients_.end() && !serve_client(found->second)) {
      forget_client(key);
    }
  }
  if (++turns_ % turns_between_reaping == 0) sockets_.reap();
  answer_lingering();
  return ready > 0;
}

bool control_server::serve_stack(std::size_t host) {
  const bool any = sockets_.serve_stack(host);
  if (any) answer_lingering();
  return any;
}

void control_server::accept_clients() {
  while (clients_.size() < most_clients) {
    descriptor file(::accept4(listener_.file(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!file.valid()) {
      // Out of descriptors: look again when one was given back, not before.
      if (errno == EMFILE || errno == ENFILE) break;
      return;
    }
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::getsockopt(file.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.uid != ::geteuid()) {
      ++counters_.refused_users;
      disposal_.close(std::move(file));
      continue;
    }
    // See incoming::receive().
    const int on = 1;
    ::setsockopt(file.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    const std::uint64_t key = client_bit | ++last_client_;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
    if (::epoll_ctl(files_.get(), EPOLL_CTL_ADD, file.get(), &event) != 0) continue;
    ++counters_.clients;
    client& made = clients_[key];
    made.file = std::move(file);
    made.process = peer.pid;
    // Its request is there already, as a rule.
    if (!serve_client(made)) forget_client(key);
  }
  if (clients_.empty()) return;
  ::epoll_ctl(files_.get(), EPOLL_CTL_DEL, listener_.file(), nullptr);
  accepting_ = false;
}

void control_server::forget_client(std::uint64_t number) {
  const auto found = clients_.find(number);
  if (program_socket* const socket = sockets_.find(found->second.lingering)) {
    socket->stop_lingering();
    sockets_.serve(socket->handle());
  }
  // What is still in it goes with it, descriptors included.
  if (!found->second.ended) {
    ::epoll_ctl(files_.get(), EPOLL_CTL_DEL, found->second.file.get(), nullptr);
    ::shutdown(found->second.file.get(), SHUT_RDWR);
    disposal_.close(std::move(found->second.file));
  }
  clients_.erase(found);
  if (accepting_) return;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = listener_key}};
  accepting_ = ::epoll_ctl(files_.get(), EPOLL_CTL_ADD, listener_.file(), &event) == 0;
}

bool control_server::serve_client(client& from) {
  for (int i = 0; i < most_requests_at_once; ++i) {
    incoming message;
    const incoming::result received = message.receive(from.file.get());
    if (received == incoming::result::nothing_there) return true;
    from.ended = received == incoming::result::over;
    if (from.ended) return false;
    const bool goes_on = received == incoming::result::ok && serve_request(from, message);
    // A socket of this world was taken out of it; anything else may be slow to close.
    disposal_.close(std::move(message.proof));
    for (descriptor& one : message.unwanted) disposal_.close(std::move(one));
    if (goes_on) continue;
    if (received == incoming::result::malformed) ++counters_.malformed;
    return false;
  }
  return true;
}

bool control_server::serve_request(client& from, incoming& message) {
  ++counters_.requests;
  outgoing answer;
  if (!handle(from, message, answer)) {
    ++counters_.malformed;
    return false;
  }
  if (answer.later) return true;
  on_delivery_();
  return send(from, answer);
}

// A close() that waits, waits until the stack has nothing more to do for it.
void control_server::answer_lingering() {
  for (auto& [number, waiting] : clients_) {
    if (!waiting.waits_for_close) continue;
    program_socket* const socket = sockets_.find(waiting.lingering);
    if (socket != nullptr && socket->lingers()) continue;
    if (socket != nullptr) {
      socket->stop_lingering();
      sockets_.serve(socket->handle());
    }
    waiting.lingering = 0;
    waiting.waits_for_close = false;
    on_delivery_();
    send(waiting, outgoing{});
  }
}

std::uint64_t control_server::next_wake_up_ns() const noexcept {
  std::uint64_t next_ns = base::never_ns;
  for (const auto& [number, sleeper] : clients_) next_ns = std::min(next_ns, sleeper.wake_up_ns.value_or(next_ns));
  return next_ns;
}

void control_server::wake_sleepers() {
  const std::uint64_t now_ns = clock_.now_ns();
  for (auto& [number, sleeper] : clients_) {
    if (sleeper.wake_up_ns.value_or(base::never_ns) > now_ns) continue;
    sleeper.wake_up_ns.reset();
    on_delivery_();
    send(sleeper, outgoing{});
  }
}

std::vector<pid_t> control_server::attached() const {
  std::vector<pid_t> processes;
  for (const auto& [number, one] : clients_) {
    if (one.attached) processes.push_back(one.process);
  }
  return processes;
}

}  // namespace fourtuple::programs
