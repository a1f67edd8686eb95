// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// nic_clock shows the number of clocks since reset, one clock late, where a clock with skip n counts as n + 1: so one
/// clock with skip n has the effect of n + 1 clocks, for every n and whatever was before.
module nic_clock_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic [47:0] skip_i
);
  logic [63:0] now;
  nic_clock i_clock (
      .clk_i,
      .rst_ni,
`ifdef BUG_SKIPS_ONE_LESS
      .skip_i(skip_i == 48'd0 ? 48'd0 : skip_i - 48'd1),
`else
      .skip_i,
`endif
      .now_o(now)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  logic [63:0] clocks_q, shown_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clocks_q <= '0;
      shown_q  <= '0;
    end else begin
      clocks_q <= clocks_q + 64'(skip_i) + 64'd1;
      shown_q  <= clocks_q;
    end
  end

  `FOURTUPLE_ASSERT(ShowsTheClocks, now == shown_q);
  `FOURTUPLE_COVER(CarriesOver, now[32] && skip_i == 48'd5);

  // What makes it inductive: the two halves are added up one behind the other.
  `FOURTUPLE_PROBE(32, low, i_clock.low_q)
  `FOURTUPLE_PROBE(32, high, i_clock.high_q)
  `FOURTUPLE_PROBE(16, skip_high, i_clock.skip_high_q)
  `FOURTUPLE_PROBE(1, carry, i_clock.carry_q)
  logic [31:0] high_next;
  assign high_next = high + {16'b0, skip_high} + 32'(carry);
  `FOURTUPLE_ASSERT(HalvesAgree, clocks_q == {high_next, low});
endmodule

`default_nettype wire
