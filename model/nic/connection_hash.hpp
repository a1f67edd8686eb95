// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

#include "host/base/jhash.hpp"

namespace fourtuple::model::nic {

/// One end of a connection as registers and the hash have it (docs/device.md, The hash).
struct connection_tuple {
  std::uint32_t local_address = 0;    ///< Bytes in network order, the first in 7:0.
  std::uint32_t foreign_address = 0;  ///< Likewise.
  std::uint16_t local_port = 0;       ///< A number.
  std::uint16_t foreign_port = 0;     ///< Bytes in network order, the first in 7:0.
  friend auto operator<=>(const connection_tuple&, const connection_tuple&) = default;
};

[[nodiscard]] constexpr std::uint32_t connection_hash(const connection_tuple& tuple, std::uint32_t secret) noexcept {
  return base::jhash_3words(tuple.local_address, tuple.foreign_address,
                            static_cast<std::uint32_t>(tuple.local_port) << 16U | tuple.foreign_port, secret);
}

}  // namespace fourtuple::model::nic
