// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// What goes in comes out: once, unchanged, in order. Follows one word, chosen by mark_i, which the solver is free to
/// drive: what holds for any word holds for all.
///
/// order         the marked word leaves after exactly the words that were inside when it came
/// loss          a word that was lost or doubled lets the marked one leave too early or too late, or inside_o disagree
/// reset         forgets everything
module stream_scoreboard #(
    parameter int unsigned WIDTH = 8,       // bits of a word
    parameter int unsigned COUNT_BITS = 8   // enough for what can be inside
) (
    input  wire logic                  clk_i,
    input  wire logic                  rst_ni,
    input  wire logic                  push_i,
    input  wire logic [WIDTH-1:0]      push_data_i,
    input  wire logic                  pop_i,
    input  wire logic [WIDTH-1:0]      pop_data_i,
    input  wire logic                  mark_i,
    output logic      [COUNT_BITS-1:0] inside_o,  // words that went in and have not come out
    output logic                       marked_o,  // the marked word is inside
    output logic      [COUNT_BITS-1:0] ahead_o,   // words that leave before it
    output logic      [WIDTH-1:0]      value_o    // its content
);
  logic [COUNT_BITS-1:0] inside_q, ahead_q;
  logic [WIDTH-1:0] value_q;
  logic marked_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= '0;
      marked_q <= 1'b0;
      ahead_q  <= '0;
    end else begin
      inside_q <= inside_q + COUNT_BITS'(push_i) - COUNT_BITS'(pop_i);
      if (!marked_q && push_i && mark_i) begin
        marked_q <= 1'b1;
        ahead_q  <= inside_q - COUNT_BITS'(pop_i);
        value_q  <= push_data_i;
      end else if (marked_q && pop_i) begin
        if (ahead_q == '0) marked_q <= 1'b0;
        else ahead_q <= ahead_q - 1'b1;
      end
    end
  end

  assign inside_o = inside_q;
  assign marked_o = marked_q;
  assign ahead_o  = ahead_q;
  assign value_o  = value_q;

  `FOURTUPLE_ASSERT(NothingFromNothing, !(pop_i && inside_q == '0));
  `FOURTUPLE_ASSERT(MarkedIsInside, !marked_q || ahead_q < inside_q);
  `FOURTUPLE_ASSERT(MarkedIsUnchanged, !(marked_q && pop_i && ahead_q == '0) || pop_data_i == value_q);
  `FOURTUPLE_COVER(MarkedLeaves, marked_q && pop_i && ahead_q == '0);
endmodule

`default_nettype wire
