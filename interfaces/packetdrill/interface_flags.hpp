// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/packet/addresses.hpp"

namespace fourtuple::packetdrill {

/// What is between the stack and the tool.
enum class nic_kind : std::uint8_t {
  none,   ///< No device of the project: packets are handed over as they are.
  model,  ///< Driver, PCIe link and the functional model of the NIC, and a wire.
  rtl,    ///< The same with the Verilated NIC.
};

/// What the text handed to packetdrill_interface_init says: "name=value" joined by commas, in any order.
struct interface_flags {
  packet::ipv4_address local{0xc0a80001};  ///< local=192.168.0.1/16: the stack's address and its network.
  unsigned local_prefix = 16;
  packet::ipv4_address gateway{0xc0a80001};  ///< gw=192.168.0.1; the local address itself means "across the link".
  packet::ipv4_address remote{0xc0000200};   ///< remote=192.0.2.0/24: the network that the tool speaks for.
  unsigned remote_prefix = 24;
  std::uint16_t mtu = 1500;   ///< mtu=1500: bytes of the largest IPv4 packet.
  std::uint16_t gro_mss = 0;  ///< gro_mss=1460: a larger payload stands for so many segments of this size; 0: for one.
  nic_kind nic = nic_kind::none;      ///< nic=none, model or rtl.
  std::string sysctls = "/proc/sys";  ///< sysctls=/proc/sys: where settings are read when a socket is made.
};

/// Reads the flags; `text` may be empty. Throws std::invalid_argument that says which flag is wrong.
[[nodiscard]] interface_flags parse_interface_flags(std::string_view text);

}  // namespace fourtuple::packetdrill
