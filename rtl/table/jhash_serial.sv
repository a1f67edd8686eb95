// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The hash of a connection as jhash_tuple computes it, one tuple at a time and with a tenth of the
/// registers: one adder of 11 bits does all eleven additions, each a third a clock.
///
/// latency       34 clocks
/// throughput    1 in 34 clocks
/// backpressure  none: tuple_valid_i only when quiet_o or hash_valid_o
/// reset         drops what is inside
/// secret_i      taken with the tuple
module jhash_serial (
    input  wire logic                          clk_i,
    input  wire logic                          rst_ni,
    input  wire logic                          tuple_valid_i,
    input  wire fourtuple_nic_pkg::tuple_t     tuple_i,
    input  wire logic                   [31:0] secret_i,
    output logic                               hash_valid_o,  // for 1 clock
    output logic                        [31:0] hash_o,        // until the next tuple
    output logic                               quiet_o
);
  // lookup3 starts from an arbitrary constant plus the key's length in bytes: three words.
  localparam logic [31:0] INITIAL = 32'hdeadbeef + 32'd12;

  // Additions 0 to 10: the secret to INITIAL, that sum to each of c, a, b, and the seven steps of jhash_step. Each
  // changes x and is followed by x, y, z <= z, x, y: so that after three of them every word is in its place again.
  localparam logic [3:0] FIRST_STEP = 4'd4;
  localparam logic [3:0] LAST_STEP = 4'd10;

  logic running_q, valid_q;
  logic [3:0] addition_q;
  logic [1:0] third_q;  // 0, 1, 2: which one is added

  logic [31:0] x_q, y_q, z_q, start_q;
  logic [32:0] addend_q, other_q;  // what is not yet added, from below
  logic [21:0] sum_q;              // what is, from above
  logic carry_q;

  // The carry comes in through a bit of its own below: 1 + carry.
  logic [12:0] third;
  logic [31:0] sum;
  assign third = {1'b0, addend_q[10:0], 1'b1} + {1'b0, other_q[10:0], carry_q};
  assign sum   = {third[10:1], sum_q};

  // With the last third the next addition's addends are put together: its x is z, its y is the sum.
  logic next_is_step;
  logic [31:0] rotated;
  assign next_is_step = addition_q >= FIRST_STEP - 4'd1;
  always_comb begin
    unique case (addition_q)
      4'd4:    rotated = {sum[20:0], sum[31:21]};  // by 11
      4'd5:    rotated = {sum[6:0], sum[31:7]};    // by 25
      4'd6:    rotated = {sum[15:0], sum[31:16]};  // by 16
      4'd7:    rotated = {sum[27:0], sum[31:28]};  // by 4
      4'd9:    rotated = {sum[7:0], sum[31:8]};    // by 24
      default: rotated = {sum[17:0], sum[31:18]};  // by 14
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (tuple_valid_i) begin
      x_q      <= {tuple_i.local_port, tuple_i.foreign_port};
      y_q      <= tuple_i.foreign_address;
      z_q      <= tuple_i.local_address;
      addend_q <= {1'b0, INITIAL};
      other_q  <= {1'b0, secret_i};
      carry_q  <= 1'b0;
    end else if (running_q && third_q != 2'd2) begin
      addend_q <= {11'd0, addend_q[32:11]};
      other_q  <= {11'd0, other_q[32:11]};
      sum_q    <= {third[11:1], sum_q[21:11]};
      carry_q  <= third[12];
    end else if (running_q && addition_q == 4'd0) begin
      start_q  <= sum;
      addend_q <= {1'b0, x_q};
      other_q  <= {1'b0, sum};
      carry_q  <= 1'b0;
    end else if (running_q) begin
      // What a step subtracts is added as its complement and a carry.
      {x_q, y_q, z_q} <= {z_q, sum, y_q};
      addend_q        <= {1'b0, next_is_step ? z_q ^ sum : z_q};
      other_q         <= {1'b0, next_is_step ? ~rotated : start_q};
      carry_q         <= next_is_step;
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q <= 1'b0;
    if (tuple_valid_i) begin
      running_q  <= 1'b1;
      addition_q <= '0;
      third_q    <= '0;
    end else if (running_q) begin
      third_q <= third_q + 2'd1;
      if (third_q == 2'd2) begin
        third_q    <= '0;
        addition_q <= addition_q + 4'd1;
        running_q  <= addition_q != LAST_STEP;
        valid_q    <= addition_q == LAST_STEP;
      end
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
      valid_q   <= 1'b0;
    end
  end

  logic unused_low;  // the carry's own bit
  assign unused_low = third[0];

  // The last step's x is y after it.
  assign hash_valid_o = valid_q;
  assign hash_o       = y_q;
  assign quiet_o      = !running_q && !valid_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni && tuple_valid_i) OneAtATime : assert (!running_q);
  end
endmodule

`default_nettype wire
