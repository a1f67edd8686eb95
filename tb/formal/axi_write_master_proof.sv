// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// axi_write_master: frames, completions and messages leave in the order in which they were taken, each once, unchanged
/// and whole; what leaves obeys AXI4. With completion_writer_proof and interrupt_moderation_proof: a completion is
/// written behind its frame's bytes, an interrupt behind its completion.
///
/// The environment sends well-formed bursts of data and answers only writes that have gone completely.
module axi_write_master_proof (
    input wire logic         clk_i,
    input wire logic         rst_ni,
    input wire logic         discard_i,
    input wire logic         data_valid_i,
    input wire logic         data_first_i,
    input wire logic         data_last_i,
    input wire logic [57:0]  data_address_i,
    input wire logic [7:0]   data_burst_len_i,
    input wire logic [511:0] data_i,
    input wire logic         completion_valid_i,
    input wire logic [57:0]  completion_address_i,
    input wire logic [1:0]   completion_halves_i,
    input wire logic [511:0] completion_data_i,
    input wire logic         message_valid_i,
    input wire logic [61:0]  message_address_i,
    input wire logic [31:0]  message_data_i,
    input wire logic         awready_i,
    input wire logic         wready_i,
    input wire logic         bvalid_i,
    input wire logic         berror_i,
    input wire logic         mark_burst_i,
    input wire logic         mark_beat_i,
    input wire logic         mark_rule_i
);
  logic data_ready, completion_ready, message_ready, discarding;
  logic [63:0] awaddr, wstrb;
  logic [7:0] awlen;
  logic [511:0] wdata;
  logic awvalid, wvalid, wlast;
  axi_write_master #(
      .QUEUES(1),
      .OUTSTANDING_LOG2(2)
  ) i_master (
      .clk_i,
      .rst_ni,
      .discard_i,
      .data_valid_i,
      .data_ready_o(data_ready),
      .data_first_i,
      .data_last_i,
      .data_address_i,
`ifdef BUG_BURST_TOO_LONG
      .data_burst_len_i(data_burst_len_i + 8'(data_address_i[5:0] == 6'd63)),
`else
      .data_burst_len_i,
`endif
      .data_i,
`ifdef BUG_MESSAGE_OVERTAKES
      .completion_valid_i(completion_valid_i && !message_valid_i),
`else
      .completion_valid_i,
`endif
      .completion_ready_o(completion_ready),
      .completion_address_i,
      .completion_halves_i,
      .completion_data_i,
      .data_queue_i(4'd0),
      .completion_queue_i(4'd0),
      .message_valid_i,
      .message_ready_o(message_ready),
      .message_address_i,
      .message_data_i,
      .awaddr_o(awaddr),
      .awlen_o(awlen),
      .awvalid_o(awvalid),
      .awready_i,
      .wdata_o(wdata),
      .wstrb_o(wstrb),
      .wlast_o(wlast),
      .wvalid_o(wvalid),
      .wready_i,
      .bvalid_i,
      .berror_i
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  // The environment: bursts of data are what rx_ring_writer makes of frames (rx_ring_writer_proof).
  logic inside_q;
  logic [7:0] left_q;
  logic take_data, take_completion, take_message;
  assign take_data       = data_valid_i && data_ready;
  assign take_completion = completion_valid_i && completion_ready;
  assign take_message    = message_valid_i && message_ready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      left_q   <= '0;
    end else if (take_data) begin
      inside_q <= !data_last_i;
      left_q   <= (inside_q ? left_q : data_burst_len_i) - 1'b1;
    end
  end
  `FOURTUPLE_ASSUME(FirstBegins, !data_valid_i || data_first_i == !inside_q);
  `FOURTUPLE_ASSUME(LastEnds, !data_valid_i || data_last_i == ((inside_q ? left_q : data_burst_len_i) == '0));
  `FOURTUPLE_ASSUME(DataWithinPage, !data_valid_i || 9'(data_address_i[5:0]) + 9'(data_burst_len_i) <= 9'd63);
  `FOURTUPLE_ASSUME(CompletionHasRecord, !completion_valid_i || completion_halves_i != '0);

  // Responses: one for each write that has gone completely.
  logic [5:0] addresses_q, ends_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addresses_q <= '0;
      ends_q      <= '0;
    end else begin
      addresses_q <= addresses_q + 6'(awvalid && awready_i) - 6'(bvalid_i);
      ends_q      <= ends_q + 6'(wvalid && wready_i && wlast) - 6'(bvalid_i);
    end
  end
  `FOURTUPLE_ASSUME(ResponseHasWrite, !bvalid_i || (addresses_q != '0 && ends_q != '0));

  axi_write_rules i_rules (
      .clk_i,
      .rst_ni,
      .awaddr_i(awaddr),
      .awlen_i(awlen),
      .awvalid_i(awvalid),
      .awready_i,
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(wlast),
      .wvalid_i(wvalid),
      .wready_i,
      .mark_i(mark_rule_i)
  );

  // What was taken, as it must leave. At most one is taken in a clock.
  logic goes;
  logic [71:0] burst;
  logic [576:0] beat;
  // One queue: what is thrown away is decided where a burst begins.
  logic in_burst_q, discarding_q;
  assign discarding = in_burst_q ? discarding_q : discard_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_burst_q   <= 1'b0;
      discarding_q <= 1'b0;
    end else if (take_data) begin
      in_burst_q   <= !data_last_i;
      discarding_q <= discarding;
    end
  end
  assign goes = take_message || ((take_data || take_completion) && !discarding);
  always_comb begin
    burst = {data_address_i, 6'd0, data_burst_len_i};
    beat  = {data_i, {64{1'b1}}, data_last_i};
    if (take_completion) begin
      burst = {completion_address_i, 14'd0};
      beat  = {completion_data_i, {32{completion_halves_i[1]}}, {32{completion_halves_i[0]}}, 1'b1};
    end else if (take_message) begin
      burst = {message_address_i[61:4], 14'd0};
      beat  = {{16{message_data_i}}, 64'd15 << {message_address_i[3:0], 2'b00}, 1'b1};
    end
  end
  `FOURTUPLE_ASSERT(OneAtATime, 2'(take_data) + 2'(take_completion) + 2'(take_message) <= 2'd1);
  `FOURTUPLE_COVER(Discards, take_data && discarding);

  logic [5:0] unused_burst_inside, unused_burst_ahead, unused_beat_inside, unused_beat_ahead;
  logic [71:0] unused_burst;
  logic [576:0] unused_beat;
  logic unused_burst_marked, unused_beat_marked;
  stream_scoreboard #(
      .WIDTH(72),
      .COUNT_BITS(6)
  ) i_bursts (
      .clk_i,
      .rst_ni,
      .push_i(goes && !(take_data && inside_q)),
      .push_data_i(burst),
      .pop_i(awvalid && awready_i),
      .pop_data_i({awaddr, awlen}),
      .mark_i(mark_burst_i),
      .inside_o(unused_burst_inside),
      .marked_o(unused_burst_marked),
      .ahead_o(unused_burst_ahead),
      .value_o(unused_burst)
  );
  stream_scoreboard #(
      .WIDTH(577),
      .COUNT_BITS(6)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .push_i(goes),
      .push_data_i(beat),
      .pop_i(wvalid && wready_i),
      .pop_data_i({wdata, wstrb, wlast}),
      .mark_i(mark_beat_i),
      .inside_o(unused_beat_inside),
      .marked_o(unused_beat_marked),
      .ahead_o(unused_beat_ahead),
      .value_o(unused_beat)
  );
endmodule

`default_nettype wire
