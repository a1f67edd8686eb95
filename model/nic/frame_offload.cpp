// SPDX-License-Identifier: Apache-2.0
#include "model/nic/frame_offload.hpp"

#include "model/nic/checksum.hpp"

namespace fourtuple::model::nic {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint16_t ethertype_vlan = 0x8100;
constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;
constexpr std::uint16_t checksum_right = 0xffff;  // What correct data, its checksum included, sums up to.

std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

std::uint16_t be16(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

std::uint16_t le16(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(byte_at(bytes, at + 1) << 8 | byte_at(bytes, at));
}

std::uint32_t le32(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(le16(bytes, at + 2)) << 16U | le16(bytes, at);
}

// `transport` ends where the length that counts for the checksum ends.
bool transport_checksum_right(std::span<const std::byte> ip, std::span<const std::byte> transport) noexcept {
  std::uint64_t sum = checksum_add(0, ip.subspan(12, 8));
  sum += byte_at(ip, 9);
  sum += transport.size();
  return checksum_fold(checksum_add(sum, transport)) == checksum_right;
}

// Fills in what tcp and udp have in common.
void describe_transport(frame_offload& result, std::span<const std::byte> ip, std::span<const std::byte> transport,
                        std::size_t header_bytes, std::uint32_t hash_secret) noexcept {
  const auto l4 = static_cast<std::size_t>(result.l3_offset) + (ip.size() - transport.size());
  result.l4_offset = static_cast<std::uint8_t>(l4);
  result.payload_offset = static_cast<std::uint8_t>(l4 + header_bytes);
  result.tuple = {.local_address = le32(ip, 16),
                  .foreign_address = le32(ip, 12),
                  .local_port = be16(transport, 2),
                  .foreign_port = le16(transport, 0)};
  result.hash = connection_hash(result.tuple, hash_secret);
}

// False: the transport header contradicts the packet.
bool parse_tcp(frame_offload& result, std::span<const std::byte> ip, std::span<const std::byte> transport,
               std::uint32_t hash_secret) noexcept {
  if (transport.size() < 20) return false;
  const auto header_bytes = static_cast<std::size_t>(byte_at(transport, 12) >> 4) * 4;
  if (header_bytes < 20 || header_bytes > transport.size()) return false;
  result.packet_class = regs::packet_class::ipv4_tcp;
  describe_transport(result, ip, transport, header_bytes, hash_secret);
  result.l4_checked = true;
  result.l4_good = transport_checksum_right(ip, transport);
  return true;
}

bool parse_udp(frame_offload& result, std::span<const std::byte> ip, std::span<const std::byte> transport,
               std::uint32_t hash_secret) noexcept {
  if (transport.size() < 8) return false;
  const std::size_t udp_bytes = be16(transport, 4);
  if (udp_bytes < 8 || udp_bytes > transport.size()) return false;
  result.packet_class = regs::packet_class::ipv4_udp;
  describe_transport(result, ip, transport, 8, hash_secret);
  result.l4_checked = be16(transport, 6) != 0;
  result.l4_good = result.l4_checked && transport_checksum_right(ip, transport.first(udp_bytes));
  return true;
}

void parse_ipv4(frame_offload& result, std::span<const std::byte> network, std::uint32_t hash_secret) noexcept {
  result.packet_class = regs::packet_class::ipv4_bad;
  const std::size_t header_bytes = static_cast<std::size_t>(byte_at(network, 0) & 0x0f) * 4;
  const std::size_t total_bytes = be16(network, 2);
  if (byte_at(network, 0) >> 4 != 4 || header_bytes < 20 || total_bytes < header_bytes || total_bytes > network.size())
    return;
  const auto ip = network.first(total_bytes);
  const auto transport = ip.subspan(header_bytes);
  const std::uint8_t protocol = byte_at(ip, 9);
  if ((be16(ip, 6) & 0x3fff) != 0) {
    result.packet_class = regs::packet_class::ipv4_fragment;
  } else if (protocol == protocol_tcp) {
    if (!parse_tcp(result, ip, transport, hash_secret)) return;
  } else if (protocol == protocol_udp) {
    if (!parse_udp(result, ip, transport, hash_secret)) return;
  } else {
    result.packet_class = regs::packet_class::ipv4_other;
  }
  result.ip_checked = true;
  result.ip_good = checksum_fold(checksum_add(0, ip.first(header_bytes))) == checksum_right;
}

}  // namespace

frame_offload offload_frame(std::span<const std::byte> frame, std::uint32_t hash_secret) noexcept {
  frame_offload result;
  result.raw_sum = checksum_fold(checksum_add(0, frame.subspan(14)));
  std::uint16_t ethertype = be16(frame, 12);
  if (ethertype == ethertype_vlan) {
    result.vlan = true;
    result.l3_offset = 18;
    ethertype = be16(frame, 16);
  }
  if (ethertype == ethertype_arp)
    result.packet_class = regs::packet_class::arp;
  else if (ethertype == ethertype_ipv4)
    parse_ipv4(result, frame.subspan(result.l3_offset), hash_secret);
  return result;
}

bool destination_accepted(std::span<const std::byte> frame, std::uint64_t mac_address, bool promiscuous,
                          bool all_multicast) noexcept {
  constexpr std::uint64_t broadcast = 0xffff'ffff'ffff;
  const std::uint64_t destination = static_cast<std::uint64_t>(le16(frame, 4)) << 32U | le32(frame, 0);
  const bool group = (destination & 1U) != 0;
  return promiscuous || destination == broadcast || destination == mac_address || (group && all_multicast);
}

}  // namespace fourtuple::model::nic
