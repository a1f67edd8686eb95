// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// connection_table, for any one connection: a lookup answers what was there before a command or what is there after it,
/// handle and all, and never goes back; without a command that put the connection in there is no hit, whatever other
/// connections come and go. Lookups come in every clock. Two buckets, two overflow lines, any hash of one bit.
module connection_table_proof (
    input wire logic                              clk_i,
    input wire logic                              rst_ni,
    input wire logic                              lookup_valid_i,
    input wire logic                              command_valid_i,
    input wire fourtuple_nic_pkg::table_command_t command_i,
    input wire logic                              answer_ready_i
);
  localparam logic [1:0] INSERT = fourtuple_nic_regs_pkg::COMMAND_OP_INSERT;
  localparam logic [1:0] REMOVE = fourtuple_nic_regs_pkg::COMMAND_OP_REMOVE;
  localparam logic [1:0] FLUSH = fourtuple_nic_regs_pkg::COMMAND_OP_FLUSH;
  localparam logic [1:0] DONE = fourtuple_nic_regs_pkg::COMMAND_RESULT_DONE;
  localparam logic [1:0] FULL = fourtuple_nic_regs_pkg::COMMAND_RESULT_FULL;
  localparam int unsigned LOOKUP_CLOCKS = 7;

  `FOURTUPLE_CONST(96, watched)
  `FOURTUPLE_PROBE(96, chosen, i_table.u_commands.u_hash.chosen)
  logic bucket;
  assign bucket = ^(watched & chosen);

  logic result_valid, hit, command_ready, answer_valid, table_ready;
  logic [31:0] handle;
  logic [4:0] steering;  // goes the handle's way
  fourtuple_nic_pkg::table_answer_t answer;
  connection_table #(
      .BUCKETS_LOG2(1),
      .OVERFLOW_LINES_LOG2(1),
      .ANSWER_DELAY_CLOCKS(1)
  ) i_table (
      .clk_i,
      .rst_ni,
      .hash_secret_i('0),
      .lookup_valid_i,
`ifdef BUG_OTHER_TUPLE
      .lookup_tuple_i(watched ^ 96'd1),
`else
      .lookup_tuple_i(watched),
`endif
      .lookup_bucket_i(bucket),
      .result_valid_o(result_valid),
      .result_hit_o(hit),
      .result_value_o({steering, handle}),
      .command_valid_i,
      .command_ready_o(command_ready),
      .command_i,
      .answer_valid_o(answer_valid),
      .answer_ready_i,
      .answer_o(answer),
      .ready_o(table_ready)
  );
  formal_reset #(
      .CLOCKS(3)
  ) i_reset (
      .clk_i,
      .rst_ni
  );

  // What is there before and after the command that is carried out: {there, handle}. Without one they are the same.
  logic [32:0] before_q, after_q;
  logic busy_q, seen_q, concerns;
  logic [32:0] result;
  assign result = {hit, handle & {32{hit}}};
  assign concerns = command_i.op == FLUSH || command_i.tuple == watched;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      before_q <= '0;
      after_q  <= '0;
      busy_q   <= 1'b0;
      seen_q   <= 1'b0;
    end else begin
      if (command_valid_i && command_ready) begin
        busy_q   <= 1'b1;
        seen_q   <= 1'b0;
        before_q <= after_q;
        if (concerns && command_i.op == INSERT) after_q <= {1'b1, command_i.handle};
        else if (concerns && (command_i.op == REMOVE || command_i.op == FLUSH)) after_q <= '0;
      end else if (answer_valid && answer_ready_i) begin
        busy_q <= 1'b0;
        if (answer.result == FULL) after_q <= before_q;
        else before_q <= after_q;
      end
      if (result_valid && busy_q && result != before_q) seen_q <= 1'b1;
    end
  end

  // Full is only for what is not there. A flush may miss what is there still.
  `FOURTUPLE_ASSERT(FullOnlyIfNew, !(busy_q && answer_valid && answer.result == FULL) || !before_q[32] ||
                                   before_q != after_q || answer.op != INSERT);
  `FOURTUPLE_ASSERT(OldOrNew, !result_valid || result == before_q || result == after_q);
  `FOURTUPLE_ASSERT(NeverBack, !(result_valid && busy_q && seen_q) || result == after_q);

  // What starts with the answer or later sees the command.
  logic [LOOKUP_CLOCKS-1:0] behind_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) behind_q <= '0;
    else behind_q <= {behind_q[LOOKUP_CLOCKS-2:0], answer_valid && table_ready};
  end
  `FOURTUPLE_ASSERT(SeesWhatWasAnswered, !(result_valid && behind_q[LOOKUP_CLOCKS-1] && busy_q && answer_valid &&
                                           answer.result == DONE) || result == after_q);
  `FOURTUPLE_COVER(HitsNew, result_valid && hit && busy_q && !before_q[32]);
  `FOURTUPLE_COVER(HitsAfterAnswer, result_valid && hit && !busy_q);
endmodule

`default_nettype wire
