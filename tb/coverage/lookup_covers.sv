// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// Functional cover points of connection_lookup. bind_covers.sv puts it in.
module lookup_covers (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic looked_up_i,
    input wire logic main_hit_i,
    input wire logic overflow_hit_i
);
  logic before_q;
  always_ff @(posedge clk_i) before_q <= rst_ni && looked_up_i;
  `FOURTUPLE_COVER(MainHit, looked_up_i && main_hit_i);
  `FOURTUPLE_COVER(OverflowHit, looked_up_i && overflow_hit_i);
  `FOURTUPLE_COVER(Miss, looked_up_i && !main_hit_i && !overflow_hit_i);
  `FOURTUPLE_COVER(EveryClock, looked_up_i && before_q);
endmodule

`default_nettype wire
