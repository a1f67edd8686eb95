// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>

#include "model/pcie/tlp_port.hpp"
#include "model/wire/frame_port.hpp"
#include "tb/rtl_nic.hpp"

namespace fourtuple::bench {

/// The NIC as the simulator has it, in SystemC, doing the same as bare_nic: frames of 1 KiB come from a wire, and
/// whatever it writes is acknowledged and forgotten. `frame_every_clocks` is bare_nic::frame_clocks for what it does.
class systemc_nic : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(systemc_nic);
  systemc_nic(sc_core::sc_module_name name, std::uint64_t frame_every_clocks, bool skip_idle_clocks);

  /// Simulates until the rings are set up and the device is at rest.
  void set_up();
  /// Simulates so many clocks of receiving.
  void run(std::uint64_t clocks);
  /// Throws std::runtime_error unless every frame that was sent has been delivered.
  void check();
  [[nodiscard]] model::nic::nic_clocks clocks() const noexcept { return nic_.clocks(); }

 private:
  void feed();
  void from_nic(model::pcie::tlp&& packet, sc_core::sc_time ready);
  void write32(std::uint32_t offset, std::uint32_t value, sc_core::sc_time delay);

  std::uint64_t frame_every_clocks_;
  tb::rtl_nic nic_;
  model::pcie::tlp_out to_nic_;
  model::pcie::tlp_in from_nic_;
  model::wire::frame_out wire_;
  model::wire::frame_in sink_;
  sc_core::sc_event start_;
  std::uint64_t wanted_frames_ = 0;
  std::uint64_t sent_frames_ = 0;
  std::uint32_t value_read_ = 0;
};

}  // namespace fourtuple::bench
