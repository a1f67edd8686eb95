// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "host/packet/addresses.hpp"
#include "host/socket/posix_api.hpp"
#include "preload/protocol.hpp"

namespace fourtuple::programs {

/// A host that programs can be started on.
struct program_host {
  std::string name;
  packet::ipv4_address address;
  unsigned prefix_length = 24;
  bool has_gateway = false;                        ///< It reaches other networks as well.
  socket::posix_api* sockets = nullptr;            ///< Not owned.
  std::function<std::string(preload::view)> show;  ///< Its sockets and tables, as text.

  /// It sends there itself; otherwise an address is the kernel's business.
  [[nodiscard]] bool reaches(packet::ipv4_address other) const noexcept {
    return has_on_network(other) || (has_gateway && !other.is_loopback());
  }
  [[nodiscard]] bool has_on_network(packet::ipv4_address other) const noexcept {
    const std::uint32_t mask = prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix_length);
    return (other.value & mask) == (address.value & mask);
  }
};

}  // namespace fourtuple::programs
