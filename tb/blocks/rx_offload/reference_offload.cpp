// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/rx_offload/reference_offload.hpp"

#include <algorithm>

namespace fourtuple::tb {
namespace {

std::uint32_t big_endian_16(const frame_bytes& frame, std::size_t at) {
  return static_cast<std::uint32_t>(frame.at(at) << 8 | frame.at(at + 1));
}

std::uint32_t little_endian_32(const frame_bytes& frame, std::size_t at) {
  return static_cast<std::uint32_t>(frame.at(at) | frame.at(at + 1) << 8 | frame.at(at + 2) << 16) |
         std::uint32_t{frame.at(at + 3)} << 24;
}

drop_reason reason_to_drop(const frame_bytes& frame, bool mac_error, const offload_config& config) {
  if (mac_error) return drop_reason::mac_error;
  if (frame.size() < 60) return drop_reason::too_short;
  if (frame.size() > std::min(config.max_frame_bytes, 9600U)) return drop_reason::too_long;
  std::uint64_t destination = 0;
  for (std::size_t byte = 0; byte < 6; ++byte) destination |= std::uint64_t{frame[byte]} << (8 * byte);
  const bool accepted = config.promiscuous || destination == 0xffff'ffff'ffffULL || destination == config.mac_address ||
                        (config.all_multicast && (destination & 1) != 0);
  return accepted ? drop_reason::none : drop_reason::filtered;
}

/// The part of a transport header and its checksum that TCP and UDP share. `length` is what the checksum covers.
void fill_transport(expected_meta& meta, const frame_bytes& frame, std::size_t l4, std::size_t header,
                    std::size_t length, const offload_config& config) {
  const std::size_t l3 = meta.l3_offset;
  meta.l4_offset = static_cast<std::uint32_t>(l4);
  meta.payload_offset = static_cast<std::uint32_t>(l4 + header);
  meta.connection = {little_endian_32(frame, l3 + 16), little_endian_32(frame, l3 + 12),
                     static_cast<std::uint16_t>(big_endian_16(frame, l4 + 2)),
                     static_cast<std::uint16_t>(frame[l4] | frame[l4 + 1] << 8)};
  meta.hash = reference_hash(meta.connection, config.hash_secret);
  const std::uint64_t pseudo = reference_sum(frame, l3 + 12, l3 + 20) + frame[l3 + 9] + length;
  meta.l4_good = reference_sum(frame, l4, l4 + length, pseudo) == 0xffff;
}

packet_class parse_ipv4(expected_meta& meta, const frame_bytes& frame, const offload_config& config) {
  const std::size_t l3 = meta.l3_offset;
  const std::size_t header = (frame[l3] & 15U) * 4U;
  const std::size_t total = big_endian_16(frame, l3 + 2);
  if (frame[l3] >> 4 != 4 || header < 20 || total < header || l3 + total > frame.size()) return packet_class::ipv4_bad;
  const bool fragment = (big_endian_16(frame, l3 + 6) & 0x3fff) != 0;
  const std::uint8_t protocol = frame[l3 + 9];
  const std::size_t l4 = l3 + header;
  const std::size_t remaining = total - header;
  packet_class kind = packet_class::ipv4_other;
  if (fragment) {
    kind = packet_class::ipv4_fragment;
  } else if (protocol == 6) {
    if (remaining < 20) return packet_class::ipv4_bad;
    const std::size_t tcp_header = (frame[l4 + 12] >> 4) * 4U;
    if (tcp_header < 20 || tcp_header > remaining) return packet_class::ipv4_bad;
    kind = packet_class::ipv4_tcp;
    fill_transport(meta, frame, l4, tcp_header, remaining, config);
    meta.l4_checked = true;
  } else if (protocol == 17) {
    if (remaining < 8) return packet_class::ipv4_bad;
    const std::size_t udp_length = big_endian_16(frame, l4 + 4);
    if (udp_length < 8 || udp_length > remaining) return packet_class::ipv4_bad;
    kind = packet_class::ipv4_udp;
    fill_transport(meta, frame, l4, 8, udp_length, config);
    meta.l4_checked = big_endian_16(frame, l4 + 6) != 0;
    meta.l4_good = meta.l4_good && meta.l4_checked;
  }
  meta.ip_checked = true;
  meta.ip_good = reference_sum(frame, l3, l4) == 0xffff;
  return kind;
}

}  // namespace

std::uint32_t reference_sum(const frame_bytes& frame, std::size_t from, std::size_t to, std::uint64_t start) {
  std::uint64_t sum = start;
  for (std::size_t at = from; at < to; ++at) sum += (at - from) % 2 == 0 ? frame.at(at) * 256U : frame.at(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum);
}

expected_meta reference_offload(const frame_bytes& frame, bool mac_error, const offload_config& config) {
  expected_meta meta;
  meta.drop = reason_to_drop(frame, mac_error, config);
  if (meta.drop != drop_reason::none) return meta;
  meta.length = static_cast<std::uint32_t>(frame.size());
  meta.raw_sum = reference_sum(frame, 14, frame.size());
  meta.vlan = big_endian_16(frame, 12) == 0x8100;
  meta.l3_offset = meta.vlan ? 18 : 14;
  const std::uint32_t ether_type = big_endian_16(frame, meta.l3_offset - 2);
  if (ether_type == 0x0806) meta.kind = packet_class::arp;
  if (ether_type == 0x0800) meta.kind = parse_ipv4(meta, frame, config);
  return meta;
}

}  // namespace fourtuple::tb
