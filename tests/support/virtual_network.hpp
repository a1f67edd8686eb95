// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/packet/addresses.hpp"
#include "host/stack/host_stack.hpp"
#include "host/tcp/tcp.hpp"
#include "tests/support/virtual_wire.hpp"

namespace fourtuple::support {

inline constexpr packet::ipv4_address address_of_end[2] = {{0xc0a80001}, {0xc0a80002}};  // 192.168.0.1 and .2

/// What a virtual_network is made with.
struct network_settings {
  std::uint64_t delay_ns = 5 * base::ns_per_ms;  ///< One way.
  std::uint64_t seed = 1;
  stack::host_stack_config host[2];
};

/// Moves virtual time from event to event, for one or two stacks on a wire.
class virtual_network {
 public:
  /// `stacks`: 2, or 1 if a scripted peer sits at end 1.
  explicit virtual_network(const network_settings& settings = {}, int stacks = 2);
  ~virtual_network();

  [[nodiscard]] stack::host_stack& host(int index) noexcept { return *hosts_[index]; }
  [[nodiscard]] tcp::tcp& tcp(int index) noexcept { return hosts_[index]->tcp(); }
  [[nodiscard]] virtual_wire& wire() noexcept { return wire_; }
  [[nodiscard]] virtual_clock& clock() noexcept { return clock_; }
  [[nodiscard]] std::uint64_t now_ms() const noexcept { return clock_.now_ns() / base::ns_per_ms; }

  /// One event, at `limit_ns` at the latest. False if there was none: then the time is `limit_ns`.
  bool step(std::uint64_t limit_ns);
  void run_for_ms(std::uint64_t ms);
  /// Until `done()`; false if that took more than `limit_ms`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, std::uint64_t limit_ms = 60'000);

  /// A counter of a host by its name, e.g. "TcpRetransSegs". Fails the test if there is no such.
  [[nodiscard]] std::uint64_t counter(int index, std::string_view name);

 private:
  virtual_clock clock_;
  virtual_wire wire_;
  seeded_random random_[2];
  std::unique_ptr<stack::host_stack> hosts_[2];
};

/// One end of a connection, for tests that read and write.
class endpoint {
 public:
  endpoint(virtual_network& network, int index, tcp::tcp_sock& sk) : network_(&network), index_(index), sk_(&sk) {}

  [[nodiscard]] tcp::tcp& tcp() const { return network_->tcp(index_); }
  [[nodiscard]] tcp::tcp_sock& sk() const { return *sk_; }
  /// Writes a text or a piece of the pattern; what sendmsg returned.
  ssize_t write(std::string_view text, int flags = 0) const;
  ssize_t write(std::span<const std::byte> bytes, int flags = 0) const;
  /// What recvmsg returned, and the bytes if it was not negative.
  struct reading {
    ssize_t result = 0;
    std::vector<std::byte> bytes;
    [[nodiscard]] std::string text() const;
  };
  [[nodiscard]] reading read(std::size_t bytes = 65536, int flags = 0) const;
  int shutdown(int how) const { return tcp().shutdown(*sk_, how); }
  void close() const { tcp().close(*sk_); }
  [[nodiscard]] int state() const { return tcp().state(*sk_); }
  [[nodiscard]] std::uint32_t poll() const { return tcp().poll(*sk_); }
  int set(int level, int name, int value) const;
  [[nodiscard]] int get(int level, int name) const;

 private:
  virtual_network* network_;
  int index_;
  tcp::tcp_sock* sk_;
};

/// An established connection from host 0 (client) to host 1 (server).
struct connected_pair {
  endpoint client;
  endpoint server;
  endpoint listener;
};
/// Listens on `port` of host 1, connects and accepts. Throws std::runtime_error if that does not come to be.
[[nodiscard]] connected_pair connect_pair(virtual_network& network, std::uint16_t port = 2222, int backlog = 8);

/// Writes `bytes` of the pattern at one end and reads them at the other; empty if all of it came, else what was wrong.
[[nodiscard]] std::string transfer(virtual_network& network, const endpoint& from, const endpoint& to,
                                   std::size_t bytes, std::uint64_t limit_ms = 600'000);

}  // namespace fourtuple::support
