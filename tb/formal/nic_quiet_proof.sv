// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/moderation_settled.svh"
`include "tb/formal/properties.svh"

/// The whole NIC while nothing happens: what scripts/proofs/skip.py compares. From every state in which quiet_o is 1 and nothing
/// arrives, n clocks and one more leave the same registers and memories as one clock with skip n, for every n from 1 to quiet_clocks_o;
/// nothing is offered meanwhile, and it stays quiet. With n = 1 that is: but for what counts time nothing changes from the second clock on.
///
/// Free in each clock, in those compared as well: data, addresses and whatever else comes without a valid signal, every ready
/// signal, what memories give. flr_i stays as it is.
///
/// Not let out: the bytes that are sent, and the address and length of a read. So Yosys takes away the registers that hold nothing else.
module nic_quiet_proof (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic [15:0]  s_axil_awaddr_i,
    input  wire logic [2:0]   s_axil_awprot_i,
`ifdef BUG_A_REGISTER_IS_WRITTEN
    input  wire logic         s_axil_awvalid_i,
`else
    input  wire logic         idle_s_axil_awvalid_i,
`endif
    input  wire logic [31:0]  s_axil_wdata_i,
    input  wire logic [3:0]   s_axil_wstrb_i,
    input  wire logic         idle_s_axil_wvalid_i,
    input  wire logic         s_axil_bready_i,
    input  wire logic [15:0]  s_axil_araddr_i,
    input  wire logic [2:0]   s_axil_arprot_i,
    input  wire logic         idle_s_axil_arvalid_i,
    input  wire logic         s_axil_rready_i,
    input  wire logic         m_axi_awready_i,
    input  wire logic         m_axi_wready_i,
    input  wire logic [0:0]   m_axi_bid_i,
    input  wire logic [1:0]   m_axi_bresp_i,
    input  wire logic         idle_m_axi_bvalid_i,
    input  wire logic         m_axi_arready_i,
    input  wire logic [0:0]   m_axi_rid_i,
    input  wire logic [511:0] m_axi_rdata_i,
    input  wire logic [1:0]   m_axi_rresp_i,
    input  wire logic         m_axi_rlast_i,
    input  wire logic         idle_m_axi_rvalid_i,
    input  wire logic [511:0] s_axis_tdata_i,
    input  wire logic [63:0]  s_axis_tkeep_i,
    input  wire logic         idle_s_axis_tvalid_i,
    input  wire logic         s_axis_tlast_i,
    input  wire logic         s_axis_tuser_i,
    input  wire logic         m_axis_tready_i,
    input  wire logic         held_flr_i,
    input  wire logic [47:0]  skip_i,
    output logic              s_axil_awready_o,
    output logic              s_axil_wready_o,
    output logic      [1:0]   s_axil_bresp_o,
    output logic              s_axil_bvalid_o,
    output logic              s_axil_arready_o,
    output logic      [31:0]  s_axil_rdata_o,
    output logic      [1:0]   s_axil_rresp_o,
    output logic              s_axil_rvalid_o,
    output logic      [0:0]   m_axi_awid_o,
    output logic      [63:0]  m_axi_awaddr_o,
    output logic      [7:0]   m_axi_awlen_o,
    output logic      [2:0]   m_axi_awsize_o,
    output logic      [1:0]   m_axi_awburst_o,
    output logic      [3:0]   m_axi_awcache_o,
    output logic      [2:0]   m_axi_awprot_o,
    output logic              m_axi_awvalid_o,
    output logic      [511:0] m_axi_wdata_o,
    output logic      [63:0]  m_axi_wstrb_o,
    output logic              m_axi_wlast_o,
    output logic              m_axi_wvalid_o,
    output logic              m_axi_bready_o,
    output logic      [0:0]   m_axi_arid_o,
    output logic      [2:0]   m_axi_arsize_o,
    output logic      [1:0]   m_axi_arburst_o,
    output logic      [3:0]   m_axi_arcache_o,
    output logic      [2:0]   m_axi_arprot_o,
    output logic              m_axi_arvalid_o,
    output logic              m_axi_rready_o,
    output logic              s_axis_tready_o,
    output logic              m_axis_tvalid_o,
    output logic              flr_done_o,
    output logic              quiet_o,
    output logic      [47:0]  quiet_clocks_o,
    output logic              offers_o
);
  logic quiet;
  logic [47:0] quiet_clocks;
  fourtuple_nic #(
      .QUEUES(2),
      .BUCKETS_LOG2(2),
      .OVERFLOW_LINES_LOG2(2),
      .RX_FIFO_BEATS_LOG2(9),
      .TX_FIFO_BEATS_LOG2(9),
      .COMMAND_DEPTH(2)
  ) i_nic (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr(s_axil_awaddr_i),
      .s_axil_awprot(s_axil_awprot_i),
`ifdef BUG_A_REGISTER_IS_WRITTEN
      .s_axil_awvalid(s_axil_awvalid_i),
`else
      .s_axil_awvalid(idle_s_axil_awvalid_i),
`endif
      .s_axil_wdata(s_axil_wdata_i),
      .s_axil_wstrb(s_axil_wstrb_i),
      .s_axil_wvalid(idle_s_axil_wvalid_i),
      .s_axil_bready(s_axil_bready_i),
      .s_axil_araddr(s_axil_araddr_i),
      .s_axil_arprot(s_axil_arprot_i),
      .s_axil_arvalid(idle_s_axil_arvalid_i),
      .s_axil_rready(s_axil_rready_i),
      .m_axi_awready(m_axi_awready_i),
      .m_axi_wready(m_axi_wready_i),
      .m_axi_bid(m_axi_bid_i),
      .m_axi_bresp(m_axi_bresp_i),
      .m_axi_bvalid(idle_m_axi_bvalid_i),
      .m_axi_arready(m_axi_arready_i),
      .m_axi_rid(m_axi_rid_i),
      .m_axi_rdata(m_axi_rdata_i),
      .m_axi_rresp(m_axi_rresp_i),
      .m_axi_rlast(m_axi_rlast_i),
      .m_axi_rvalid(idle_m_axi_rvalid_i),
      .s_axis_tdata(s_axis_tdata_i),
      .s_axis_tkeep(s_axis_tkeep_i),
      .s_axis_tvalid(idle_s_axis_tvalid_i),
      .s_axis_tlast(s_axis_tlast_i),
      .s_axis_tuser(s_axis_tuser_i),
      .m_axis_tready(m_axis_tready_i),
      .flr_i(held_flr_i),
      .skip_i,
      .s_axil_awready(s_axil_awready_o),
      .s_axil_wready(s_axil_wready_o),
      .s_axil_bresp(s_axil_bresp_o),
      .s_axil_bvalid(s_axil_bvalid_o),
      .s_axil_arready(s_axil_arready_o),
      .s_axil_rdata(s_axil_rdata_o),
      .s_axil_rresp(s_axil_rresp_o),
      .s_axil_rvalid(s_axil_rvalid_o),
      .m_axi_awid(m_axi_awid_o),
      .m_axi_awaddr(m_axi_awaddr_o),
      .m_axi_awlen(m_axi_awlen_o),
      .m_axi_awsize(m_axi_awsize_o),
      .m_axi_awburst(m_axi_awburst_o),
      .m_axi_awcache(m_axi_awcache_o),
      .m_axi_awprot(m_axi_awprot_o),
      .m_axi_awvalid(m_axi_awvalid_o),
      .m_axi_wdata(m_axi_wdata_o),
      .m_axi_wstrb(m_axi_wstrb_o),
      .m_axi_wlast(m_axi_wlast_o),
      .m_axi_wvalid(m_axi_wvalid_o),
      .m_axi_bready(m_axi_bready_o),
      .m_axi_arid(m_axi_arid_o),
      .m_axi_arsize(m_axi_arsize_o),
      .m_axi_arburst(m_axi_arburst_o),
      .m_axi_arcache(m_axi_arcache_o),
      .m_axi_arprot(m_axi_arprot_o),
      .m_axi_arvalid(m_axi_arvalid_o),
      .m_axi_rready(m_axi_rready_o),
      .s_axis_tready(s_axis_tready_o),
      .m_axis_tvalid(m_axis_tvalid_o),
      .flr_done_o,
      .quiet_o(quiet),
      .quiet_clocks_o(quiet_clocks)
  );
  assign offers_o = s_axil_bvalid_o || s_axil_rvalid_o || m_axi_awvalid_o || m_axi_wvalid_o || m_axi_arvalid_o || m_axis_tvalid_o;

  // What no state is otherwise, and what the clocks before do not show, because it may have come about long ago.

  // moderation_settles_proof
  `FOURTUPLE_PROBE(1, index_new_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.index_new_q)
  `FOURTUPLE_PROBE(2, settle_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.settle_q)
  `FOURTUPLE_PROBE(1, armed_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.armed_q)
  `FOURTUPLE_PROBE(1, counted_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.counted_q)
  `FOURTUPLE_PROBE(1, enough_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.enough_q)
  `FOURTUPLE_PROBE(1, any_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.any_q)
  `FOURTUPLE_PROBE(1, running_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.running_q)
  `FOURTUPLE_PROBE(16, left_0, i_nic.i_core.i_interrupts.gen_queue[0].i_moderation.left_q)
  `FOURTUPLE_PROBE(1, index_new_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.index_new_q)
  `FOURTUPLE_PROBE(2, settle_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.settle_q)
  `FOURTUPLE_PROBE(1, armed_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.armed_q)
  `FOURTUPLE_PROBE(1, counted_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.counted_q)
  `FOURTUPLE_PROBE(1, enough_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.enough_q)
  `FOURTUPLE_PROBE(1, any_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.any_q)
  `FOURTUPLE_PROBE(1, running_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.running_q)
  `FOURTUPLE_PROBE(16, left_1, i_nic.i_core.i_interrupts.gen_queue[1].i_moderation.left_q)
  logic settled_0, settled_1;
  assign settled_0 = `FOURTUPLE_ARMED_IS_NOT_SETTLED(index_new_0, settle_0) &&
                     `FOURTUPLE_SETTLED_IS_DECIDED(settle_0 == '0, armed_0, counted_0, enough_0, any_0, running_0);
  assign settled_1 = `FOURTUPLE_ARMED_IS_NOT_SETTLED(index_new_1, settle_1) &&
                     `FOURTUPLE_SETTLED_IS_DECIDED(settle_1 == '0, armed_1, counted_1, enough_1, any_1, running_1);

  // nearest_timer_proof
  `FOURTUPLE_PROBE(16, shortest, i_nic.i_core.i_interrupts.i_nearest_timer.shortest_q)
  logic acts, nearest;
  assign acts = (running_0 && left_0 == '0) || (running_1 && left_1 == '0);
  assign nearest = acts || ((!running_0 || shortest <= left_0 - 16'd1) && (!running_1 || shortest <= left_1 - 16'd1));

  // axil_proof
  `FOURTUPLE_PROBE(3, write_state, i_nic.i_core.i_registers.i_regs.write_state_q)
  `FOURTUPLE_PROBE(3, read_state, i_nic.i_core.i_registers.i_regs.read_state_q)
  logic answers;
  assign answers = s_axil_bvalid_o == (write_state == 3'd4) && s_axil_rvalid_o == (read_state == 3'd5);

  // jhash_quiet_proof: it is longer than the clocks before.
  `FOURTUPLE_PROBE(4, hash_valid_0, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_1, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_1.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_2, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_2.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_3, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_3.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_4, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_4.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_5, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_5.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_6, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_6.valid_q)
  `FOURTUPLE_PROBE(4, hash_valid_7, i_nic.i_core.i_rx_engine.i_rx_offload.u_hash.u_step_7.valid_q)
  logic hash_empty;
  assign hash_empty = {hash_valid_0, hash_valid_1, hash_valid_2, hash_valid_3, hash_valid_4, hash_valid_5, hash_valid_6,
                       hash_valid_7} == '0;

  assign quiet_o = quiet && settled_0 && settled_1 && nearest && answers && hash_empty;
`ifdef BUG_QUIET_A_CLOCK_LONGER
  assign quiet_clocks_o = quiet_clocks + 48'd1;
`else
  assign quiet_clocks_o = quiet_clocks;
`endif
endmodule

`default_nettype wire
