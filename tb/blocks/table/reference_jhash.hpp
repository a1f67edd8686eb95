// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::tb {

/// One end of a connection in the numbers that enter the hash (docs/device.md, The hash).
struct tuple {
  std::uint32_t local_address = 0;    ///< First byte in bits 7:0.
  std::uint32_t foreign_address = 0;  ///< First byte in bits 7:0.
  std::uint16_t local_port = 0;       ///< A number.
  std::uint16_t foreign_port = 0;     ///< First byte in bits 7:0.

  auto operator<=>(const tuple&) const = default;
};

/// Bob Jenkins' lookup3 of three words, from its published definition: what the RTL is compared with.
[[nodiscard]] std::uint32_t reference_jhash_3words(std::uint32_t first, std::uint32_t second, std::uint32_t third,
                                                   std::uint32_t initial);

[[nodiscard]] std::uint32_t reference_hash(const tuple& connection, std::uint32_t secret);

}  // namespace fourtuple::tb
