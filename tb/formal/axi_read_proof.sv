// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// The read side of m_axi, tx_read_port: AXI4's rules for AR, whatever RREADY and the answers do; every burst that leaves was
/// asked for by one of its two users, unchanged and in the order in which they were taken; and every beat goes to
/// the user whose burst it belongs to.
///
/// The environment: users ask for bursts within a page, as tx_descriptor_fetch (a line at a time) and tx_payload_read
/// (within 512 bytes) do.
module axi_read_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic [57:0] descriptor_line_i,
    input wire logic        descriptor_valid_i,
    input wire logic [57:0] payload_line_i,
    input wire logic [2:0]  payload_last_beat_i,
    input wire logic        payload_valid_i,
    input wire logic        arready_i,
    input wire logic        rlast_i,
    input wire logic [1:0]  rresp_i,
    input wire logic        rvalid_i,
    input wire logic        mark_i,
    input wire logic        mark_user_i
);
  tx_pkg::read_t descriptor, payload;
  always_comb begin
    descriptor            = '0;
    descriptor.line       = descriptor_line_i;
    descriptor.descriptor = 1'b1;
    payload               = '0;
    payload.line          = payload_line_i;
`ifdef BUG_BURST_TOO_LONG
    payload.last_beat     = payload_last_beat_i | {2'd0, payload_line_i[0]};
`else
    payload.last_beat     = payload_last_beat_i;
`endif
  end

  logic descriptor_ready, payload_ready, arvalid, rready, line_valid, beat_valid;
  logic [63:0] araddr;
  logic [7:0] arlen;
  tx_read_port #(
      .OUTSTANDING_LOG2(2)
  ) i_port (
      .clk_i,
      .rst_ni,
      .descriptor_i(descriptor),
      .descriptor_valid_i,
      .descriptor_ready_o(descriptor_ready),
      .payload_i(payload),
      .payload_valid_i,
      .payload_ready_o(payload_ready),
      .ar_addr_o(araddr),
      .ar_len_o(arlen),
      .ar_valid_o(arvalid),
      .ar_ready_i(arready_i),
      .r_data_i('0),
      .r_resp_i(rresp_i),
`ifdef BUG_SAME_USER_AGAIN
      .r_last_i(rlast_i && !rresp_i[0]),
`else
      .r_last_i(rlast_i),
`endif
      .r_valid_i(rvalid_i),
      .r_ready_o(rready),
      .line_valid_o(line_valid),
      .beat_valid_o(beat_valid)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  // The environment: bursts are within blocks of 512 bytes; a user holds what it asks for.
  `FOURTUPLE_ASSUME(WithinBlock, 4'(payload_line_i[2:0]) + 4'(payload_last_beat_i) <= 4'd7);
  logic payload_waits_q, descriptor_waits_q;
  logic [60:0] payload_q;
  logic [57:0] descriptor_q;
  always_ff @(posedge clk_i) begin
    payload_waits_q    <= rst_ni && payload_valid_i && !payload_ready;
    descriptor_waits_q <= rst_ni && descriptor_valid_i && !descriptor_ready;
    payload_q          <= {payload_line_i, payload_last_beat_i};
    descriptor_q       <= descriptor_line_i;
  end
  `FOURTUPLE_ASSUME(PayloadHeld, !payload_waits_q || (payload_valid_i && {payload_line_i, payload_last_beat_i} == payload_q));
  `FOURTUPLE_ASSUME(DescriptorHeld, !descriptor_waits_q || (descriptor_valid_i && descriptor_line_i == descriptor_q));

  axi_read_rules #(
      .COUNT_BITS(4)
  ) i_rules (
      .clk_i,
      .rst_ni,
      .araddr_i(araddr),
      .arlen_i(arlen),
      .arvalid_i(arvalid),
      .arready_i,
      .rlast_i,
      .rvalid_i,
      .rready_i(rready)
  );

  // What was asked for leaves.
  logic take_descriptor, take_payload;
  assign take_descriptor = descriptor_valid_i && descriptor_ready;
  assign take_payload    = payload_valid_i && payload_ready;
  `FOURTUPLE_ASSERT(OneAtATime, !(take_descriptor && take_payload));
  logic [3:0] unused_inside, unused_ahead, unused_users_inside, unused_users_ahead;
  logic unused_marked, unused_user_marked, unused_user;
  logic [71:0] unused_value;
  stream_scoreboard #(
      .WIDTH(72),
      .COUNT_BITS(4)
  ) i_bursts (
      .clk_i,
      .rst_ni,
      .push_i(take_descriptor || take_payload),
      .push_data_i(take_descriptor ? {descriptor_line_i, 14'd0} : {payload_line_i, 11'd0, payload_last_beat_i}),
      .pop_i(arvalid && arready_i),
      .pop_data_i({araddr, arlen}),
      .mark_i,
      .inside_o(unused_inside),
      .marked_o(unused_marked),
      .ahead_o(unused_ahead),
      .value_o(unused_value)
  );

  // Whose a beat is is seen a clock later.
  logic beat_q, last_q;
  always_ff @(posedge clk_i) begin
    beat_q <= rst_ni && rvalid_i && rready;
    last_q <= rlast_i;
  end
  `FOURTUPLE_ASSERT(EveryBeatIsGiven, beat_q == (line_valid || beat_valid) && !(line_valid && beat_valid));
  stream_scoreboard #(
      .WIDTH(1),
      .COUNT_BITS(4)
  ) i_users (
      .clk_i,
      .rst_ni,
      .push_i(take_descriptor || take_payload),
      .push_data_i(take_descriptor),
      .pop_i(beat_q && last_q),
      .pop_data_i(line_valid),
      .mark_i(mark_user_i),
      .inside_o(unused_users_inside),
      .marked_o(unused_user_marked),
      .ahead_o(unused_users_ahead),
      .value_o(unused_user)
  );
  `FOURTUPLE_COVER(BothUsers, line_valid && payload_waits_q);
endmodule

`default_nettype wire
