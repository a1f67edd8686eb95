// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/packet/addresses.hpp"
#include "host/socket/posix_api.hpp"

namespace fourtuple::programs {

/// A host that programs can be started on.
struct program_host {
  std::string name;
  packet::ipv4_address address;
  unsigned prefix_length = 24;
  socket::posix_api* sockets = nullptr;  ///< Not owned.

  [[nodiscard]] bool has_on_network(packet::ipv4_address other) const noexcept {
    const std::uint32_t mask = prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix_length);
    return (other.value & mask) == (address.value & mask);
  }
};

}  // namespace fourtuple::programs
