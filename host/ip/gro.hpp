// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/packet/sk_buff.hpp"

namespace fourtuple::ip {

/// What a unit has behind its first segment (Linux: skb_shinfo(skb)->frag_list, gso_size).
struct gro_rest {
  static constexpr std::uint8_t fin = 0x01;  // As in a TCP header.
  static constexpr std::uint8_t psh = 0x08;

  std::span<const std::span<const std::byte>> payloads;
  std::uint32_t bytes = 0;  ///< Of them all.
  std::uint8_t flags = 0;   ///< FIN and PSH of the last one.
};

/// One received frame, or several TCP segments as one: the first of them, and the payloads of the rest. The headers are
/// the first one's, and skb.gso_size says how much payload each but the last has.
struct gro_unit {
  packet::sk_buff skb;
  gro_rest rest;
};

/// What the merging of received segments counts.
struct gro_counters {
  std::uint64_t units = 0;          ///< Handed on with more than one segment in them.
  std::uint64_t merged = 0;         ///< Segments in units, the first of each not included.
  std::uint64_t flush_refused = 0;  ///< Units that ended because the next segment of their flow did not fit to them,
  std::uint64_t flush_size = 0;     ///< because they would have become larger than a packet,
  std::uint64_t flush_full = 0;     ///< because too many flows were held at once.
};

/// Generic receive offload: in-order segments of a TCP connection that came in one poll become one sk_buff, so that
/// everything above works once for all of them (Linux: dev_gro_receive, inet_gro_receive, tcp_gro_receive).
///
/// A segment joins a unit if it is the next one in sequence and nothing about it says more than that of the unit: the
/// same Ethernet header, IPv4 type of service, time to live and DF, the same acknowledgement, window, flags and options
/// (timestamps and all) to the bit. Only the last one of a unit may be shorter than the first, or have PSH or FIN.
/// Without payload, with SYN, RST, URG or CWR, with IPv4 options, as a fragment, padded, or with a checksum that is not
/// known to be right (a verdict of the device, or its sum of the frame), it stays alone, and the unit of its flow ends
/// before it: within a flow the order never changes. IPv4 identifications go up by one where DF does not make them
/// meaningless.
///
/// Nothing is copied and no header changes. Everything is handed on when a poll's list ends, so nothing is ever
/// delayed.
///
/// Threads: the stack's, one at a time.
class gro {
 public:
  static constexpr std::size_t max_flows = 8;       ///< Held at once (Linux: MAX_GRO_SKBS, for each hash bucket).
  static constexpr std::size_t max_bytes = 65'536;  ///< An IPv4 packet must stay below it (Linux: GRO_LEGACY_MAX_SIZE).

  /// What becomes of the frames of one poll. The result is valid until the next call, as long as the frames' bytes are.
  [[nodiscard]] std::span<const gro_unit> receive(std::span<const packet::sk_buff> list);

  [[nodiscard]] const gro_counters& counters() const noexcept { return counters_; }

 private:
  struct segment;
  /// What is held back until it is known whether more follows (Linux: a list entry of napi->gro_hash).
  struct held {
    std::size_t skb = 0;             ///< In heads_.
    std::size_t first_fragment = 0;  ///< In payloads_, if segs is more than 1.
    std::size_t last_fragment = 0;
    std::uint32_t next_seq = 0;
    std::uint32_t bytes = 0;         ///< Of the IPv4 packet so far.
    std::uint32_t header_bytes = 0;  ///< From Ethernet's to the end of TCP's options.
    std::uint16_t mss = 0;           ///< Payload of each but the last.
    std::uint16_t segs = 1;
    std::uint16_t last_id = 0;
    std::uint8_t last_flags = 0;
  };
  void take(const packet::sk_buff& skb);
  [[nodiscard]] bool join_newest(const packet::sk_buff& skb);
  [[nodiscard]] held* find_flow(const segment& s) noexcept;
  [[nodiscard]] bool can_join(const held& unit, const segment& s) noexcept;
  void join(held& unit, std::span<const std::byte> payload, std::uint8_t flags, std::uint16_t id);
  [[nodiscard]] std::span<const std::span<const std::byte>> fragments_of(const held& unit);
  void hold(const packet::sk_buff& skb, const segment& s);
  void flush(held& unit);
  void flush_all();

  std::vector<held> held_;                            ///< Oldest first.
  std::vector<packet::sk_buff> heads_;                ///< First frames of what is or was held in this poll.
  std::vector<std::span<const std::byte>> payloads_;  ///< Of segments that joined a unit, as they came.
  std::vector<std::size_t> owners_;                   ///< held::skb of their units.
  std::size_t payloads_used_ = 0;                     ///< Of the two.
  std::vector<std::span<const std::byte>> gathered_;  ///< Those of units that others came between.
  std::vector<gro_unit> out_;
  gro_counters counters_;
};

}  // namespace fourtuple::ip
