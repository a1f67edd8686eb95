// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The hash of a connection: what Linux's inet_ehashfn computes on a little-endian machine,
/// jhash_3words(local_address, foreign_address, local_port << 16 | foreign_port, secret).
/// docs/device.md, The hash.
///
/// latency       32 clocks
/// throughput    1 per clock
/// backpressure  none
/// reset         drops what is inside
/// secret_i      taken with the tuple; belongs to the tuple it came with
module jhash_tuple (
    input  wire logic                          clk_i,
    input  wire logic                          rst_ni,
    input  wire logic                          tuple_valid_i,
    input  wire fourtuple_nic_pkg::tuple_t     tuple_i,
    input  wire logic                   [31:0] secret_i,
    output logic                               hash_valid_o,
    output logic                        [31:0] hash_o,
    output logic                               quiet_o
);
  // lookup3 starts from an arbitrary constant plus the key's length in bytes: three words.
  localparam logic [31:0] INITIAL = 32'hdeadbeef + 32'd12;

  // The start value and the three words added to it, by thirds as in jhash_step: a word's third is
  // added a clock after the start value's third has been.
  logic [3:0] valid_q;
  logic [31:0] local_0_q, foreign_0_q, ports_0_q;
  logic [20:0] local_1_q, foreign_1_q, ports_1_q;  // what is not yet added
  logic [9:0] local_2_q, foreign_2_q, ports_2_q;
  logic [10:0] base_0_q, base_1_q;
  logic [9:0] base_2_q;
  logic [20:0] secret_0_q;
  logic [9:0] secret_1_q;
  logic base_carry_0_q, base_carry_1_q;
  logic [10:0] a_1_q, b_1_q, c_1_q;
  logic [21:0] a_2_q, b_2_q, c_2_q;
  logic a_carry_1_q, b_carry_1_q, c_carry_1_q, a_carry_2_q, b_carry_2_q, c_carry_2_q;
  logic [31:0] a_q, b_q, c_q;

  // Carries come in through a bit of their own below: 1 + carry.
  logic [11:0] base_low, a_low, b_low, c_low;
  logic [12:0] base_middle, a_middle, b_middle, c_middle;
  logic [10:0] base_high, a_high, b_high, c_high;
  assign base_low    = {1'b0, secret_i[10:0]} + {1'b0, INITIAL[10:0]};
  assign base_middle = {1'b0, secret_0_q[10:0], 1'b1} + {1'b0, INITIAL[21:11], base_carry_0_q};
  assign base_high   = {secret_1_q, 1'b1} + {INITIAL[31:22], base_carry_1_q};
  assign a_low       = {1'b0, local_0_q[10:0]} + {1'b0, base_0_q};
  assign b_low       = {1'b0, foreign_0_q[10:0]} + {1'b0, base_0_q};
  assign c_low       = {1'b0, ports_0_q[10:0]} + {1'b0, base_0_q};
  assign a_middle    = {1'b0, local_1_q[10:0], 1'b1} + {1'b0, base_1_q, a_carry_1_q};
  assign b_middle    = {1'b0, foreign_1_q[10:0], 1'b1} + {1'b0, base_1_q, b_carry_1_q};
  assign c_middle    = {1'b0, ports_1_q[10:0], 1'b1} + {1'b0, base_1_q, c_carry_1_q};
  assign a_high      = {local_2_q, 1'b1} + {base_2_q, a_carry_2_q};
  assign b_high      = {foreign_2_q, 1'b1} + {base_2_q, b_carry_2_q};
  assign c_high      = {ports_2_q, 1'b1} + {base_2_q, c_carry_2_q};

  always_ff @(posedge clk_i) begin
    if (tuple_valid_i) begin
      local_0_q      <= tuple_i.local_address;
      foreign_0_q    <= tuple_i.foreign_address;
      ports_0_q      <= {tuple_i.local_port, tuple_i.foreign_port};
      base_0_q       <= base_low[10:0];
      base_carry_0_q <= base_low[11] && tuple_valid_i;
      secret_0_q     <= secret_i[31:11];
    end
    if (valid_q[0]) begin
      base_1_q       <= base_middle[11:1];
      base_carry_1_q <= base_middle[12] && valid_q[0];
      secret_1_q     <= secret_0_q[20:11];
      a_1_q          <= a_low[10:0];
      b_1_q          <= b_low[10:0];
      c_1_q          <= c_low[10:0];
      a_carry_1_q    <= a_low[11] && valid_q[0];
      b_carry_1_q    <= b_low[11] && valid_q[0];
      c_carry_1_q    <= c_low[11] && valid_q[0];
      local_1_q      <= local_0_q[31:11];
      foreign_1_q    <= foreign_0_q[31:11];
      ports_1_q      <= ports_0_q[31:11];
    end
    if (valid_q[1]) begin
      base_2_q    <= base_high[10:1];
      a_2_q       <= {a_middle[11:1], a_1_q};
      b_2_q       <= {b_middle[11:1], b_1_q};
      c_2_q       <= {c_middle[11:1], c_1_q};
      a_carry_2_q <= a_middle[12] && valid_q[1];
      b_carry_2_q <= b_middle[12] && valid_q[1];
      c_carry_2_q <= c_middle[12] && valid_q[1];
      local_2_q   <= local_1_q[20:11];
      foreign_2_q <= foreign_1_q[20:11];
      ports_2_q   <= ports_1_q[20:11];
    end
    if (valid_q[2]) begin
      a_q <= {a_high[10:1], a_2_q};
      b_q <= {b_high[10:1], b_2_q};
      c_q <= {c_high[10:1], c_2_q};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[2:0], tuple_valid_i};
  end

  // The seven steps: c by b, a by c, b by a, c by b, a by c, b by a, c by b.
  logic valid_1, valid_2, valid_3, valid_4, valid_5, valid_6;
  logic [31:0] a_1, b_1, c_1, a_2, b_2, c_2, a_3, b_3, c_3;
  logic [31:0] a_4, b_4, c_4, a_5, b_5, c_5, a_6, b_6, c_6;
  logic [31:0] unused_a, unused_b;

  jhash_step #(.ROTATE(14)) u_step_1 (
      .clk_i, .rst_ni, .valid_i(valid_q[3]), .x_i(c_q), .y_i(b_q), .z_i(a_q),
      .valid_o(valid_1), .x_o(c_1), .y_o(b_1), .z_o(a_1));
  jhash_step #(.ROTATE(11)) u_step_2 (
      .clk_i, .rst_ni, .valid_i(valid_1), .x_i(a_1), .y_i(c_1), .z_i(b_1),
      .valid_o(valid_2), .x_o(a_2), .y_o(c_2), .z_o(b_2));
  jhash_step #(.ROTATE(25)) u_step_3 (
      .clk_i, .rst_ni, .valid_i(valid_2), .x_i(b_2), .y_i(a_2), .z_i(c_2),
      .valid_o(valid_3), .x_o(b_3), .y_o(a_3), .z_o(c_3));
  jhash_step #(.ROTATE(16)) u_step_4 (
      .clk_i, .rst_ni, .valid_i(valid_3), .x_i(c_3), .y_i(b_3), .z_i(a_3),
      .valid_o(valid_4), .x_o(c_4), .y_o(b_4), .z_o(a_4));
  jhash_step #(.ROTATE(4)) u_step_5 (
      .clk_i, .rst_ni, .valid_i(valid_4), .x_i(a_4), .y_i(c_4), .z_i(b_4),
      .valid_o(valid_5), .x_o(a_5), .y_o(c_5), .z_o(b_5));
  jhash_step #(.ROTATE(14)) u_step_6 (
      .clk_i, .rst_ni, .valid_i(valid_5), .x_i(b_5), .y_i(a_5), .z_i(c_5),
      .valid_o(valid_6), .x_o(b_6), .y_o(a_6), .z_o(c_6));
  jhash_step #(.ROTATE(24)) u_step_7 (
      .clk_i, .rst_ni, .valid_i(valid_6), .x_i(c_6), .y_i(b_6), .z_i(a_6),
      .valid_o(hash_valid_o), .x_o(hash_o), .y_o(unused_b), .z_o(unused_a));

  logic unused_low;  // the carries' own bits
  assign unused_low = ^{base_middle[0], base_high[0], a_middle[0], a_high[0], b_middle[0], b_high[0], c_middle[0], c_high[0]};

  // Quiet when the last tuple has left.
  localparam int unsigned LATENCY = 4 + 7 * 4;
  logic [5:0] left_q;
  logic quiet_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q  <= '0;
      quiet_q <= 1'b1;
    end else if (tuple_valid_i) begin
      left_q  <= 6'(LATENCY);
      quiet_q <= 1'b0;
    end else if (!quiet_q) begin
      left_q  <= left_q - 1'b1;
      quiet_q <= left_q == 6'd1;
    end
  end
  assign quiet_o = quiet_q;
endmodule

`default_nettype wire
