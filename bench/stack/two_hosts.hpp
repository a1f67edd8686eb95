// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/stack/memory_wire.hpp"
#include "bench/stack/stack_pair.hpp"
#include "host/base/seeded_random.hpp"
#include "host/sock/sock.hpp"
#include "host/stack/host_stack.hpp"

namespace fourtuple::bench {

/// What an application remembers of a connection: that there is something to read.
class notice final : public sock::sock_wakeup {
 public:
  void wake(std::uint32_t epoll_events) noexcept override;
  bool readable = false;
  bool writable = false;
};

/// One end of a connection. Stays where it is while that is open.
struct open_end {
  tcp::tcp_sock* sk = nullptr;
  notice told;
};

struct open_connection {
  open_end client;
  open_end server;
};

/// An application cannot go on: `what` returned `result`, which it should not have.
[[noreturn]] void fail(const char* what, long result);

/// Reads until there is nothing more; how much that was.
std::size_t read_all(tcp::tcp& of, tcp::tcp_sock& sk, std::span<std::byte> buffer);
/// close() of it is to reset the connection (SO_LINGER, for no time).
void reset_on_close(tcp::tcp& of, tcp::tcp_sock& sk);

/// Two hosts with our stack at the ends of a wire in memory, in virtual time. One connects, the other listens.
class two_hosts {
 public:
  /// Tables for so many connections at a time.
  two_hosts(offload what, std::size_t connections);

  [[nodiscard]] tcp::tcp& client() { return hosts_[0].tcp(); }
  [[nodiscard]] tcp::tcp& server() { return hosts_[1].tcp(); }
  [[nodiscard]] std::span<const stack::host_stack> hosts() const noexcept { return hosts_; }
  [[nodiscard]] const memory_wire& wire() const noexcept { return wire_; }

  /// A poll if there is a frame; otherwise time passes to the next timer.
  void step();
  /// Until nothing is on the wire any more; timers run as time passes.
  void settle();

  void set_nodelay(tcp::tcp_sock& sk, int on);
  /// A connection, to each of the server's ports in turn, accepted and with Nagle off.
  void establish(open_connection& c);

 private:
  class random_numbers final : public base::random_source {
   public:
    explicit random_numbers(std::uint64_t seed) noexcept : numbers_(seed) {}
    [[nodiscard]] std::uint64_t next() noexcept override { return numbers_.next(); }

   private:
    base::seeded_random numbers_;
  };
  void run_due_timers();

  bench_clock clock_;
  memory_wire wire_;
  random_numbers random_[2];
  stack::host_stack hosts_[2];
  std::vector<tcp::tcp_sock*> listeners_;
  std::uint16_t next_port_ = 0;
};

}  // namespace fourtuple::bench
