// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// Functional cover points of interrupt_moderation. bind_covers.sv puts it in.
module moderation_covers (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic        due_i,
    input wire logic        enough_i,
    input wire logic        arm_i,
    input wire logic        some_i,  // completions that the armed index does not know
    input wire logic        timing_i,
    input wire logic [15:0] skip_i
);
  `FOURTUPLE_COVER(FiresByNumber, due_i && enough_i);
  `FOURTUPLE_COVER(FiresByTime, due_i && !enough_i);
  `FOURTUPLE_COVER(ArmedBehindACompletion, arm_i && some_i);
  `FOURTUPLE_COVER(TimeIsSkipped, timing_i && skip_i != '0);
endmodule

`default_nettype wire
