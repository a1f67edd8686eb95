// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/moderation_settled.svh"
`include "tb/formal/properties.svh"

/// interrupt_moderation: in every state that can be reached, who has settled has decided. moderation_quiet_proof begins with
/// such states.
module moderation_settles_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic        start_i,
    input wire logic        arm_i,
    input wire logic [15:0] arm_index_i,
    input wire logic [15:0] tail_i,
    input wire logic [15:0] completions_i,
    input wire logic [15:0] clocks_i,
    input wire logic [15:0] skip_i
);
  logic fire, timing, quiet;
  logic [15:0] quiet_clocks;
  interrupt_moderation i_moderation (
      .clk_i,
      .rst_ni,
      .start_i,
      .arm_i,
      .arm_index_i,
      .tail_i,
      .completions_i,
      .clocks_i,
      .fire_o(fire),
      .skip_i,
      .timing_o(timing),
      .quiet_clocks_o(quiet_clocks),
      .quiet_o(quiet)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );
  `FOURTUPLE_PROBE(1, index_new, i_moderation.index_new_q)
  `FOURTUPLE_PROBE(2, settle, i_moderation.settle_q)
  `FOURTUPLE_PROBE(1, armed, i_moderation.armed_q)
  `FOURTUPLE_PROBE(1, counted, i_moderation.counted_q)
  `FOURTUPLE_PROBE(1, enough, i_moderation.enough_q)
  `FOURTUPLE_PROBE(1, any, i_moderation.any_q)
  `FOURTUPLE_PROBE(1, running, i_moderation.running_q)
  logic settled;
`ifdef BUG_SETTLES_EARLY
  assign settled = settle[1] == 1'b0;
`else
  assign settled = settle == '0;
`endif
  `FOURTUPLE_ASSERT(ArmedIsNotSettled, `FOURTUPLE_ARMED_IS_NOT_SETTLED(index_new, settle));
  `FOURTUPLE_ASSERT(SettledIsDecided, `FOURTUPLE_SETTLED_IS_DECIDED(settled, armed, counted, enough, any, running));
  `FOURTUPLE_COVER(SettlesWhileTiming, settled && armed && timing);
endmodule

`default_nettype wire
