// SPDX-License-Identifier: Apache-2.0
#include "host/driver/flow_queues.hpp"

#include <variant>

#include "host/base/byte_order.hpp"
#include "host/base/jhash.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"

namespace fourtuple::driver {

std::uint32_t connection_hash(const packet::connection_tuple& tuple, std::uint32_t secret) noexcept {
  const std::uint32_t foreign_port = tuple.foreign_port;
  return base::jhash_3words(tuple.local.network_order_little_endian(), tuple.foreign.network_order_little_endian(),
                            std::uint32_t{tuple.local_port} << 16U | foreign_port >> 8U | (foreign_port & 0xffU) << 8U,
                            secret);
}

std::optional<packet::connection_tuple> sent_connection(std::span<const std::byte> headers) noexcept {
  constexpr std::size_t ports_bytes = 4;
  const auto ethernet = packet::parse_ethernet(headers);
  if (!ethernet || ethernet->header.ether_type != packet::eth_p_ip) return std::nullopt;
  // The payload is elsewhere, so the datagram looks cut off, as one that an ICMP error quotes.
  const auto parsed = packet::parse_quoted_ipv4(ethernet->payload);
  const auto* datagram = std::get_if<packet::ipv4_datagram>(&parsed);
  if (datagram == nullptr || datagram->header.is_fragment() || datagram->payload.size() < ports_bytes)
    return std::nullopt;
  const auto& header = datagram->header;
  if (header.protocol != packet::ip_protocol::tcp && header.protocol != packet::ip_protocol::udp) return std::nullopt;
  return packet::connection_tuple{header.source, header.destination, base::load_be16(datagram->payload, 0),
                                  base::load_be16(datagram->payload, 2)};
}

}  // namespace fourtuple::driver
