// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "model/wire/impairment_config.hpp"

namespace fourtuple::model::wire {

/// What a hop can read and write in a frame: as much of IPv4 and TCP as impairments need. Untagged Ethernet II only.

/// Where the IPv4 packet is in its frame, in bytes. Padding is not part of it.
struct ipv4_place {
  std::size_t offset;
  std::size_t header_bytes;
  std::size_t total_bytes;
};
/// Nothing if there is none, or if its lengths do not fit into the frame.
[[nodiscard]] std::optional<ipv4_place> find_ipv4(std::span<const std::byte> bytes);

[[nodiscard]] bool is_of_kind(std::span<const std::byte> bytes, segment_kind kind);

/// CE in place of ECT, with the header checksum brought up to date (RFC 3168 5, RFC 1624). False, and nothing is
/// changed, if the sender does not take part in ECN or the packet has been marked before.
bool mark_congestion(std::span<std::byte> bytes);

}  // namespace fourtuple::model::wire
