// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>

#include "model/pcie/tlp.hpp"

namespace fourtuple::model::pcie {

/// Of a link, as PCIe has it: upstream is towards the root complex.
enum class tlp_direction : std::uint8_t { downstream = 0, upstream = 1 };

/// A TLP on a link. `packet` is valid during the call.
struct tlp_event {
  tlp_direction way;
  sc_core::sc_time start;    ///< Its first bit is on the lanes.
  sc_core::sc_time end;      ///< Its last bit is.
  std::uint32_t wire_bytes;  ///< 0 for a write_acknowledge, which is not PCIe's.
  const tlp& packet;
};

/// Sees every TLP of a link: protocol analysers, statistics.
///
/// Called when a packet is sent, which is at or before its start. That is the order of starts in each direction, but
/// for read requests that wait for flow control credits; between the directions there is no order: a device may run
/// ahead of the kernel.
class tlp_observer {
 public:
  tlp_observer() = default;
  tlp_observer(const tlp_observer&) = delete;
  tlp_observer& operator=(const tlp_observer&) = delete;
  virtual ~tlp_observer() = default;

  virtual void on_tlp(const tlp_event& event) = 0;
};

}  // namespace fourtuple::model::pcie
