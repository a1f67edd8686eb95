// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The registers behind slices, which make their idleness a matter of registers.
///
/// latency, throughput, backpressure, errors  as fourtuple_nic_regs, with 1 clock more for what comes in
/// quiet_o                                    no access is in progress, and no register changes
module nic_registers #(
    parameter int unsigned QUEUES = 16  // queues whose registers are there; one MSI-X vector more
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

    output fourtuple_nic_regs_pkg::reg2hw_t     reg2hw_o,
    input  wire fourtuple_nic_regs_pkg::hw2reg_t hw2reg_i,
    output logic                                register_error_o,  // a pulse for each access that was refused
    output logic                                quiet_o
);
  logic [15:0] awaddr, araddr;
  logic [2:0] awprot, arprot;
  logic [31:0] wdata;
  logic [3:0] wstrb;
  logic awvalid, awready, wvalid, wready, arvalid, arready, regs_quiet;

  axil_slice i_slice (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_arvalid,
      .s_axil_arready,
      .m_axil_awaddr(awaddr),
      .m_axil_awprot(awprot),
      .m_axil_awvalid(awvalid),
      .m_axil_awready(awready),
      .m_axil_wdata(wdata),
      .m_axil_wstrb(wstrb),
      .m_axil_wvalid(wvalid),
      .m_axil_wready(wready),
      .m_axil_araddr(araddr),
      .m_axil_arprot(arprot),
      .m_axil_arvalid(arvalid),
      .m_axil_arready(arready)
  );

  fourtuple_nic_regs #(
      .QUEUES_PRESENT(QUEUES),
      .MSIX_PRESENT(QUEUES + 1)
  ) i_regs (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr(awaddr),
      .s_axil_awprot(awprot),
      .s_axil_awvalid(awvalid),
      .s_axil_awready(awready),
      .s_axil_wdata(wdata),
      .s_axil_wstrb(wstrb),
      .s_axil_wvalid(wvalid),
      .s_axil_wready(wready),
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr(araddr),
      .s_axil_arprot(arprot),
      .s_axil_arvalid(arvalid),
      .s_axil_arready(arready),
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .reg2hw_o,
      .hw2reg_i,
      .register_error_o,
      .quiet_o(regs_quiet)
  );

  assign quiet_o = !awvalid && !wvalid && !arvalid && !s_axil_bvalid && !s_axil_rvalid && regs_quiet;
endmodule

`default_nettype wire
