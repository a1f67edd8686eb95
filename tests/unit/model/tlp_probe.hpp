// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "model/pcie/tlp_port.hpp"

namespace fourtuple::model {

/// One end of a link for tests: sends what it is told to and keeps what it gets, with the time.
struct tlp_probe {
  struct received {
    pcie::tlp packet;
    sc_core::sc_time arrival;
  };
  explicit tlp_probe(const std::string& name)
      : out((name + "_out").c_str()), in((name + "_in").c_str(), [this](pcie::tlp&& packet, sc_core::sc_time arrival) {
          got.push_back({std::move(packet), arrival});
        }) {}

  pcie::tlp_out out;
  pcie::tlp_in in;
  std::vector<received> got;
};

/// As the endpoint (or root) of `wire`.
template <typename Link>
void bind_endpoint(tlp_probe& probe, Link& wire) {
  probe.out.socket.bind(wire.from_endpoint().socket);
  wire.to_endpoint().socket.bind(probe.in.socket);
}
template <typename Link>
void bind_root(tlp_probe& probe, Link& wire) {
  probe.out.socket.bind(wire.from_root().socket);
  wire.to_root().socket.bind(probe.in.socket);
}

inline std::vector<std::byte> bytes_of(std::size_t count, unsigned first) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>((first + i * 7) & 0xff);
  return bytes;
}

inline pcie::tlp memory_write(std::uint64_t address, std::vector<std::byte> data, std::uint16_t tag = 0) {
  pcie::tlp packet;
  packet.type = pcie::tlp_type::memory_write;
  packet.address = address;
  packet.length_bytes = static_cast<std::uint32_t>(data.size());
  packet.tag = tag;
  packet.data = std::move(data);
  return packet;
}

inline pcie::tlp memory_read(std::uint64_t address, std::uint32_t length_bytes, std::uint16_t tag = 0) {
  pcie::tlp packet;
  packet.type = pcie::tlp_type::memory_read;
  packet.address = address;
  packet.length_bytes = length_bytes;
  packet.tag = tag;
  return packet;
}

}  // namespace fourtuple::model
