// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// One of the seven steps that end Bob Jenkins' lookup3 hash: x becomes (x ^ y) - rotate_left(y,
/// ROTATE); y and z stay. A clock for the exclusive or, and one for each third of the subtraction, so
/// that no carry runs over more than 12 bits.
///
/// latency       4 clocks
/// throughput    1 per clock
/// backpressure  none
/// reset         drops what is inside
module jhash_step #(
    parameter int unsigned ROTATE = 14  // bits to rotate y left by, 1 to 31
) (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        valid_i,
    input  wire logic [31:0] x_i,
    input  wire logic [31:0] y_i,
    input  wire logic [31:0] z_i,
    output logic             valid_o,
    output logic      [31:0] x_o,
    output logic      [31:0] y_o,
    output logic      [31:0] z_o
);
  // y is kept inverted: what is subtracted is added as ~y and a carry, without an inverter in front of the chain.
  logic [3:0] valid_q;
  logic [31:0] mixed_q, inverted_0_q, inverted_1_q, inverted_2_q, z_0_q, z_1_q, z_2_q, x_q, y_q, z_q;
  logic [31:0] rotated;
  logic [20:0] mixed_1_q, rotated_1_q;  // what is not yet added
  logic [9:0] mixed_2_q, rotated_2_q;
  logic [10:0] low_1_q;
  logic [21:0] low_2_q;
  logic carry_1_q, carry_2_q;
  assign rotated = {inverted_0_q[31-ROTATE:0], inverted_0_q[31:32-ROTATE]};

  // Carries come in through a bit of their own below: 1 + carry.
  logic [12:0] low, middle;
  logic [10:0] high;
  assign low    = {1'b0, mixed_q[10:0], 1'b1} + {1'b0, rotated[10:0], 1'b1};
  assign middle = {1'b0, mixed_1_q[10:0], 1'b1} + {1'b0, rotated_1_q[10:0], carry_1_q};
  assign high   = {mixed_2_q, 1'b1} + {rotated_2_q, carry_2_q};

  // With && a carry is logic at its chain's end, where a register can stand beside it, and no wire to one elsewhere.
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      mixed_q      <= x_i ^ y_i;
      inverted_0_q <= ~y_i;
      z_0_q        <= z_i;
    end
    if (valid_q[0]) begin
      low_1_q      <= low[11:1];
      carry_1_q    <= low[12] && valid_q[0];
      mixed_1_q    <= mixed_q[31:11];
      rotated_1_q  <= rotated[31:11];
      inverted_1_q <= inverted_0_q;
      z_1_q        <= z_0_q;
    end
    if (valid_q[1]) begin
      low_2_q      <= {middle[11:1], low_1_q};
      carry_2_q    <= middle[12] && valid_q[1];
      mixed_2_q    <= mixed_1_q[20:11];
      rotated_2_q  <= rotated_1_q[20:11];
      inverted_2_q <= inverted_1_q;
      z_2_q        <= z_1_q;
    end
    if (valid_q[2]) begin
      x_q <= {high[10:1], low_2_q};
      y_q <= ~inverted_2_q;
      z_q <= z_2_q;
    end
  end

  logic unused_low;  // the carries' own bits
  assign unused_low = ^{low[0], middle[0], high[0]};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[2:0], valid_i};
  end

  assign valid_o = valid_q[3];
  assign x_o     = x_q;
  assign y_o     = y_q;
  assign z_o     = z_q;
endmodule

`default_nettype wire
