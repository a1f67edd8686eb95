// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// Every trace begins with reset; later the reset may come at any time.
module formal_reset #(
    parameter int unsigned CLOCKS = 1  // more where registers without reset have to forget what never was, for the block's own assertions
) (
    input wire logic clk_i,
    input wire logic rst_ni
);
  logic [CLOCKS-1:0] started_q;
  initial started_q = '0;
  always_ff @(posedge clk_i) started_q <= CLOCKS'({started_q, 1'b1});
  `FOURTUPLE_ALWAYS if (!started_q[CLOCKS-1]) BeginsWithReset : assume (!rst_ni);
endmodule

`default_nettype wire
