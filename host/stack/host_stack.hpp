// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/random_source.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/ipv4.hpp"
#include "host/ip/net_device.hpp"
#include "host/packet/addresses.hpp"
#include "host/tcp/tcp.hpp"
#include "host/tcp/tcp_config.hpp"

namespace fourtuple::stack {

/// What a host_stack is made with.
struct host_stack_config {
  tcp::tcp_config tcp;
  std::uint32_t ehash_entries = 1024;  ///< Buckets of established connections, rounded up to a power of two.
  std::uint32_t bhash_entries = 1024;  ///< Buckets of bound ports.
  /// Ephemeral ports, both ends included (Linux: net.ipv4.ip_local_port_range).
  std::array<std::uint16_t, 2> local_port_range{32'768, 60'999};
};

/// The network stack of one host: timers, IPv4, TCP and the socket tables, joined.
///
/// Sans-I/O: devices hand packets in through net_device_receiver, the owner calls run_timers() when next_deadline_ns()
/// has come. It never reads a clock, an entropy source or an environment variable by itself.
///
/// Ownership: clock, random source and devices are not owned and must live as long. Threads: one at a time.
class host_stack {
 public:
  host_stack(const host_stack_config& config, base::clock& clock, base::random_source& random);
  host_stack(const host_stack&) = delete;
  host_stack& operator=(const host_stack&) = delete;
  ~host_stack();

  /// Becomes the device's receiver.
  void add_device(ip::net_device& device, packet::ipv4_address address, unsigned prefix_length);
  void set_gateway(packet::ipv4_address gateway);

  /// When run_timers() has something to do next; base::never_ns if nothing is pending.
  [[nodiscard]] std::uint64_t next_deadline_ns() const noexcept;
  /// Does everything that is due by now.
  void run_timers();
  /// The same for an owner that has just read the clock, which says `now_ns`.
  void run_timers(std::uint64_t now_ns);

  [[nodiscard]] base::clock& clock() noexcept;
  [[nodiscard]] base::random_source& random() noexcept;
  [[nodiscard]] base::timer_wheel& timers() noexcept;
  [[nodiscard]] ip::ipv4& ip() noexcept;
  [[nodiscard]] tcp::tcp& tcp() noexcept;
  [[nodiscard]] sock::inet_hashinfo& hashinfo() noexcept;

  /// MIB counters of all layers, with Linux's names, in a fixed order.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::uint64_t>> counters() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace fourtuple::stack
