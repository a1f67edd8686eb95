// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/nic/connection_hash.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// What the device finds out about a received frame by itself: docs/device.md, Parsing. Fields are those of
/// regs::frame_completion; what is not given is 0.
struct frame_offload {
  regs::packet_class packet_class = regs::packet_class::other;
  bool vlan = false;
  std::uint8_t l3_offset = 14;
  std::uint8_t l4_offset = 0;
  std::uint8_t payload_offset = 0;
  bool ip_checked = false;
  bool ip_good = false;
  bool l4_checked = false;
  bool l4_good = false;
  std::uint16_t raw_sum = 0;
  std::uint32_t hash = 0;
  connection_tuple tuple;  ///< ipv4_tcp, ipv4_udp.
};

/// `frame` starts with the Ethernet header and has at least 60 bytes.
[[nodiscard]] frame_offload offload_frame(std::span<const std::byte> frame, std::uint32_t hash_secret) noexcept;

/// Whether the destination address is received (docs/device.md, Receive, rule 4). `mac_address` has the first byte on
/// the wire in bits 7:0.
[[nodiscard]] bool destination_accepted(std::span<const std::byte> frame, std::uint64_t mac_address, bool promiscuous,
                                        bool all_multicast) noexcept;

}  // namespace fourtuple::model::nic
