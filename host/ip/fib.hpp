// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "host/ip/ipv4.hpp"

namespace fourtuple::ip {

/// The host's addresses and routes: one network for each device, a gateway, and the local table, by which the host's
/// own addresses and 127.0.0.0/8 are reached over the loopback device (Linux: fib_lookup on a host).
class fib {
 public:
  /// `loopback` is not owned.
  explicit fib(net_device& loopback) noexcept : loopback_(loopback) {}

  void add(net_device& device, packet::ipv4_address address, unsigned prefix_length);
  void set_gateway(packet::ipv4_address gateway) noexcept { gateway_ = gateway; }

  /// One of the host's own addresses, or of 127.0.0.0/8.
  [[nodiscard]] bool is_local(packet::ipv4_address address) const noexcept;
  /// 255.255.255.255, or the highest address of a device's network (RFC 1122 3.2.1.3).
  [[nodiscard]] bool is_broadcast(packet::ipv4_address address) const noexcept;
  /// No host can have it: any, loopback, group, broadcast, class E (RFC 1122 3.2.1.3).
  [[nodiscard]] bool is_martian(packet::ipv4_address address) const noexcept;
  /// The local table first, then the longest prefix, then the gateway.
  [[nodiscard]] std::optional<route> lookup(packet::ipv4_address destination) const noexcept;

 private:
  struct network {
    net_device* device;
    packet::ipv4_address address;
    std::uint32_t mask;
    [[nodiscard]] bool contains(packet::ipv4_address other) const noexcept {
      return ((other.value ^ address.value) & mask) == 0;
    }
  };
  [[nodiscard]] const network* on_link(packet::ipv4_address address) const noexcept;

  net_device& loopback_;
  std::vector<network> networks_;
  std::optional<packet::ipv4_address> gateway_;
};

}  // namespace fourtuple::ip
