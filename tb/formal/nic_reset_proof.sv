// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The NIC behind a function-level reset, before the host has touched a register: what scripts/proofs/still.py follows. No
/// property is written here. Whatever the registers held, after as many clocks of reset as function_reset gives no DMA
/// is asked for, no frame is sent and nothing is answered, for ever, whatever arrives from the network.
/// function_reset_proof: nothing of what was before the reset is open.
///
/// Free in each clock: everything that arrives from the network, every ready signal, the time, what memories give.
module nic_reset_proof (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic [511:0] s_tdata_i,
    input  wire logic [63:0]  s_tkeep_i,
    input  wire logic         s_tvalid_i,
    input  wire logic         s_tlast_i,
    input  wire logic         s_tuser_i,
    input  wire logic         m_awready_i,
    input  wire logic         m_wready_i,
    input  wire logic         m_arready_i,
    input  wire logic         m_tready_i,
`ifdef BUG_A_REGISTER_IS_WRITTEN
    input  wire logic         awvalid_i,
`else
    input  wire logic         idle_awvalid_i,
`endif
    input  wire logic         idle_arvalid_i,
    input  wire logic         idle_bvalid_i,
    input  wire logic         idle_rvalid_i,
    output logic              writes_o,
    output logic              reads_o,
    output logic              sends_o,
    output logic              answers_o
);
  logic bvalid, rvalid, awvalid, wvalid, arvalid, tvalid;
  nic_core #(
      .QUEUES(1),
      .BUCKETS_LOG2(1),
      .OVERFLOW_LINES_LOG2(1),
      .RX_FIFO_BEATS_LOG2(9),
      .TX_FIFO_BEATS_LOG2(9),
      .COMMAND_DEPTH(2)
  ) i_core (
      .clk_i,
`ifdef BUG_IS_NOT_RESET
      .rst_ni(1'b1),
`else
      .rst_ni,
`endif
      .clock_rst_ni(1'b1),
`ifdef BUG_A_REGISTER_IS_WRITTEN
      .s_axil_awvalid(awvalid_i),
      .s_axil_wvalid(awvalid_i),
`else
      .s_axil_awvalid(idle_awvalid_i),
      .s_axil_wvalid(idle_awvalid_i),
`endif
      .s_axil_bvalid(bvalid),
      .s_axil_bready(1'b1),
      .s_axil_arvalid(idle_arvalid_i),
      .s_axil_rvalid(rvalid),
      .s_axil_rready(1'b1),
      .m_axi_awvalid(awvalid),
      .m_axi_awready(m_awready_i),
      .m_axi_wvalid(wvalid),
      .m_axi_wready(m_wready_i),
      .m_axi_bid(1'b0),
      .m_axi_bvalid(idle_bvalid_i),
      .m_axi_arvalid(arvalid),
      .m_axi_arready(m_arready_i),
      .m_axi_rid(1'b0),
      .m_axi_rvalid(idle_rvalid_i),
      .s_axis_tdata(s_tdata_i),
      .s_axis_tkeep(s_tkeep_i),
      .s_axis_tvalid(s_tvalid_i),
      .s_axis_tlast(s_tlast_i),
      .s_axis_tuser(s_tuser_i),
      .m_axis_tvalid(tvalid),
      .m_axis_tready(m_tready_i),
      .skip_i(48'd0)
  );
  assign writes_o  = awvalid || wvalid;
  assign reads_o   = arvalid;
  assign sends_o   = tvalid;
  assign answers_o = bvalid || rvalid;
endmodule

`default_nettype wire
