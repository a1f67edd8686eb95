// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/table/reference_jhash.hpp"

#include <array>
#include <bit>

namespace fourtuple::tb {

std::uint32_t reference_jhash_3words(std::uint32_t first, std::uint32_t second, std::uint32_t third,
                                     std::uint32_t initial) {
  const std::uint32_t start = 0xdeadbeefU + (3U << 2) + initial;
  std::array<std::uint32_t, 3> state{first + start, second + start, third + start};
  // Each step changes one word with the one before it, going round: c with b, a with c, b with a, ...
  std::size_t changed = 2;
  for (const int rotation : {14, 11, 25, 16, 4, 14, 24}) {
    const std::uint32_t other = state[(changed + 2) % 3];
    state[changed] = (state[changed] ^ other) - std::rotl(other, rotation);
    changed = (changed + 1) % 3;
  }
  return state[2];
}

std::uint32_t reference_hash(const tuple& connection, std::uint32_t secret) {
  return reference_jhash_3words(connection.local_address, connection.foreign_address,
                                std::uint32_t{connection.local_port} << 16 | connection.foreign_port, secret);
}

}  // namespace fourtuple::tb
