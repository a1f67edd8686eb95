// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>

#include "model/pcie/requester.hpp"
#include "model/pcie/tlp_port.hpp"
#include "model/wire/frame_port.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// What a NIC is told when it is built. The same for both kinds.
struct nic_config {
  std::uint64_t clock_period_ps = 4'000;  ///< 250 MHz.
  std::uint32_t queues = 16;              ///< A power of two, 1 to 16.
  std::uint32_t buckets_log2 = 14;
  std::uint32_t overflow_lines_log2 = 13;
  std::uint64_t line_rate_bits_per_s = 100'000'000'000;  ///< Of the MAC.
  pcie::requester_limits requester;
};

/// Clocks of a cycle-accurate device; both 0 for a functional one.
struct nic_clocks {
  std::uint64_t evaluated = 0;
  std::uint64_t skipped = 0;
};

/// A NIC as the simulator sees it: two PCIe directions and two Ethernet directions. The Verilated RTL (tb/rtl_nic.hpp)
/// and the functional model (functional_nic.hpp) are both one, with the same registers, records and results
/// (docs/device.md).
class nic : public sc_core::sc_module {
 public:
  pcie::tlp_out& upstream() noexcept { return upstream_; }
  wire::frame_out& ethernet_out() noexcept { return ethernet_out_; }
  pcie::tlp_in& downstream() noexcept { return downstream_; }
  wire::frame_in& ethernet_in() noexcept { return ethernet_in_; }

  /// The link to the host was down and is up again, which resets the device (PCIe 6.6.1, hot reset): as a
  /// function-level reset that reaches it at `when`, later than anything that it may have simulated already.
  void hot_reset(sc_core::sc_time when) {
    pcie::tlp start;
    start.type = pcie::tlp_type::memory_write;
    start.address = regs::device_function_reset;
    start.length_bytes = 4;
    start.data.resize(4);
    start.data[0] = std::byte{regs::device_function_reset::start_mask};
    on_tlp(std::move(start), when);
  }

  [[nodiscard]] virtual nic_clocks clocks() const noexcept = 0;

  /// Called for each frame or command that the device drops: `counter` is the register offset of the counter that
  /// counts it (docs/device.md has the reasons), `when` the device's clock edge, which may be ahead of the kernel's
  /// time. Nothing to listen to costs nothing to speak of.
  using drop_callback = std::function<void(std::uint32_t counter, sc_core::sc_time when)>;
  virtual void set_drop_callback(drop_callback on_drop) = 0;

 protected:
  explicit nic(sc_core::sc_module_name name)
      : sc_module(name),
        upstream_("upstream"),
        ethernet_out_("ethernet_out"),
        downstream_("downstream",
                    [this](pcie::tlp&& packet, sc_core::sc_time arrival) { on_tlp(std::move(packet), arrival); }),
        ethernet_in_("ethernet_in", [this](wire::frame&& content, sc_core::sc_time arrival) {
          on_frame(std::move(content), arrival);
        }) {}

  /// A TLP from the host that will have arrived at `arrival`.
  virtual void on_tlp(pcie::tlp&& packet, sc_core::sc_time arrival) = 0;
  /// A frame from the wire whose last byte will have arrived at `arrival`.
  virtual void on_frame(wire::frame&& content, sc_core::sc_time arrival) = 0;

  pcie::tlp_out upstream_;
  wire::frame_out ethernet_out_;

 private:
  pcie::tlp_in downstream_;
  wire::frame_in ethernet_in_;
};

}  // namespace fourtuple::model::nic
