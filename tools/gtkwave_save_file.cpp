// SPDX-License-Identifier: Apache-2.0
#include "tools/gtkwave_save_file.hpp"

#include <fmt/format.h>

#include <span>
#include <string_view>

namespace fourtuple::tools {
namespace {

// Flags of a trace in GTKWave's save files (analyzer.h): how it is shown.
constexpr unsigned binary = 0x28;
constexpr unsigned hexadecimal = 0x22;
constexpr unsigned group_begin = 0x800200;
constexpr unsigned group_end = 0x1000200;

struct shown_signal {
  std::string_view label;
  std::string_view name;
  unsigned flags = binary;
};

constexpr shown_signal clock_signals[] = {
    {"clock", "nic.clk_i"}, {"quiet", "nic.quiet_o"}, {"clocks skipped", "nic.skip_i[47:0]", hexadecimal}};
constexpr shown_signal receive_signals[] = {{"valid", "nic.s_axis_tvalid"},
                                            {"last beat", "nic.s_axis_tlast"},
                                            {"bad frame", "nic.s_axis_tuser"},
                                            {"keep", "nic.s_axis_tkeep[63:0]", hexadecimal},
                                            {"data", "nic.s_axis_tdata[511:0]", hexadecimal}};
constexpr shown_signal transmit_signals[] = {{"valid", "nic.m_axis_tvalid"},
                                             {"ready", "nic.m_axis_tready"},
                                             {"last beat", "nic.m_axis_tlast"},
                                             {"keep", "nic.m_axis_tkeep[63:0]", hexadecimal},
                                             {"data", "nic.m_axis_tdata[511:0]", hexadecimal}};
constexpr shown_signal write_signals[] = {{"address valid", "nic.m_axi_awvalid"},
                                          {"address ready", "nic.m_axi_awready"},
                                          {"address", "nic.m_axi_awaddr[63:0]", hexadecimal},
                                          {"beats less 1", "nic.m_axi_awlen[7:0]", hexadecimal},
                                          {"data valid", "nic.m_axi_wvalid"},
                                          {"last beat", "nic.m_axi_wlast"},
                                          {"data", "nic.m_axi_wdata[511:0]", hexadecimal},
                                          {"answer valid", "nic.m_axi_bvalid"},
                                          {"answer", "nic.m_axi_bresp[1:0]"}};
constexpr shown_signal read_signals[] = {{"address valid", "nic.m_axi_arvalid"},
                                         {"address ready", "nic.m_axi_arready"},
                                         {"address", "nic.m_axi_araddr[63:0]", hexadecimal},
                                         {"beats less 1", "nic.m_axi_arlen[7:0]", hexadecimal},
                                         {"data valid", "nic.m_axi_rvalid"},
                                         {"last beat", "nic.m_axi_rlast"},
                                         {"data", "nic.m_axi_rdata[511:0]", hexadecimal}};
constexpr shown_signal register_signals[] = {{"write valid", "nic.s_axil_awvalid"},
                                             {"write address", "nic.s_axil_awaddr[15:0]", hexadecimal},
                                             {"write data", "nic.s_axil_wdata[31:0]", hexadecimal},
                                             {"read valid", "nic.s_axil_arvalid"},
                                             {"read address", "nic.s_axil_araddr[15:0]", hexadecimal},
                                             {"read data valid", "nic.s_axil_rvalid"},
                                             {"read data", "nic.s_axil_rdata[31:0]", hexadecimal}};

struct signal_group {
  std::string_view name;
  std::span<const shown_signal> signals;
};
constexpr signal_group groups[] = {{"Clock", clock_signals},
                                   {"Receive, from the MAC", receive_signals},
                                   {"Transmit, to the MAC", transmit_signals},
                                   {"Writes to host memory: frames, completions, interrupts", write_signals},
                                   {"Reads of host memory: descriptors, payload", read_signals},
                                   {"Registers, from the host", register_signals}};

}  // namespace

std::string gtkwave_save_file(const std::string& waveform, std::uint64_t from_ps) {
  std::string file =
      fmt::format("[dumpfile] \"{}\"\n[timestart] {}\n[size] 1600 900\n[sst_expanded] 1\n", waveform, from_ps);
  for (const signal_group& group : groups) {
    file += fmt::format("@{:x}\n-{}\n", group_begin, group.name);
    for (const shown_signal& signal : group.signals)
      file += fmt::format("@{:x}\n+{{{}}} {}\n", signal.flags, signal.label, signal.name);
    file += fmt::format("@{:x}\n-{}\n", group_end, group.name);
  }
  return file;
}

}  // namespace fourtuple::tools
