// SPDX-License-Identifier: Apache-2.0
#include "host/packet/udp.hpp"

#include "host/base/byte_order.hpp"

namespace fourtuple::packet {

std::optional<udp_datagram> parse_udp(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < udp_header::bytes) return std::nullopt;
  const udp_header header{.source_port = base::load_be16(bytes, 0),
                          .destination_port = base::load_be16(bytes, 2),
                          .length_bytes = base::load_be16(bytes, 4),
                          .checksum = base::load_be16(bytes, 6)};
  if (header.length_bytes < udp_header::bytes || header.length_bytes > bytes.size()) return std::nullopt;
  return udp_datagram{.header = header, .payload = bytes.first(header.length_bytes).subspan(udp_header::bytes)};
}

void write_udp(std::span<std::byte> out, const udp_header& header) noexcept {
  base::store_be16(out, 0, header.source_port);
  base::store_be16(out, 2, header.destination_port);
  base::store_be16(out, 4, header.length_bytes);
  base::store_be16(out, 6, header.checksum);
}

}  // namespace fourtuple::packet
