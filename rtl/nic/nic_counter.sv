// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A 64-bit counter, added up in two halves to keep the carry short. Both halves of value_o are of the same moment.
///
/// latency     3 clocks from add_i to value_o
/// throughput  one addition per clock
/// reset       0
module nic_counter #(
    parameter int unsigned WIDTH = 1  // bits of what is added
) (
    input  wire logic             clk_i,
    input  wire logic             rst_ni,
    input  wire logic [WIDTH-1:0] add_i,
    output logic      [63:0]      value_o
);
  logic [WIDTH-1:0] add_q;
  logic [31:0] low_q, low_shown_q, high_q;
  logic carry_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      add_q       <= '0;
      carry_q     <= 1'b0;
      low_q       <= '0;
      low_shown_q <= '0;
      high_q      <= '0;
    end else begin
      add_q            <= add_i;
      {carry_q, low_q} <= {1'b0, low_q} + 33'(add_q);
      low_shown_q      <= low_q;
      high_q           <= high_q + 32'(carry_q);
    end
  end

  assign value_o = {high_q, low_shown_q};
endmodule

`default_nettype wire
