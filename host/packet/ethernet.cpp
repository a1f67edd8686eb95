// SPDX-License-Identifier: Apache-2.0
#include "host/packet/ethernet.hpp"

#include "host/base/byte_order.hpp"

namespace fourtuple::packet {

std::optional<ethernet_frame> parse_ethernet(std::span<const std::byte> frame) noexcept {
  if (frame.size() < ethernet_header::untagged_bytes) return std::nullopt;
  ethernet_frame parsed;
  parsed.header.destination = load_mac(frame, 0);
  parsed.header.source = load_mac(frame, 6);
  parsed.header.ether_type = base::load_be16(frame, 12);
  if (parsed.header.ether_type == eth_p_8021q) {
    if (frame.size() < ethernet_header::tagged_bytes) return std::nullopt;
    const std::uint16_t tci = base::load_be16(frame, 14);
    parsed.header.vlan = vlan_tag{.vid = static_cast<std::uint16_t>(tci & 0xfff),
                                  .pcp = static_cast<std::uint8_t>(tci >> 13),
                                  .dei = (tci & 0x1000) != 0};
    parsed.header.ether_type = base::load_be16(frame, 16);
  }
  parsed.payload = frame.subspan(parsed.header.bytes());
  return parsed;
}

void write_ethernet(std::span<std::byte> out, const ethernet_header& header) noexcept {
  store_mac(out, 0, header.destination);
  store_mac(out, 6, header.source);
  if (header.vlan) {
    const unsigned tci =
        (header.vlan->pcp & 7U) << 13 | (header.vlan->dei ? 0x1000U : 0U) | (header.vlan->vid & 0xfffU);
    base::store_be16(out, 12, eth_p_8021q);
    base::store_be16(out, 14, static_cast<std::uint16_t>(tci));
  }
  base::store_be16(out, header.bytes() - 2, header.ether_type);
}

}  // namespace fourtuple::packet
