// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Watches a free-running count that the host writes and says by how much it has moved since it was last told:
/// as the negative number that is subtracted from a count of free places.
///
/// latency       1 clock; a move during a pending one is told after that one is taken
/// backpressure  minus_returned_o is held until taken_i
/// reset, start  the count last seen is 0
/// quiet_o       nothing waits, and the count has been looked at since something did and since the start
module ring_returned #(
    parameter int unsigned WIDTH = 16  // bits of the count
) (
    input  wire logic             clk_i,
    input  wire logic             rst_ni,
    input  wire logic             start_i,
    input  wire logic [WIDTH-1:0] head_i,
    output logic                  valid_o,
    output logic      [WIDTH-1:0] minus_returned_o,
    input  wire logic             taken_i,
    output logic                  quiet_o
);
  logic [WIDTH-1:0] seen_q;
  logic looked_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      seen_q  <= '0;
      valid_o <= 1'b0;
    end else if (!valid_o) begin
      valid_o <= head_i != seen_q;
      seen_q  <= head_i;
    end else if (taken_i) begin
      valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) looked_q <= rst_ni && !start_i && !valid_o;
  assign quiet_o = !valid_o && looked_q;

  always_ff @(posedge clk_i) begin
    if (!valid_o) minus_returned_o <= seen_q - head_i;
  end
endmodule

`default_nettype wire
