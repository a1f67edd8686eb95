// SPDX-License-Identifier: Apache-2.0
#include "host/driver/flow_queues.hpp"

#include "host/base/jhash.hpp"

namespace fourtuple::driver {

std::uint32_t connection_hash(const packet::connection_tuple& tuple, std::uint32_t secret) noexcept {
  const std::uint32_t foreign_port = tuple.foreign_port;
  return base::jhash_3words(tuple.local.network_order_little_endian(), tuple.foreign.network_order_little_endian(),
                            std::uint32_t{tuple.local_port} << 16U | foreign_port >> 8U | (foreign_port & 0xffU) << 8U,
                            secret);
}

}  // namespace fourtuple::driver
