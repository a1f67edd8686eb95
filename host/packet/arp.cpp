// SPDX-License-Identifier: Apache-2.0
#include "host/packet/arp.hpp"

#include "host/base/byte_order.hpp"
#include "host/packet/ethernet.hpp"

namespace fourtuple::packet {

namespace {
constexpr std::uint16_t hardware_ethernet = 1;
constexpr std::uint8_t hardware_address_bytes = 6;
constexpr std::uint8_t protocol_address_bytes = 4;
}  // namespace

std::optional<arp_packet> parse_arp(std::span<const std::byte> payload) noexcept {
  if (payload.size() < arp_packet::bytes) return std::nullopt;
  if (base::load_be16(payload, 0) != hardware_ethernet || base::load_be16(payload, 2) != eth_p_ip ||
      base::load_be8(payload, 4) != hardware_address_bytes || base::load_be8(payload, 5) != protocol_address_bytes) {
    return std::nullopt;
  }
  return arp_packet{.op = static_cast<arp_op>(base::load_be16(payload, 6)),
                    .sender_mac = load_mac(payload, 8),
                    .sender_ip = {base::load_be32(payload, 14)},
                    .target_mac = load_mac(payload, 18),
                    .target_ip = {base::load_be32(payload, 24)}};
}

void write_arp(std::span<std::byte> out, const arp_packet& packet) noexcept {
  base::store_be16(out, 0, hardware_ethernet);
  base::store_be16(out, 2, eth_p_ip);
  base::store_be8(out, 4, hardware_address_bytes);
  base::store_be8(out, 5, protocol_address_bytes);
  base::store_be16(out, 6, static_cast<std::uint16_t>(packet.op));
  store_mac(out, 8, packet.sender_mac);
  base::store_be32(out, 14, packet.sender_ip.value);
  store_mac(out, 18, packet.target_mac);
  base::store_be32(out, 24, packet.target_ip.value);
}

}  // namespace fourtuple::packet
