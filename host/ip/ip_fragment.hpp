// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/mib.hpp"
#include "host/packet/ipv4_header.hpp"

namespace fourtuple::ip {

/// A packet put together from its fragments. The header is the first fragment's, as if the packet had come whole and
/// without options.
struct reassembled {
  packet::ipv4_header header;
  std::vector<std::byte> payload;
};

/// Puts IPv4 fragments together (RFC 791, RFC 815; Linux: ip_defrag).
///
/// A packet whose fragments are not all there after 30 s is given up (ipfrag_time). So is one whose fragments overlap:
/// RFC 5722 says so for IPv6, and Linux does it for IPv4; an exact duplicate is only dropped. All fragments together
/// take at most max_bytes; beyond that new ones are dropped. Fragments are copied.
///
/// Ownership: clock, timers and counters are not owned. Threads: the stack's, one at a time.
class ip_defrag {
 public:
  static constexpr std::uint64_t timeout_ns = 30 * base::ns_per_s;
  static constexpr std::size_t max_bytes = 4U << 20U;  ///< ipfrag_high_thresh
  static constexpr std::size_t fragment_overhead_bytes = 128;
  static constexpr std::size_t max_fragments = 4096;  ///< Of one packet.

  /// Told when a packet's time is over and its first fragment was there: its header bytes and the first bytes behind
  /// them (RFC 792: only then time exceeded is sent).
  using timeout_handler = std::function<void(const packet::ipv4_datagram&)>;

  ip_defrag(base::clock& clock, base::timer_wheel& timers, mib_counters& counters, timeout_handler on_timeout);
  ~ip_defrag();
  ip_defrag(const ip_defrag&) = delete;
  ip_defrag& operator=(const ip_defrag&) = delete;

  /// Takes a fragment; the whole packet if it was the last one missing.
  std::optional<reassembled> add(const packet::ipv4_datagram& fragment);

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct queue;
  struct key {
    packet::ipv4_address source;
    packet::ipv4_address destination;
    std::uint16_t id;
    std::uint8_t protocol;
    friend auto operator<=>(const key&, const key&) = default;
  };
  static void on_timer(base::timer& expired) noexcept;
  void timed_out(queue& late);
  queue* find_or_create(const key& which);
  bool insert(queue& to, const packet::ipv4_datagram& fragment);
  std::optional<reassembled> complete(queue& whole);
  void give_up(queue& which);
  void remove(queue& which);

  base::clock& clock_;
  base::timer_wheel& timers_;
  mib_counters& counters_;
  timeout_handler on_timeout_;
  std::map<key, std::unique_ptr<queue>> queues_;
  std::size_t bytes_ = 0;
};

}  // namespace fourtuple::ip
