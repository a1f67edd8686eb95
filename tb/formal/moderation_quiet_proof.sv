// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/moderation_settled.svh"
`include "tb/formal/properties.svh"

/// interrupt_moderation while nothing happens: what scripts/proofs/skip.py compares. From any state in which quiet_o is 1,
/// n clocks and one more leave the same registers as one clock with skip n, for every n from 1 to quiet_clocks_o; it
/// does not fire meanwhile, and stays quiet.
///
/// Free, and the same in all clocks: what the registers hold, and how many completions were written.
module moderation_quiet_proof (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic [47:0] skip_i,
    input  wire logic        idle_start_i,
    input  wire logic        idle_arm_i,
    input  wire logic [15:0] held_arm_index_i,
    input  wire logic [15:0] held_tail_i,
    input  wire logic [15:0] held_completions_i,
    input  wire logic [15:0] held_clocks_i,
    output logic             quiet_o,
    output logic      [47:0] quiet_clocks_o,
    output logic             offers_o
);
  logic quiet, timing;
  logic [15:0] quiet_clocks;
  interrupt_moderation i_moderation (
      .clk_i,
      .rst_ni,
      .start_i(idle_start_i),
      .arm_i(idle_arm_i),
      .arm_index_i(held_arm_index_i),
      .tail_i(held_tail_i),
      .completions_i(held_completions_i),
      .clocks_i(held_clocks_i),
      .fire_o(offers_o),
`ifdef BUG_SKIPS_ONE_MORE
      .skip_i(skip_i[15:0] == '0 ? skip_i[15:0] : skip_i[15:0] + 1'b1),
`else
      .skip_i(skip_i[15:0]),
`endif
      .timing_o(timing),
      .quiet_clocks_o(quiet_clocks),
      .quiet_o(quiet)
  );

  // moderation_settles_proof: no state is otherwise.
  `FOURTUPLE_PROBE(1, index_new, i_moderation.index_new_q)
  `FOURTUPLE_PROBE(2, settle, i_moderation.settle_q)
  `FOURTUPLE_PROBE(1, armed, i_moderation.armed_q)
  `FOURTUPLE_PROBE(1, counted, i_moderation.counted_q)
  `FOURTUPLE_PROBE(1, enough, i_moderation.enough_q)
  `FOURTUPLE_PROBE(1, any, i_moderation.any_q)
  `FOURTUPLE_PROBE(1, running, i_moderation.running_q)
  logic reachable;
  assign reachable = `FOURTUPLE_ARMED_IS_NOT_SETTLED(index_new, settle) &&
                     `FOURTUPLE_SETTLED_IS_DECIDED(settle == '0, armed, counted, enough, any, running);
`ifdef BUG_ALWAYS_QUIET
  assign quiet_o = reachable;
`else
  assign quiet_o = quiet && reachable;
`endif
  logic [47:0] clocks;  // all ones: no time is running
  assign clocks = timing ? {32'd0, quiet_clocks} : '1;
`ifdef BUG_QUIET_A_CLOCK_LONGER
  assign quiet_clocks_o = clocks + 48'd1;
`else
  assign quiet_clocks_o = clocks;
`endif
endmodule

`default_nettype wire
