// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

namespace fourtuple::model::nic {

/// One end of a connection as registers and the hash have it (docs/device.md, The hash).
struct connection_tuple {
  std::uint32_t local_address = 0;    ///< Bytes in network order, the first in 7:0.
  std::uint32_t foreign_address = 0;  ///< Likewise.
  std::uint16_t local_port = 0;       ///< A number.
  std::uint16_t foreign_port = 0;     ///< Bytes in network order, the first in 7:0.
  friend auto operator<=>(const connection_tuple&, const connection_tuple&) = default;
};

/// The final mix of Bob Jenkins' lookup3 over three words; Linux: jhash_3words.
[[nodiscard]] constexpr std::uint32_t jhash_3words(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                                   std::uint32_t initval) noexcept {
  const std::uint32_t start = 0xdeadbeefU + (3U << 2U) + initval;
  a += start;
  b += start;
  c += start;
  const auto mix = [](std::uint32_t& into, std::uint32_t from, int rotation) {
    into = (into ^ from) - std::rotl(from, rotation);
  };
  mix(c, b, 14);
  mix(a, c, 11);
  mix(b, a, 25);
  mix(c, b, 16);
  mix(a, c, 4);
  mix(b, a, 14);
  mix(c, b, 24);
  return c;
}

[[nodiscard]] constexpr std::uint32_t connection_hash(const connection_tuple& tuple, std::uint32_t secret) noexcept {
  return jhash_3words(tuple.local_address, tuple.foreign_address,
                      static_cast<std::uint32_t>(tuple.local_port) << 16U | tuple.foreign_port, secret);
}

}  // namespace fourtuple::model::nic
