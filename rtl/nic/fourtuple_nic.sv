// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The NIC: docs/device.md says what it does, and what its borders carry.
///
/// clock, reset  one clock; rst_ni is synchronous, low for at least 1 clock. After it everything is empty, disabled,
///               masked
/// s_axis        s_axis_tready is 1 from 1 clock after reset on: 1 beat per clock, always
/// m_axi         writes up to 1 beat per clock, reads as tx_engine asks; bready is always 1
/// quiet_o       from registers only; see docs/device.md, Idle clocks. skip_i is 0 in hardware
/// flr_i         as a PCIe core has it: synchronous, held until flr_done_o. 0 where there is none
module fourtuple_nic #(
    parameter int unsigned QUEUES = 16,              // queue pairs: a power of two, 1 to 16
    parameter int unsigned BUCKETS_LOG2 = 14,        // log2 of the connection table's buckets
    parameter int unsigned OVERFLOW_LINES_LOG2 = 13, // log2 of its overflow lines
    parameter int unsigned CLOCK_PERIOD_PS = 4000,   // only reported
    parameter int unsigned RX_FIFO_BEATS_LOG2 = 10,  // log2 of the receive buffer in beats of 64 bytes
    parameter int unsigned TX_FIFO_BEATS_LOG2 = 9,   // likewise for transmit
    parameter int unsigned COMMAND_DEPTH = 16,       // table commands that may be unanswered
    parameter bit TSO = 1'b1                         // transmitted frames may be cut into TCP segments
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic [15:0] s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    output logic      [1:0]  s_axil_bresp,
    output logic             s_axil_bvalid,
    input  wire logic        s_axil_bready,
    input  wire logic [15:0] s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,
    output logic      [31:0] s_axil_rdata,
    output logic      [1:0]  s_axil_rresp,
    output logic             s_axil_rvalid,
    input  wire logic        s_axil_rready,

    output logic      [0:0]   m_axi_awid,
    output logic      [63:0]  m_axi_awaddr,
    output logic      [7:0]   m_axi_awlen,
    output logic      [2:0]   m_axi_awsize,
    output logic      [1:0]   m_axi_awburst,
    output logic      [3:0]   m_axi_awcache,
    output logic      [2:0]   m_axi_awprot,
    output logic              m_axi_awvalid,
    input  wire logic         m_axi_awready,
    output logic      [511:0] m_axi_wdata,
    output logic      [63:0]  m_axi_wstrb,
    output logic              m_axi_wlast,
    output logic              m_axi_wvalid,
    input  wire logic         m_axi_wready,
    input  wire logic [0:0]   m_axi_bid,
    input  wire logic [1:0]   m_axi_bresp,
    input  wire logic         m_axi_bvalid,
    output logic              m_axi_bready,
    output logic      [0:0]   m_axi_arid,
    output logic      [63:0]  m_axi_araddr,
    output logic      [7:0]   m_axi_arlen,
    output logic      [2:0]   m_axi_arsize,
    output logic      [1:0]   m_axi_arburst,
    output logic      [3:0]   m_axi_arcache,
    output logic      [2:0]   m_axi_arprot,
    output logic              m_axi_arvalid,
    input  wire logic         m_axi_arready,
    input  wire logic [0:0]   m_axi_rid,
    input  wire logic [511:0] m_axi_rdata,
    input  wire logic [1:0]   m_axi_rresp,
    input  wire logic         m_axi_rlast,
    input  wire logic         m_axi_rvalid,
    output logic              m_axi_rready,

    input  wire logic [511:0] s_axis_tdata,
    input  wire logic [63:0]  s_axis_tkeep,
    input  wire logic         s_axis_tvalid,
    output logic              s_axis_tready,
    input  wire logic         s_axis_tlast,
    input  wire logic         s_axis_tuser,

    output logic      [511:0] m_axis_tdata,
    output logic      [63:0]  m_axis_tkeep,
    output logic              m_axis_tvalid,
    input  wire logic         m_axis_tready,
    output logic              m_axis_tlast,

    input  wire logic        flr_i,       // PCIe asks for a function-level reset; until flr_done_o
    output logic             flr_done_o,  // 1 from its end until flr_i is 0

    output logic             quiet_o,
    output logic      [47:0] quiet_clocks_o,
    input  wire logic [47:0] skip_i
);
  logic core_rst_n, core_quiet, function_reset, reset_quiet;
  logic awvalid, awready, wvalid, wready, arvalid, arready;
  logic axil_awvalid, axil_awready, axil_wvalid, axil_wready, axil_arvalid, axil_arready;
  logic rx_valid, unused_rx_ready, tx_valid, tx_ready;

  function_reset i_function_reset (
      .clk_i,
      .rst_ni,
      .flr_i,
      .flr_done_o,
      .start_i(function_reset),
      .reset_no(core_rst_n),
      .quiet_o(reset_quiet),
      .c_awvalid_i(awvalid),
      .c_awready_o(awready),
      .m_awvalid_o(m_axi_awvalid),
      .m_awready_i(m_axi_awready),
      .c_wvalid_i(wvalid),
      .c_wlast_i(m_axi_wlast),
      .c_wready_o(wready),
      .m_wvalid_o(m_axi_wvalid),
      .m_wready_i(m_axi_wready),
      .m_bvalid_i(m_axi_bvalid),
      .c_arvalid_i(arvalid),
      .c_arready_o(arready),
      .m_arvalid_o(m_axi_arvalid),
      .m_arready_i(m_axi_arready),
      .m_rvalid_i(m_axi_rvalid),
      .m_rlast_i(m_axi_rlast),
      .c_rready_i(m_axi_rready),
      .s_awvalid_i(s_axil_awvalid),
      .s_awready_o(s_axil_awready),
      .c_axil_awvalid_o(axil_awvalid),
      .c_axil_awready_i(axil_awready),
      .s_wvalid_i(s_axil_wvalid),
      .s_wready_o(s_axil_wready),
      .c_axil_wvalid_o(axil_wvalid),
      .c_axil_wready_i(axil_wready),
      .c_axil_bvalid_i(s_axil_bvalid),
      .s_bready_i(s_axil_bready),
      .s_arvalid_i(s_axil_arvalid),
      .s_arready_o(s_axil_arready),
      .c_axil_arvalid_o(axil_arvalid),
      .c_axil_arready_i(axil_arready),
      .c_axil_rvalid_i(s_axil_rvalid),
      .s_rready_i(s_axil_rready),
      .s_axis_tvalid_i(s_axis_tvalid),
      .s_axis_tlast_i(s_axis_tlast),
      .s_axis_tready_o(s_axis_tready),
      .c_s_axis_tvalid_o(rx_valid),
      .c_m_axis_tvalid_i(tx_valid),
      .c_m_axis_tlast_i(m_axis_tlast),
      .c_m_axis_tready_o(tx_ready),
      .m_axis_tvalid_o(m_axis_tvalid),
      .m_axis_tready_i(m_axis_tready)
  );

  nic_core #(
      .QUEUES(QUEUES),
      .BUCKETS_LOG2(BUCKETS_LOG2),
      .OVERFLOW_LINES_LOG2(OVERFLOW_LINES_LOG2),
      .CLOCK_PERIOD_PS(CLOCK_PERIOD_PS),
      .RX_FIFO_BEATS_LOG2(RX_FIFO_BEATS_LOG2),
      .TX_FIFO_BEATS_LOG2(TX_FIFO_BEATS_LOG2),
      .COMMAND_DEPTH(COMMAND_DEPTH),
      .TSO(TSO)
  ) i_core (
      .clk_i,
      .rst_ni(core_rst_n),
      .clock_rst_ni(rst_ni),
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_awvalid(axil_awvalid),
      .s_axil_awready(axil_awready),
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid(axil_wvalid),
      .s_axil_wready(axil_wready),
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_arvalid(axil_arvalid),
      .s_axil_arready(axil_arready),
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .m_axi_awid,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awsize,
      .m_axi_awburst,
      .m_axi_awcache,
      .m_axi_awprot,
      .m_axi_awvalid(awvalid),
      .m_axi_awready(awready),
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_wvalid(wvalid),
      .m_axi_wready(wready),
      .m_axi_bid,
      .m_axi_bresp,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_arid,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arsize,
      .m_axi_arburst,
      .m_axi_arcache,
      .m_axi_arprot,
      .m_axi_arvalid(arvalid),
      .m_axi_arready(arready),
      .m_axi_rid,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast,
      .m_axi_rvalid,
      .m_axi_rready,
      .s_axis_tdata,
      .s_axis_tkeep,
      .s_axis_tvalid(rx_valid),
      .s_axis_tready(unused_rx_ready),
      .s_axis_tlast,
      .s_axis_tuser,
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid(tx_valid),
      .m_axis_tready(tx_ready),
      .m_axis_tlast,
      .quiet_o(core_quiet),
      .quiet_clocks_o,
      .skip_i,
      .function_reset_o(function_reset)
  );

  assign quiet_o = core_quiet && reset_quiet && !s_axis_tvalid;
endmodule

`default_nettype wire
