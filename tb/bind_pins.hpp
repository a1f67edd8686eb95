// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tb/nic_pins.hpp"

namespace fourtuple::tb {

/// Points `pins` at the ports of a class that Verilator made from fourtuple_nic.
template <typename Model>
nic_pins bind_pins(Model& model) {
  nic_pins pins;
  pins.clk = &model.clk_i;
  pins.rst_n = &model.rst_ni;

  pins.s_axil_awaddr = &model.s_axil_awaddr;
  pins.s_axil_awvalid = &model.s_axil_awvalid;
  pins.s_axil_awready = &model.s_axil_awready;
  pins.s_axil_wdata = &model.s_axil_wdata;
  pins.s_axil_wstrb = &model.s_axil_wstrb;
  pins.s_axil_wvalid = &model.s_axil_wvalid;
  pins.s_axil_wready = &model.s_axil_wready;
  pins.s_axil_bresp = &model.s_axil_bresp;
  pins.s_axil_bvalid = &model.s_axil_bvalid;
  pins.s_axil_bready = &model.s_axil_bready;
  pins.s_axil_araddr = &model.s_axil_araddr;
  pins.s_axil_arvalid = &model.s_axil_arvalid;
  pins.s_axil_arready = &model.s_axil_arready;
  pins.s_axil_rdata = &model.s_axil_rdata;
  pins.s_axil_rresp = &model.s_axil_rresp;
  pins.s_axil_rvalid = &model.s_axil_rvalid;
  pins.s_axil_rready = &model.s_axil_rready;

  pins.m_axi_awaddr = &model.m_axi_awaddr;
  pins.m_axi_awlen = &model.m_axi_awlen;
  pins.m_axi_awsize = &model.m_axi_awsize;
  pins.m_axi_awburst = &model.m_axi_awburst;
  pins.m_axi_awvalid = &model.m_axi_awvalid;
  pins.m_axi_awready = &model.m_axi_awready;
  pins.m_axi_wdata = model.m_axi_wdata.data();
  pins.m_axi_wstrb = &model.m_axi_wstrb;
  pins.m_axi_wlast = &model.m_axi_wlast;
  pins.m_axi_wvalid = &model.m_axi_wvalid;
  pins.m_axi_wready = &model.m_axi_wready;
  pins.m_axi_bresp = &model.m_axi_bresp;
  pins.m_axi_bvalid = &model.m_axi_bvalid;
  pins.m_axi_bready = &model.m_axi_bready;
  pins.m_axi_araddr = &model.m_axi_araddr;
  pins.m_axi_arlen = &model.m_axi_arlen;
  pins.m_axi_arsize = &model.m_axi_arsize;
  pins.m_axi_arburst = &model.m_axi_arburst;
  pins.m_axi_arvalid = &model.m_axi_arvalid;
  pins.m_axi_arready = &model.m_axi_arready;
  pins.m_axi_rdata = model.m_axi_rdata.data();
  pins.m_axi_rresp = &model.m_axi_rresp;
  pins.m_axi_rlast = &model.m_axi_rlast;
  pins.m_axi_rvalid = &model.m_axi_rvalid;
  pins.m_axi_rready = &model.m_axi_rready;

  pins.s_axis_tdata = model.s_axis_tdata.data();
  pins.s_axis_tkeep = &model.s_axis_tkeep;
  pins.s_axis_tvalid = &model.s_axis_tvalid;
  pins.s_axis_tready = &model.s_axis_tready;
  pins.s_axis_tlast = &model.s_axis_tlast;
  pins.s_axis_tuser = &model.s_axis_tuser;
  pins.m_axis_tdata = model.m_axis_tdata.data();
  pins.m_axis_tkeep = &model.m_axis_tkeep;
  pins.m_axis_tvalid = &model.m_axis_tvalid;
  pins.m_axis_tready = &model.m_axis_tready;
  pins.m_axis_tlast = &model.m_axis_tlast;

  pins.counted = &model.rootp->fourtuple_nic__DOT__i_core__DOT__i_counters__DOT__count_i;
  pins.quiet = &model.quiet_o;
  pins.quiet_clocks = &model.quiet_clocks_o;
  pins.skip = &model.skip_i;
  return pins;
}

}  // namespace fourtuple::tb
