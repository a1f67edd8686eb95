// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// nearest_timer with two timers that start, run and stop as interrupt_moderation's does: while it is quiet and none of them acts it
/// says how many clocks are left to the first, in every state that can be reached, however many were skipped. nic_quiet_proof begins
/// with such states.
///
/// Free in each clock: which timers run, and with what they start.
module nearest_timer_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic [1:0]  run_i,
    input wire logic [31:0] clocks_i,
    input wire logic [15:0] skip_i
);
  logic [1:0] running_q;
  logic [15:0] left_0_q, left_1_q;
  always_ff @(posedge clk_i) begin
    running_q <= rst_ni ? run_i : 2'b00;
    if (!running_q[0]) left_0_q <= clocks_i[15:0];
    else if (left_0_q != '0) left_0_q <= left_0_q - skip_i - 16'd1;
    if (!running_q[1]) left_1_q <= clocks_i[31:16];
    else if (left_1_q != '0) left_1_q <= left_1_q - skip_i - 16'd1;
  end

  logic [47:0] quiet_clocks;
  logic quiet;
  nearest_timer #(
      .TIMERS(2)
  ) i_timer (
      .clk_i,
      .rst_ni,
      .timing_i(running_q),
      .quiet_clocks_i({left_1_q - 16'd1, left_0_q - 16'd1}),
`ifdef BUG_SKIPS_ONE_LESS
      .skip_i(skip_i == '0 ? skip_i : skip_i - 16'd1),
`else
      .skip_i,
`endif
      .quiet_clocks_o(quiet_clocks),
      .quiet_o(quiet)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  logic acts;  // one of them: nic_interrupts is not quiet then
  assign acts = (running_q[0] && left_0_q == '0) || (running_q[1] && left_1_q == '0);
  `FOURTUPLE_ASSUME(SkipsWhileQuiet, skip_i == '0 || (quiet && !acts && 48'(skip_i) <= quiet_clocks));

  `FOURTUPLE_PROBE(16, shortest, i_timer.shortest_q)
  logic [15:0] clocks_0, clocks_1, least;
  assign clocks_0 = running_q[0] ? left_0_q - 16'd1 : '1;
  assign clocks_1 = running_q[1] ? left_1_q - 16'd1 : '1;
  assign least    = clocks_0 < clocks_1 ? clocks_0 : clocks_1;
  `FOURTUPLE_ASSERT(SaysTheLeast, !quiet || acts || running_q == '0 || shortest == least);
  `FOURTUPLE_COVER(SkipsTwice, skip_i > 16'd8 && quiet_clocks - 48'(skip_i) > 48'd8 && running_q == 2'b11);
endmodule

`default_nettype wire
