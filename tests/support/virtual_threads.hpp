// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "host/base/threading.hpp"
#include "host/socket/posix_api.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {

/// Threads for blocking calls in virtual time: one runs at a time, in a fixed order, so that every run is the same.
///
/// The test's own thread is the scheduler: while it sleeps in a call, the others run until all of them sleep, then the
/// network does its next event. A wait that nothing can end fails the test and throws in the thread of the test.
class virtual_threads final : public base::threading {
 public:
  explicit virtual_threads(virtual_network& network) : network_(network) {}
  /// Every spawned thread must have ended: see run_all().
  ~virtual_threads() override;

  void lock() override;
  void unlock() noexcept override;
  [[nodiscard]] std::unique_ptr<base::wait_queue> make_wait_queue() override;

  /// Starts `body` at the test's next sleep.
  void spawn(std::function<void()> body);
  /// From the test's thread: lets the others and the network run until `done`; false if that takes more than
  /// `limit_ms`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, std::uint64_t limit_ms = 600'000);
  void run_for_ms(std::uint64_t ms);
  /// Until no spawned thread is left.
  [[nodiscard]] bool run_all(std::uint64_t limit_ms = 600'000);

 private:
  class queue;
  struct sleeper {
    const queue* on = nullptr;
    std::uint64_t deadline_ns = base::never_ns;
    bool woken = false;
  };
  struct task {
    std::function<void()> body;
    std::binary_semaphore turn{0};
    sleeper sleep{.woken = true};
    bool ended = false;
    std::thread thread;
  };

  bool wait_until(const queue& on, std::uint64_t deadline_ns);
  void wake_all(const queue& on) noexcept;
  bool pump(const std::function<bool()>& done, std::uint64_t deadline_ns);
  [[nodiscard]] task* next_to_run() noexcept;
  void resume(task& next);

  virtual_network& network_;
  bool locked_ = false;
  std::vector<std::unique_ptr<task>> tasks_;
  task* running_ = nullptr;  // Null: the test's thread.
  sleeper test_;
  std::binary_semaphore test_turn_{0};
};

/// Two hosts with a socket interface each, and threads to call it from.
class virtual_sockets {
 public:
  explicit virtual_sockets(const network_settings& settings = {});
  ~virtual_sockets();

  virtual_network network;
  virtual_threads threads;
  socket::posix_api client;  ///< Of host 0.
  socket::posix_api server;  ///< Of host 1.

  /// A listening socket of the server's host.
  [[nodiscard]] int listen(std::uint16_t port = 2222, int backlog = 8);
  /// Blocks until connected to the server's port; a descriptor of `client`, or a negative errno.
  [[nodiscard]] int connect(std::uint16_t port = 2222);
};

[[nodiscard]] sockaddr_in address_in(packet::ipv4_address address, std::uint16_t port);
[[nodiscard]] inline const sockaddr* generic(const sockaddr_in& in) { return reinterpret_cast<const sockaddr*>(&in); }
[[nodiscard]] inline sockaddr* generic(sockaddr_in& in) { return reinterpret_cast<sockaddr*>(&in); }

}  // namespace fourtuple::support
