// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace fourtuple::tb {

inline constexpr std::uint32_t bus_bytes = 64;  ///< Of the AXI4 and AXI-Stream data buses.

/// The ports of fourtuple_nic, as places in the Verilated model: nothing is copied. Names are the RTL's; wide data is
/// 16 words, least significant first, which on a little-endian host is lane 0 first. Inputs are marked.
struct nic_pins {
  std::uint8_t* clk = nullptr;    // input
  std::uint8_t* rst_n = nullptr;  // input

  std::uint16_t* s_axil_awaddr = nullptr;  // input
  std::uint8_t* s_axil_awvalid = nullptr;  // input
  const std::uint8_t* s_axil_awready = nullptr;
  std::uint32_t* s_axil_wdata = nullptr;  // input
  std::uint8_t* s_axil_wstrb = nullptr;   // input
  std::uint8_t* s_axil_wvalid = nullptr;  // input
  const std::uint8_t* s_axil_wready = nullptr;
  const std::uint8_t* s_axil_bresp = nullptr;
  const std::uint8_t* s_axil_bvalid = nullptr;
  std::uint8_t* s_axil_bready = nullptr;   // input
  std::uint16_t* s_axil_araddr = nullptr;  // input
  std::uint8_t* s_axil_arvalid = nullptr;  // input
  const std::uint8_t* s_axil_arready = nullptr;
  const std::uint32_t* s_axil_rdata = nullptr;
  const std::uint8_t* s_axil_rresp = nullptr;
  const std::uint8_t* s_axil_rvalid = nullptr;
  std::uint8_t* s_axil_rready = nullptr;  // input

  const std::uint64_t* m_axi_awaddr = nullptr;
  const std::uint8_t* m_axi_awlen = nullptr;
  const std::uint8_t* m_axi_awsize = nullptr;
  const std::uint8_t* m_axi_awburst = nullptr;
  const std::uint8_t* m_axi_awvalid = nullptr;
  std::uint8_t* m_axi_awready = nullptr;  // input
  const std::uint32_t* m_axi_wdata = nullptr;
  const std::uint64_t* m_axi_wstrb = nullptr;
  const std::uint8_t* m_axi_wlast = nullptr;
  const std::uint8_t* m_axi_wvalid = nullptr;
  std::uint8_t* m_axi_wready = nullptr;  // input
  std::uint8_t* m_axi_bresp = nullptr;   // input
  std::uint8_t* m_axi_bvalid = nullptr;  // input
  const std::uint8_t* m_axi_bready = nullptr;
  const std::uint64_t* m_axi_araddr = nullptr;
  const std::uint8_t* m_axi_arlen = nullptr;
  const std::uint8_t* m_axi_arsize = nullptr;
  const std::uint8_t* m_axi_arburst = nullptr;
  const std::uint8_t* m_axi_arvalid = nullptr;
  std::uint8_t* m_axi_arready = nullptr;  // input
  std::uint32_t* m_axi_rdata = nullptr;   // input
  std::uint8_t* m_axi_rresp = nullptr;    // input
  std::uint8_t* m_axi_rlast = nullptr;    // input
  std::uint8_t* m_axi_rvalid = nullptr;   // input
  const std::uint8_t* m_axi_rready = nullptr;

  std::uint32_t* s_axis_tdata = nullptr;  // input
  std::uint64_t* s_axis_tkeep = nullptr;  // input
  std::uint8_t* s_axis_tvalid = nullptr;  // input
  const std::uint8_t* s_axis_tready = nullptr;
  std::uint8_t* s_axis_tlast = nullptr;  // input
  std::uint8_t* s_axis_tuser = nullptr;  // input
  const std::uint32_t* m_axis_tdata = nullptr;
  const std::uint64_t* m_axis_tkeep = nullptr;
  const std::uint8_t* m_axis_tvalid = nullptr;
  std::uint8_t* m_axis_tready = nullptr;  // input
  const std::uint8_t* m_axis_tlast = nullptr;

  /// Not a port: the counters' pulses, bit i for the counter at counter_rx_frames + 8 i, the clock after what they
  /// count.
  const std::uint64_t* counted = nullptr;

  const std::uint8_t* quiet = nullptr;
  const std::uint64_t* quiet_clocks = nullptr;  ///< 48 bits; all ones: no timer.
  std::uint64_t* skip = nullptr;                // input
};

/// The Verilated NIC, with or without waveform code compiled in: the same to who uses it.
class verilated_nic {
 public:
  virtual ~verilated_nic() = default;
  [[nodiscard]] const nic_pins& pins() const noexcept { return pins_; }
  /// Lets the model settle after its inputs have changed. `time_ps` is for the waveform.
  virtual void evaluate(std::uint64_t time_ps) = 0;
  /// Whether evaluate() writes waveform. Does nothing without waveform code.
  virtual void set_tracing(bool on) = 0;
  /// Of everything that the model keeps: registers, memories, ports. Takes as long as some clocks. Not of one with
  /// waveform code or in a build with FOURTUPLE_COVERAGE, which throw std::logic_error.
  [[nodiscard]] virtual std::uint64_t state_hash() = 0;

 protected:
  nic_pins pins_;
};

/// The fast one.
[[nodiscard]] std::unique_ptr<verilated_nic> make_verilated_nic();
/// When a waveform is written, in simulated time.
struct trace_window {
  std::uint64_t from_ps = 0;
  std::uint64_t to_ps = ~std::uint64_t{0};
};
/// One that writes an FST waveform of everything into `trace_file`.
[[nodiscard]] std::unique_ptr<verilated_nic> make_traced_nic(const std::string& trace_file, const trace_window& window);

}  // namespace fourtuple::tb
