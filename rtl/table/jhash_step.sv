// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// One of the seven steps that end Bob Jenkins' lookup3 hash: x becomes (x ^ y) - rotate_left(y,
/// ROTATE); y and z stay. The subtraction is done in two halves, so that no carry runs over more
/// than 16 bits in a clock.
///
/// latency       2 clocks
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
  logic [31:0] mixed, rotated;
  assign mixed   = x_i ^ y_i;
  assign rotated = {y_i[31-ROTATE:0], y_i[31:32-ROTATE]};

  logic half_valid_q, full_valid_q;
  logic [16:0] low_q;  // with the borrow
  logic [15:0] mixed_high_q, rotated_high_q;
  logic [31:0] half_y_q, half_z_q, full_x_q, full_y_q, full_z_q;

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      low_q          <= {1'b0, mixed[15:0]} - {1'b0, rotated[15:0]};
      mixed_high_q   <= mixed[31:16];
      rotated_high_q <= rotated[31:16];
      half_y_q       <= y_i;
      half_z_q       <= z_i;
    end
    if (half_valid_q) begin
      full_x_q <= {mixed_high_q - rotated_high_q - 16'(low_q[16]), low_q[15:0]};
      full_y_q <= half_y_q;
      full_z_q <= half_z_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      half_valid_q <= 1'b0;
      full_valid_q <= 1'b0;
    end else begin
      half_valid_q <= valid_i;
      full_valid_q <= half_valid_q;
    end
  end

  assign valid_o = full_valid_q;
  assign x_o     = full_x_q;
  assign y_o     = full_y_q;
  assign z_o     = full_z_q;
  assign quiet_o = !half_valid_q && !full_valid_q;
endmodule

`default_nettype wire
