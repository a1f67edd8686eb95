// SPDX-License-Identifier: Apache-2.0
#include "tests/support/virtual_threads.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace fourtuple::support {

class virtual_threads::queue final : public base::wait_queue {
 public:
  explicit queue(virtual_threads& threads) : threads_(threads) {}
  bool wait_until(std::uint64_t deadline_ns) override { return threads_.wait_until(*this, deadline_ns); }
  void wake_all() noexcept override { threads_.wake_all(*this); }

 private:
  virtual_threads& threads_;
};

virtual_threads::~virtual_threads() {
  for (const auto& each : tasks_) each->thread.join();
}

void virtual_threads::lock() {
  EXPECT_FALSE(locked_) << "the stack's lock is not recursive";
  locked_ = true;
}

void virtual_threads::unlock() noexcept {
  EXPECT_TRUE(locked_);
  locked_ = false;
}

std::unique_ptr<base::wait_queue> virtual_threads::make_wait_queue() { return std::make_unique<queue>(*this); }

void virtual_threads::spawn(std::function<void()> body) {
  tasks_.push_back(std::make_unique<task>());
  task& started = *tasks_.back();
  started.body = std::move(body);
  started.thread = std::thread([this, &started] {
    started.turn.acquire();
    started.body();
    started.ended = true;
    test_turn_.release();
  });
}

bool virtual_threads::wait_until(const queue& on, std::uint64_t deadline_ns) {
  EXPECT_TRUE(locked_) << "sleeping needs the stack's lock";
  sleeper& self = running_ == nullptr ? test_ : running_->sleep;
  self = {&on, deadline_ns, false};
  locked_ = false;
  if (running_ == nullptr) {
    pump([&] { return self.woken; }, deadline_ns);
  } else {
    task& own = *running_;
    test_turn_.release();
    own.turn.acquire();
  }
  locked_ = true;
  self.on = nullptr;
  return self.woken;
}

void virtual_threads::wake_all(const queue& on) noexcept {
  if (test_.on == &on) test_.woken = true;
  for (const auto& each : tasks_) {
    if (each->sleep.on == &on) each->sleep.woken = true;
  }
}

virtual_threads::task* virtual_threads::next_to_run() noexcept {
  const std::uint64_t now_ns = network_.clock().now_ns();
  const auto found = std::ranges::find_if(tasks_, [&](const std::unique_ptr<task>& each) {
    return !each->ended && (each->sleep.woken || each->sleep.deadline_ns <= now_ns);
  });
  return found == tasks_.end() ? nullptr : found->get();
}

void virtual_threads::resume(task& next) {
  running_ = &next;
  next.turn.release();
  test_turn_.acquire();
  running_ = nullptr;
}

bool virtual_threads::pump(const std::function<bool()>& done, std::uint64_t deadline_ns) {
  constexpr std::uint64_t nothing_happens_ns = 24ULL * 3600 * base::ns_per_s;
  while (!done()) {
    if (task* next = next_to_run()) {
      resume(*next);
      continue;
    }
    const std::uint64_t now_ns = network_.clock().now_ns();
    if (now_ns >= deadline_ns) return false;
    std::uint64_t limit_ns = deadline_ns;
    for (const auto& each : tasks_) {
      if (!each->ended) limit_ns = std::min(limit_ns, each->sleep.deadline_ns);
    }
    const bool endless = limit_ns == base::never_ns;
    if (endless) limit_ns = now_ns + nothing_happens_ns;
    if (!network_.step(limit_ns) && endless) {
      ADD_FAILURE() << "a thread sleeps and nothing will wake it";
      throw std::runtime_error("deadlock");
    }
  }
  return true;
}

bool virtual_threads::run_until(const std::function<bool()>& done, std::uint64_t limit_ms) {
  return pump(done, network_.clock().now_ns() + limit_ms * base::ns_per_ms);
}

void virtual_threads::run_for_ms(std::uint64_t ms) {
  EXPECT_FALSE(run_until([] { return false; }, ms));
}

bool virtual_threads::run_all(std::uint64_t limit_ms) {
  return run_until([&] { return std::ranges::all_of(tasks_, [](const auto& each) { return each->ended; }); }, limit_ms);
}

virtual_sockets::virtual_sockets(const network_settings& settings)
    : network(settings),
      threads(network),
      client(network.tcp(0), network.clock(), threads, [] {}),
      server(network.tcp(1), network.clock(), threads, [] {}) {}

virtual_sockets::~virtual_sockets() {
  client.close_all();
  server.close_all();
  EXPECT_TRUE(threads.run_all()) << "a thread does not end though all descriptors are closed";
}

int virtual_sockets::listen(std::uint16_t port, int backlog) {
  const int fd = server.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in local = address_in({}, port);
  EXPECT_EQ(server.bind(fd, generic(local), sizeof local), 0);
  EXPECT_EQ(server.listen(fd, backlog), 0);
  return fd;
}

int virtual_sockets::connect(std::uint16_t port) {
  const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in peer = address_in(address_of_end[1], port);
  const int error = client.connect(fd, generic(peer), sizeof peer);
  if (error == 0) return fd;
  client.close(fd);
  return error;
}

sockaddr_in address_in(packet::ipv4_address address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(address.value);
  in.sin_port = htons(port);
  return in;
}

}  // namespace fourtuple::support
