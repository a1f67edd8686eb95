// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// function_reset: no DMA in or across a reset of the function. While the device is in reset nothing is offered on a bus, and
/// nothing is under way that began before: no write without its data, its address or its response, no read without
/// its last beat, no register access without its answer, no frame without its end. While the device is brought to
/// rest nothing new begins. The handshake rules that the device keeps hold outside as well, resets included, and of
/// a frame that arrives in a reset no part reaches the device.
///
/// The environment: a device that keeps the rules of its buses, whose outputs are idle in reset; a host that answers
/// what was asked and nothing else.
module function_reset_proof (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic flr_i,
    input wire logic start_i,
    input wire logic c_awvalid_i,
    input wire logic c_wvalid_i,
    input wire logic c_wlast_i,
    input wire logic c_arvalid_i,
    input wire logic c_rready_i,
    input wire logic m_awready_i,
    input wire logic m_wready_i,
    input wire logic m_bvalid_i,
    input wire logic m_arready_i,
    input wire logic m_rvalid_i,
    input wire logic m_rlast_i,
    input wire logic s_awvalid_i,
    input wire logic s_wvalid_i,
    input wire logic s_bready_i,
    input wire logic s_arvalid_i,
    input wire logic s_rready_i,
    input wire logic c_axil_awready_i,
    input wire logic c_axil_wready_i,
    input wire logic c_axil_bvalid_i,
    input wire logic c_axil_arready_i,
    input wire logic c_axil_rvalid_i,
    input wire logic s_axis_tvalid_i,
    input wire logic s_axis_tlast_i,
    input wire logic c_m_axis_tvalid_i,
    input wire logic c_m_axis_tlast_i,
    input wire logic m_axis_tready_i
);
  logic core_rst_n, flr_done, quiet;
  logic c_awready, m_awvalid, c_wready, m_wvalid, c_arready, m_arvalid;
  logic s_awready, c_axil_awvalid, s_wready, c_axil_wvalid, s_arready, c_axil_arvalid;
  logic s_axis_tready, c_s_axis_tvalid, c_m_axis_tready, m_axis_tvalid;
  function_reset i_reset_unit (
      .clk_i,
      .rst_ni,
      .flr_i,
      .flr_done_o(flr_done),
      .start_i,
      .reset_no(core_rst_n),
      .quiet_o(quiet),
      .c_awvalid_i,
      .c_awready_o(c_awready),
      .m_awvalid_o(m_awvalid),
      .m_awready_i,
      .c_wvalid_i,
`ifdef BUG_FORGETS_THE_REST_OF_A_BURST
      .c_wlast_i(1'b1),
`else
      .c_wlast_i,
`endif
      .c_wready_o(c_wready),
      .m_wvalid_o(m_wvalid),
      .m_wready_i,
`ifdef BUG_COUNTS_A_RESPONSE_TWICE
      .m_bvalid_i(m_bvalid_i || (m_rvalid_i && writes_q == 2'd2)),
`else
      .m_bvalid_i,
`endif
      .c_arvalid_i,
      .c_arready_o(c_arready),
      .m_arvalid_o(m_arvalid),
      .m_arready_i,
      .m_rvalid_i,
      .m_rlast_i,
`ifdef BUG_DOES_NOT_AWAIT_READS
      .c_rready_i(1'b1),
`else
      .c_rready_i,
`endif
      .s_awvalid_i,
      .s_awready_o(s_awready),
      .c_axil_awvalid_o(c_axil_awvalid),
      .c_axil_awready_i,
      .s_wvalid_i,
      .s_wready_o(s_wready),
      .c_axil_wvalid_o(c_axil_wvalid),
      .c_axil_wready_i,
      .c_axil_bvalid_i,
      .s_bready_i,
      .s_arvalid_i,
      .s_arready_o(s_arready),
      .c_axil_arvalid_o(c_axil_arvalid),
      .c_axil_arready_i,
      .c_axil_rvalid_i,
      .s_rready_i,
      .s_axis_tvalid_i,
      .s_axis_tlast_i,
      .s_axis_tready_o(s_axis_tready),
      .c_s_axis_tvalid_o(c_s_axis_tvalid),
      .c_m_axis_tvalid_i,
`ifdef BUG_CUTS_A_FRAME
      .c_m_axis_tlast_i(1'b1),
`else
      .c_m_axis_tlast_i,
`endif
      .c_m_axis_tready_o(c_m_axis_tready),
      .m_axis_tvalid_o(m_axis_tvalid),
      .m_axis_tready_i
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  // ---------------------------------------------------------------------------- the environment: the device
  // It holds what it offers; the clock after a reset began it offers nothing, and with its reset nothing is left of what
  // it had offered.
  logic was_reset_q, aw_waits_q, w_waits_q, w_waits_last_q, ar_waits_q, frame_waits_q, frame_waits_last_q;
  always_ff @(posedge clk_i) begin
    was_reset_q        <= !rst_ni || !core_rst_n;
    aw_waits_q         <= rst_ni && core_rst_n && c_awvalid_i && !c_awready;
    w_waits_q          <= rst_ni && core_rst_n && c_wvalid_i && !c_wready;
    w_waits_last_q     <= c_wlast_i;
    ar_waits_q         <= rst_ni && core_rst_n && c_arvalid_i && !c_arready;
    frame_waits_q      <= rst_ni && core_rst_n && c_m_axis_tvalid_i && !c_m_axis_tready;
    frame_waits_last_q <= c_m_axis_tlast_i;
  end
  `FOURTUPLE_ASSUME(AwHeld, !aw_waits_q || c_awvalid_i);
  `FOURTUPLE_ASSUME(WHeld, !w_waits_q || (c_wvalid_i && c_wlast_i == w_waits_last_q));
  `FOURTUPLE_ASSUME(ArHeld, !ar_waits_q || c_arvalid_i);
  `FOURTUPLE_ASSUME(FrameHeld, !frame_waits_q || (c_m_axis_tvalid_i && c_m_axis_tlast_i == frame_waits_last_q));
  `FOURTUPLE_ASSUME(IdleInReset, !was_reset_q || !(c_awvalid_i || c_wvalid_i || c_arvalid_i || c_m_axis_tvalid_i ||
                                                    c_axil_bvalid_i || c_axil_rvalid_i));

  // ---------------------------------------------------------------------------- what is under way, counted outside
  localparam int unsigned COUNT = 2;  // so many are under way at most: what the block counts with is larger
  logic [COUNT-1:0] addresses_q, ends_q;  // of writes: less responses
  logic [COUNT-1:0] reads_q, register_addresses_q, register_words_q, register_reads_q;
  logic writing_q, frame_leaves_q, frame_arrives_q;
  logic [COUNT-1:0] writes_q;  // whole ones
  logic aw, w, w_end, ar, r_end, register_address, register_word, register_written, register_read, register_answered;
  assign aw                = m_awvalid && m_awready_i;
  assign w                 = m_wvalid && m_wready_i;
  assign w_end             = w && c_wlast_i;
  assign ar                = m_arvalid && m_arready_i;
  assign r_end             = m_rvalid_i && c_rready_i && m_rlast_i;
  assign register_address  = s_awvalid_i && s_awready;
  assign register_word     = s_wvalid_i && s_wready;
  assign register_written  = c_axil_bvalid_i && s_bready_i;
  assign register_read     = s_arvalid_i && s_arready;
  assign register_answered = c_axil_rvalid_i && s_rready_i;
  assign writes_q          = addresses_q < ends_q ? addresses_q : ends_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addresses_q          <= '0;
      ends_q               <= '0;
      reads_q              <= '0;
      register_addresses_q <= '0;
      register_words_q     <= '0;
      register_reads_q     <= '0;
      writing_q            <= 1'b0;
      frame_leaves_q       <= 1'b0;
      frame_arrives_q      <= 1'b0;
    end else begin
      addresses_q          <= addresses_q + COUNT'(aw) - COUNT'(m_bvalid_i);
      ends_q               <= ends_q + COUNT'(w_end) - COUNT'(m_bvalid_i);
      reads_q              <= reads_q + COUNT'(ar) - COUNT'(r_end);
      register_addresses_q <= register_addresses_q + COUNT'(register_address) - COUNT'(register_written);
      register_words_q     <= register_words_q + COUNT'(register_word) - COUNT'(register_written);
      register_reads_q     <= register_reads_q + COUNT'(register_read) - COUNT'(register_answered);
      if (w) writing_q <= !c_wlast_i;
      if (m_axis_tvalid && m_axis_tready_i) frame_leaves_q <= !c_m_axis_tlast_i;
      if (s_axis_tvalid_i && s_axis_tready) frame_arrives_q <= !s_axis_tlast_i;
    end
  end
  `FOURTUPLE_ASSUME(FewWrites, !(&addresses_q && aw) && !(&ends_q && w));
  `FOURTUPLE_ASSUME(FewReads, !(&reads_q && ar));
  `FOURTUPLE_ASSUME(FewAccesses, !(&register_addresses_q && register_address) && !(&register_words_q && register_word) &&
                                 !(&register_reads_q && register_read));
  // The host, and what the register block is.
  `FOURTUPLE_ASSUME(ResponseHasWrite, !m_bvalid_i || (addresses_q != '0 && ends_q != '0));
  `FOURTUPLE_ASSUME(BeatHasRead, !m_rvalid_i || reads_q != '0);
  `FOURTUPLE_ASSUME(AnswerHasWrite, !c_axil_bvalid_i || (register_addresses_q != '0 && register_words_q != '0));
  `FOURTUPLE_ASSUME(AnswerHasRead, !c_axil_rvalid_i || register_reads_q != '0);
  logic read_waits_q, flr_q, flr_done_before_q;
  always_ff @(posedge clk_i) begin
    read_waits_q      <= rst_ni && m_rvalid_i && !c_rready_i;
    flr_q             <= rst_ni && flr_i;
    flr_done_before_q <= rst_ni && flr_done;
  end
  `FOURTUPLE_ASSUME(BeatHeld, !read_waits_q || m_rvalid_i);
  `FOURTUPLE_ASSUME(FlrHeld, !(flr_q && !flr_done_before_q) || flr_i);

  // ---------------------------------------------------------------------------- no DMA in a reset, nor across one
  logic in_reset;
  assign in_reset = !core_rst_n;
  `FOURTUPLE_ASSERT(NothingIsAsked, !in_reset || !(m_awvalid || m_wvalid || m_arvalid || m_axis_tvalid));
  `FOURTUPLE_ASSERT(NoWriteIsOpen, !in_reset || (addresses_q == '0 && ends_q == '0 && !writing_q));
  `FOURTUPLE_ASSERT(NoReadIsOpen, !in_reset || reads_q == '0);
  `FOURTUPLE_ASSERT(NoAccessIsOpen, !in_reset || (register_addresses_q == '0 && register_words_q == '0 &&
                                                   register_reads_q == '0));
  `FOURTUPLE_ASSERT(NoFrameIsCut, !in_reset || !frame_leaves_q);
  `FOURTUPLE_ASSERT(NothingComesIn, !in_reset || !(c_axil_awvalid || c_axil_wvalid || c_axil_arvalid || c_s_axis_tvalid));

  // Outside the rules hold whatever happens to the device.
  stream_rules #(.WIDTH(1)) i_aw_rules (.clk_i, .rst_ni, .valid_i(m_awvalid), .ready_i(m_awready_i), .payload_i(1'b0));
  stream_rules #(.WIDTH(1)) i_w_rules (.clk_i, .rst_ni, .valid_i(m_wvalid), .ready_i(m_wready_i), .payload_i(c_wlast_i));
  stream_rules #(.WIDTH(1)) i_ar_rules (.clk_i, .rst_ni, .valid_i(m_arvalid), .ready_i(m_arready_i), .payload_i(1'b0));
  stream_rules #(.WIDTH(1)) i_m_axis_rules (
      .clk_i, .rst_ni, .valid_i(m_axis_tvalid), .ready_i(m_axis_tready_i), .payload_i(c_m_axis_tlast_i));

  // While the device is brought to rest nothing begins: what is offered was offered before, or belongs to what has begun.
  `FOURTUPLE_PROBE(2, state, i_reset_unit.state_q)
  `FOURTUPLE_PROBE(1, reset_n_q, i_reset_unit.reset_nq)
  logic running, aw_offered_q, w_offered_q, ar_offered_q, frame_offered_q;
  assign running = state == 2'd0 && reset_n_q;
  always_ff @(posedge clk_i) begin
    aw_offered_q    <= rst_ni && m_awvalid && !m_awready_i;
    w_offered_q     <= rst_ni && m_wvalid && !m_wready_i;
    ar_offered_q    <= rst_ni && m_arvalid && !m_arready_i;
    frame_offered_q <= rst_ni && m_axis_tvalid && !m_axis_tready_i;
  end
  `FOURTUPLE_ASSERT(NoWriteBegins, running || !m_awvalid || aw_offered_q || ends_q > addresses_q ||
                                   (ends_q == addresses_q && writing_q));
  `FOURTUPLE_ASSERT(NoDataBegin, running || !m_wvalid || w_offered_q || addresses_q > ends_q || writing_q);
  `FOURTUPLE_ASSERT(NoReadBegins, running || !m_arvalid || ar_offered_q);
  `FOURTUPLE_ASSERT(NoFrameBegins, running || !m_axis_tvalid || frame_offered_q || frame_leaves_q);

  // Of a frame that arrives meanwhile nothing reaches the device: what does begins with the frame.
  logic frame_inside_q;  // the device has the beginning
  always_ff @(posedge clk_i) begin
    if (!rst_ni || in_reset) frame_inside_q <= 1'b0;
    else if (c_s_axis_tvalid) frame_inside_q <= !s_axis_tlast_i;
  end
  `FOURTUPLE_ASSERT(FrameFromItsBeginning, !c_s_axis_tvalid || frame_inside_q == frame_arrives_q);

  // The end is told when there was one.
  logic [3:0] clocks_since_q;  // since the device was in reset
  always_ff @(posedge clk_i) begin
    if (!rst_ni) clocks_since_q <= '1;
    else if (in_reset) clocks_since_q <= '0;
    else if (clocks_since_q != '1) clocks_since_q <= clocks_since_q + 1'b1;
  end
  `FOURTUPLE_ASSERT(DoneBehindReset, !(flr_done && !flr_done_before_q) || in_reset);
  `FOURTUPLE_ASSERT(QuietRuns, !quiet || running);
  `FOURTUPLE_COVER(ResetWithFlr, flr_done && flr_i && clocks_since_q == 4'd3);
  `FOURTUPLE_COVER(FrameIsSkipped, s_axis_tvalid_i && s_axis_tready && frame_arrives_q && !c_s_axis_tvalid && !in_reset &&
                                   clocks_since_q == 4'd2);
  `FOURTUPLE_COVER(FinishesABurst, !running && m_wvalid && m_wready_i && c_wlast_i && !w_offered_q);

  // What makes it inductive: the block's own counts agree with those.
  `FOURTUPLE_PROBE(7, ahead, i_reset_unit.ahead_q)
  `FOURTUPLE_PROBE(12, block_writes, i_reset_unit.writes_q)
  `FOURTUPLE_PROBE(12, block_reads, i_reset_unit.reads_q)
  `FOURTUPLE_PROBE(4, block_addresses, i_reset_unit.addresses_q)
  `FOURTUPLE_PROBE(4, block_words, i_reset_unit.words_q)
  `FOURTUPLE_PROBE(4, block_lookups, i_reset_unit.lookups_q)
  `FOURTUPLE_PROBE(1, block_in_burst, i_reset_unit.in_burst_q)
  `FOURTUPLE_PROBE(1, block_leaving, i_reset_unit.leaving_q)
  `FOURTUPLE_PROBE(1, block_arriving, i_reset_unit.arriving_q)
  `FOURTUPLE_PROBE(1, block_skip, i_reset_unit.skip_q)
  `FOURTUPLE_PROBE(1, block_aw_held, i_reset_unit.aw_held_q)
  `FOURTUPLE_PROBE(1, block_w_held, i_reset_unit.w_held_q)
  `FOURTUPLE_PROBE(1, block_ar_held, i_reset_unit.ar_held_q)
  `FOURTUPLE_PROBE(1, block_rest, i_reset_unit.rest_q)
  `FOURTUPLE_PROBE(3, block_clocks, i_reset_unit.clocks_q)
  `FOURTUPLE_ASSERT(AheadAgrees, ahead == 7'(addresses_q) - 7'(ends_q));
  `FOURTUPLE_ASSERT(WritesAgree, block_writes == 12'(addresses_q));
  `FOURTUPLE_ASSERT(ReadsAgree, block_reads == 12'(reads_q));
  `FOURTUPLE_ASSERT(AccessesAgree, block_addresses == 4'(register_addresses_q) && block_words == 4'(register_words_q) &&
                                   block_lookups == 4'(register_reads_q));
  `FOURTUPLE_ASSERT(FlagsAgree, block_in_burst == writing_q && block_arriving == frame_arrives_q &&
                                block_leaving == (frame_leaves_q || frame_offered_q));
  `FOURTUPLE_ASSERT(HeldAgree, block_aw_held == aw_offered_q && block_w_held == w_offered_q && block_ar_held == ar_offered_q);
  `FOURTUPLE_ASSERT(OfferedIsHeld, (!aw_offered_q || aw_waits_q) && (!w_offered_q || w_waits_q) && (!ar_offered_q || ar_waits_q) &&
                                   (!frame_offered_q || frame_waits_q));
  `FOURTUPLE_ASSERT(SkipsWhatArrives, in_reset || !block_skip || frame_arrives_q);
  `FOURTUPLE_ASSERT(InsideOrSkipped, in_reset || was_reset_q || frame_arrives_q == (frame_inside_q || block_skip));
  `FOURTUPLE_ASSERT(StateIsKnown, state != 2'd3 && block_clocks <= 3'd4 && (reset_n_q || state != 2'd1));
endmodule

`default_nettype wire
