// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// Functional cover points of function_reset. bind_covers.sv puts it in.
module reset_covers (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic stopping_i,
    input wire logic resetting_i,
    input wire logic by_flr_i,
    input wire logic write_goes_on_i,
    input wire logic response_i,
    input wire logic read_beat_i,
    input wire logic frame_leaves_i,
    input wire logic skips_i
);
  `FOURTUPLE_COVER(ByFlr, resetting_i && by_flr_i);
  `FOURTUPLE_COVER(ByRegister, resetting_i && !by_flr_i);
  `FOURTUPLE_COVER(FinishesAWrite, stopping_i && write_goes_on_i);
  `FOURTUPLE_COVER(AwaitsAResponse, stopping_i && response_i);
  `FOURTUPLE_COVER(AwaitsARead, stopping_i && read_beat_i);
  `FOURTUPLE_COVER(FinishesAFrame, stopping_i && frame_leaves_i);
  `FOURTUPLE_COVER(SkipsTheRestOfAFrame, skips_i && !resetting_i);
endmodule

`default_nettype wire
