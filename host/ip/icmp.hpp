// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "host/base/clock.hpp"
#include "host/ip/fib.hpp"
#include "host/ip/ipv4.hpp"
#include "host/ip/mib.hpp"
#include "host/packet/ipv4_header.hpp"

namespace fourtuple::ip {

/// So many a second on average, and `burst` at once (Linux: icmp_msgs_per_sec, icmp_msgs_burst).
class token_bucket {
 public:
  token_bucket(std::uint64_t per_second, std::uint64_t burst) noexcept
      : per_second_(per_second), burst_(burst), tokens_(burst) {}
  [[nodiscard]] bool take(std::uint64_t now_ns) noexcept;

 private:
  std::uint64_t per_second_;
  std::uint64_t burst_;
  std::uint64_t tokens_;
  std::uint64_t refilled_ns_ = 0;
};

/// ICMP for a host (RFC 792, RFC 1122 3.2.2): answers echo requests, hands errors to the protocols that they are about,
/// sends errors. Both kinds of answers are limited in rate.
///
/// Ownership: ip, routes, clock and counters are not owned. Threads: the stack's, one at a time.
class icmp {
 public:
  static constexpr std::uint64_t errors_per_second = 1'000;  ///< icmp_msgs_per_sec
  static constexpr std::uint64_t errors_burst = 50;          ///< icmp_msgs_burst
  static constexpr std::uint64_t echoes_per_second = 10'000;
  static constexpr std::uint64_t echoes_burst = 1'000;
  /// An error is no longer than this, its IPv4 header included (RFC 1812 4.3.2.3).
  static constexpr std::size_t max_error_bytes = 576;

  /// The handler of a protocol, nullptr if there is none.
  using protocol_lookup = std::function<protocol*(std::uint8_t)>;

  icmp(ipv4& ip, const fib& routes, base::clock& clock, mib_counters& counters, protocol_lookup find_protocol);

  void receive(const ipv4_packet& packet);

  /// Sends an error about a packet that came in, unless RFC 1122 3.2.2 forbids it or there were too many (Linux:
  /// icmp_send).
  void send_error(const packet::ipv4_datagram& about, std::uint8_t type, std::uint8_t code);

  /// Tells the protocol of a packet that this host could not send (Linux: ipv4_link_failure). `packet` starts at its
  /// IPv4 header.
  void deliver_error(std::uint8_t type, std::uint8_t code, std::uint16_t next_hop_mtu,
                     const packet::ipv4_datagram& about);

 private:
  void echo(const ipv4_packet& packet);
  void receive_error(std::uint8_t type, std::uint8_t code, std::uint32_t rest, std::span<const std::byte> quoted);
  void send(packet::ipv4_address source, packet::ipv4_address destination, std::uint8_t tos, std::uint8_t type,
            std::uint8_t code, std::uint32_t rest, std::span<const std::byte> first, std::span<const std::byte> second);

  ipv4& ip_;
  const fib& routes_;
  base::clock& clock_;
  mib_counters& counters_;
  protocol_lookup find_protocol_;
  token_bucket errors_{errors_per_second, errors_burst};
  token_bucket echoes_{echoes_per_second, echoes_burst};
};

}  // namespace fourtuple::ip
