// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// One of the seven steps that end Bob Jenkins' lookup3 hash: x becomes (x ^ y) - rotate_left(y,
/// ROTATE); y and z stay. A clock for the exclusive or, and one for each half of the subtraction, so
/// that no carry runs over more than 16 bits.
///
/// latency       3 clocks
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
    output logic      [31:0] z_o,
    output logic             quiet_o
);
  logic mixed_valid_q, half_valid_q, full_valid_q;
  logic [31:0] mixed_q, mixed_y_q, mixed_z_q, half_y_q, half_z_q, full_x_q, full_y_q, full_z_q;
  logic [31:0] rotated;
  logic [16:0] low_q;  // with the borrow
  logic [15:0] mixed_high_q, rotated_high_q;
  assign rotated = {mixed_y_q[31-ROTATE:0], mixed_y_q[31:32-ROTATE]};

  // The borrow is the carry into the same chain: 0 - 1 in a bit of its own below.
  logic [16:0] high;
  assign high = {mixed_high_q, 1'b0} - {rotated_high_q, low_q[16]};

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      mixed_q   <= x_i ^ y_i;
      mixed_y_q <= y_i;
      mixed_z_q <= z_i;
    end
    if (mixed_valid_q) begin
      low_q          <= {1'b0, mixed_q[15:0]} - {1'b0, rotated[15:0]};
      mixed_high_q   <= mixed_q[31:16];
      rotated_high_q <= rotated[31:16];
      half_y_q       <= mixed_y_q;
      half_z_q       <= mixed_z_q;
    end
    if (half_valid_q) begin
      full_x_q <= {high[16:1], low_q[15:0]};
      full_y_q <= half_y_q;
      full_z_q <= half_z_q;
    end
  end

  logic unused_high;  // the borrow's own bit
  assign unused_high = high[0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      mixed_valid_q <= 1'b0;
      half_valid_q  <= 1'b0;
      full_valid_q  <= 1'b0;
    end else begin
      mixed_valid_q <= valid_i;
      half_valid_q  <= mixed_valid_q;
      full_valid_q  <= half_valid_q;
    end
  end

  assign valid_o = full_valid_q;
  assign x_o     = full_x_q;
  assign y_o     = full_y_q;
  assign z_o     = full_z_q;
  assign quiet_o = !mixed_valid_q && !half_valid_q && !full_valid_q;
endmodule

`default_nettype wire
