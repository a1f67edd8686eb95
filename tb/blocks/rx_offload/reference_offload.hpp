// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tb/blocks/table/reference_jhash.hpp"

namespace fourtuple::tb {

using frame_bytes = std::vector<std::uint8_t>;

enum class packet_class : std::uint8_t { other, arp, ipv4_other, ipv4_fragment, ipv4_tcp, ipv4_udp, ipv4_bad };

struct offload_config {
  std::uint64_t mac_address = 0;  ///< First byte on the wire in bits 7:0.
  std::uint32_t max_frame_bytes = 1518;
  bool promiscuous = false;
  bool all_multicast = false;
  std::uint32_t hash_secret = 0;
  std::array<std::uint8_t, 128> indirection{};  ///< Queue of each hash modulo 128.
};

enum class drop_reason : std::uint8_t { none, mac_error, too_short, too_long, filtered };

/// What docs/device.md says about a frame, but for the table. Everything that is not given is 0.
struct expected_meta {
  drop_reason drop = drop_reason::none;  ///< If not none, nothing else is filled in.
  std::uint32_t length = 0;
  std::uint32_t l3_offset = 0;
  std::uint32_t l4_offset = 0;
  std::uint32_t payload_offset = 0;
  packet_class kind = packet_class::other;
  bool vlan = false;
  bool ip_checked = false;
  bool ip_good = false;
  bool l4_checked = false;
  bool l4_good = false;
  std::uint32_t raw_sum = 0;
  std::uint32_t hash = 0;
  tuple connection;  ///< ipv4_tcp, ipv4_udp.
};

/// Straight from docs/device.md (Receive, Parsing, The hash), a byte at a time.
[[nodiscard]] expected_meta reference_offload(const frame_bytes& frame, bool mac_error, const offload_config& config);

/// RFC 1071 sum of bytes [from, to) of the frame as big-endian words, plus `start`, folded, not inverted.
[[nodiscard]] std::uint32_t reference_sum(const frame_bytes& frame, std::size_t from, std::size_t to,
                                          std::uint64_t start = 0);

}  // namespace fourtuple::tb
