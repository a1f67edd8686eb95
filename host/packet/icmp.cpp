// SPDX-License-Identifier: Apache-2.0
#include "host/packet/icmp.hpp"

#include "host/base/byte_order.hpp"

namespace fourtuple::packet {

std::optional<icmp_message> parse_icmp(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < icmp_header::bytes) return std::nullopt;
  return icmp_message{.header = {.type = base::load_be8(bytes, 0),
                                 .code = base::load_be8(bytes, 1),
                                 .checksum = base::load_be16(bytes, 2),
                                 .rest = base::load_be32(bytes, 4)},
                      .payload = bytes.subspan(icmp_header::bytes)};
}

void write_icmp(std::span<std::byte> out, const icmp_header& header) noexcept {
  base::store_be8(out, 0, header.type);
  base::store_be8(out, 1, header.code);
  base::store_be16(out, 2, header.checksum);
  base::store_be32(out, 4, header.rest);
}

}  // namespace fourtuple::packet
