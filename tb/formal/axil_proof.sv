// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// The register block behind its slices: AXI4-Lite's rules at s_axil, for any addresses, data, strobes, order of address
/// and data and backpressure, whatever the hardware shows in the registers.
module axil_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic [15:0] awaddr_i,
    input wire logic [2:0]  awprot_i,
    input wire logic        awvalid_i,
    input wire logic [31:0] wdata_i,
    input wire logic [3:0]  wstrb_i,
    input wire logic        wvalid_i,
    input wire logic        bready_i,
    input wire logic [15:0] araddr_i,
    input wire logic [2:0]  arprot_i,
    input wire logic        arvalid_i,
    input wire logic        rready_i,
    input wire fourtuple_nic_regs_pkg::hw2reg_t hw2reg_i
);
  logic awready, wready, bvalid, arready, rvalid, register_error, quiet;
  logic [1:0] bresp, rresp;
  logic [31:0] rdata;
  fourtuple_nic_regs_pkg::reg2hw_t unused_reg2hw;
  nic_registers #(
      .QUEUES(1)
  ) i_registers (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr(awaddr_i),
      .s_axil_awprot(awprot_i),
      .s_axil_awvalid(awvalid_i),
      .s_axil_awready(awready),
      .s_axil_wdata(wdata_i),
      .s_axil_wstrb(wstrb_i),
      .s_axil_wvalid(wvalid_i),
      .s_axil_wready(wready),
      .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid),
`ifdef BUG_TAKES_A_RESPONSE_ITSELF
      .s_axil_bready(bready_i || !wvalid_i),
`else
      .s_axil_bready(bready_i),
`endif
      .s_axil_araddr(araddr_i),
      .s_axil_arprot(arprot_i),
`ifdef BUG_READS_TWICE
      .s_axil_arvalid(arvalid_i || rvalid),
`else
      .s_axil_arvalid(arvalid_i),
`endif
      .s_axil_arready(arready),
      .s_axil_rdata(rdata),
      .s_axil_rresp(rresp),
      .s_axil_rvalid(rvalid),
      .s_axil_rready(rready_i),
      .reg2hw_o(unused_reg2hw),
      .hw2reg_i,
      .register_error_o(register_error),
      .quiet_o(quiet)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );
  axil_rules i_rules (
      .clk_i,
      .rst_ni,
      .aw_i({awprot_i, awaddr_i}),
      .awvalid_i,
      .awready_i(awready),
      .w_i({wstrb_i, wdata_i}),
      .wvalid_i,
      .wready_i(wready),
      .bresp_i(bresp),
      .bvalid_i(bvalid),
      .bready_i,
      .ar_i({arprot_i, araddr_i}),
      .arvalid_i,
      .arready_i(arready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rvalid_i(rvalid),
      .rready_i
  );
  `FOURTUPLE_ASSERT(NotQuietWithAnswers, !quiet || !(bvalid && bready_i) && !(rvalid && rready_i));

  // nic_quiet_proof begins with states in which it is so.
  `FOURTUPLE_PROBE(3, write_state, i_registers.i_regs.write_state_q)
  `FOURTUPLE_PROBE(3, read_state, i_registers.i_regs.read_state_q)
  `FOURTUPLE_ASSERT(WriteIsAnsweredInAnswer, bvalid == (write_state == 3'd4));
  `FOURTUPLE_ASSERT(ReadIsAnsweredInAnswer, rvalid == (read_state == 3'd5));
  `FOURTUPLE_COVER(Refuses, register_error && bvalid && bresp == 2'b10);
  `FOURTUPLE_COVER(ReadsTheIdentity, rvalid && rresp == 2'b00 && rdata != '0);
endmodule

`default_nettype wire
