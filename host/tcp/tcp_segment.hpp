// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "host/ip/ipv4.hpp"
#include "host/packet/addresses.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"

namespace fourtuple::tcp {

/// A received segment as the state machine sees it (Linux: sk_buff with tcphdr and tcp_skb_cb). Trimmed as it is worked
/// off, so a copy each.
struct rx_segment {
  packet::connection_tuple tuple;  ///< Seen from this host.
  std::uint32_t hash = 0;          ///< inet_ehashfn(tuple), if that was needed to find its sock; 0: not known.
  std::uint32_t seq = 0;
  std::uint32_t end_seq = 0;  ///< seq + payload + SYN + FIN.
  std::uint32_t ack_seq = 0;
  packet::tcp_flags flags;
  std::uint16_t window = 0;  ///< As it stands in the header, not scaled.
  std::uint16_t urgent_pointer = 0;
  std::uint16_t gso_size = 0;  ///< Payload of each of the segments that this one stands for; 0: it is one.
  std::uint8_t ttl = 0;
  std::uint8_t ecn = 0;           ///< The two bits of its IP header (RFC 3168 5).
  std::uint8_t option_bytes = 0;  ///< Of its TCP header.
  packet::tcp_options options;
  std::span<const std::byte> payload;
  std::span<const std::span<const std::byte>> frag_list;  ///< Of a unit that GRO made: what comes behind payload.
  std::uint32_t frag_bytes = 0;                           ///< Of frag_list.
  std::uint32_t trimmed_bytes = 0;                        ///< Of payload that trim_front() has dropped.

  [[nodiscard]] std::uint32_t tcp_header_bytes() const noexcept {
    return static_cast<std::uint32_t>(packet::tcp_header::bytes) + option_bytes;
  }
  /// IPv4's without options, and TCP's.
  [[nodiscard]] std::uint32_t header_bytes() const noexcept {
    return static_cast<std::uint32_t>(packet::ipv4_header::min_bytes) + tcp_header_bytes();
  }
  /// Bytes of payload and frag_list.
  [[nodiscard]] std::uint32_t bytes() const noexcept { return static_cast<std::uint32_t>(payload.size()) + frag_bytes; }
  /// Bytes of payload as it arrived (Linux: skb->len, which keeps what was received before).
  [[nodiscard]] std::uint32_t skb_bytes() const noexcept { return bytes() + trimmed_bytes; }
  /// Segments on the wire (Linux: max(1, skb_shinfo(skb)->gso_segs)).
  [[nodiscard]] std::uint32_t gso_segs() const noexcept;
  /// The first segment of a unit alone.
  [[nodiscard]] rx_segment first_of_unit() const noexcept;
  /// Takes the first segment off a unit that has more.
  void next_of_unit() noexcept;

  // Of a segment that is no unit:
  /// Drops bytes that were received before, from the front; SYN counts as the first.
  void trim_front(std::uint32_t to_seq) noexcept;
  /// Drops what lies at or behind `to_seq`, FIN included.
  void trim_back(std::uint32_t to_seq) noexcept;
};

}  // namespace fourtuple::tcp
