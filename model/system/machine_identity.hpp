// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "host/packet/addresses.hpp"

namespace fourtuple::model::system {

/// Who a machine is.
struct machine_identity {
  packet::mac_address mac;
  packet::ipv4_address address;
  unsigned prefix_length = 24;
  std::optional<packet::ipv4_address> gateway;
};

}  // namespace fourtuple::model::system
