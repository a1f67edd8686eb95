// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The hash of a connection: what Linux's inet_ehashfn computes on a little-endian machine,
/// jhash_3words(local_address, foreign_address, local_port << 16 | foreign_port, secret).
/// docs/device.md, The hash.
///
/// latency       25 clocks
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

  // The start value, then the three words added to it, each in two halves: no carry over more than
  // 16 bits in a clock.
  logic [3:0] valid_q;
  logic [31:0] local_q, foreign_q, ports_q, base_q;
  logic [31:0] local_2q, foreign_2q, ports_2q, base_2q;
  logic base_carry_q;
  logic [15:0] local_high_q, foreign_high_q, ports_high_q, base_high_q;
  logic [16:0] local_low_q, foreign_low_q, ports_low_q;
  logic [31:0] a_q, b_q, c_q;

  logic [16:0] base_low;
  assign base_low = {1'b0, secret_i[15:0]} + {1'b0, INITIAL[15:0]};

  // The low halves' carries go into the same chains: 1 + 1 in a bit of its own below.
  logic [16:0] base_high, local_high, foreign_high, ports_high;
  assign base_high    = {base_q[31:16], 1'b1} + {INITIAL[31:16], base_carry_q};
  assign local_high   = {local_high_q, 1'b1} + {base_high_q, local_low_q[16]};
  assign foreign_high = {foreign_high_q, 1'b1} + {base_high_q, foreign_low_q[16]};
  assign ports_high   = {ports_high_q, 1'b1} + {base_high_q, ports_low_q[16]};

  always_ff @(posedge clk_i) begin
    if (tuple_valid_i) begin
      local_q      <= tuple_i.local_address;
      foreign_q    <= tuple_i.foreign_address;
      ports_q      <= {tuple_i.local_port, tuple_i.foreign_port};
      base_q       <= {secret_i[31:16], base_low[15:0]};
      base_carry_q <= base_low[16];
    end
    if (valid_q[0]) begin
      local_2q   <= local_q;
      foreign_2q <= foreign_q;
      ports_2q   <= ports_q;
      base_2q    <= {base_high[16:1], base_q[15:0]};
    end
    if (valid_q[1]) begin
      local_low_q    <= {1'b0, local_2q[15:0]} + {1'b0, base_2q[15:0]};
      foreign_low_q  <= {1'b0, foreign_2q[15:0]} + {1'b0, base_2q[15:0]};
      ports_low_q    <= {1'b0, ports_2q[15:0]} + {1'b0, base_2q[15:0]};
      local_high_q   <= local_2q[31:16];
      foreign_high_q <= foreign_2q[31:16];
      ports_high_q   <= ports_2q[31:16];
      base_high_q    <= base_2q[31:16];
    end
    if (valid_q[2]) begin
      a_q <= {local_high[16:1], local_low_q[15:0]};
      b_q <= {foreign_high[16:1], foreign_low_q[15:0]};
      c_q <= {ports_high[16:1], ports_low_q[15:0]};
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
  logic [6:0] quiet;
  logic [31:0] unused_a, unused_b;

  jhash_step #(.ROTATE(14)) u_step_1 (
      .clk_i, .rst_ni, .valid_i(valid_q[3]), .x_i(c_q), .y_i(b_q), .z_i(a_q),
      .valid_o(valid_1), .x_o(c_1), .y_o(b_1), .z_o(a_1), .quiet_o(quiet[0]));
  jhash_step #(.ROTATE(11)) u_step_2 (
      .clk_i, .rst_ni, .valid_i(valid_1), .x_i(a_1), .y_i(c_1), .z_i(b_1),
      .valid_o(valid_2), .x_o(a_2), .y_o(c_2), .z_o(b_2), .quiet_o(quiet[1]));
  jhash_step #(.ROTATE(25)) u_step_3 (
      .clk_i, .rst_ni, .valid_i(valid_2), .x_i(b_2), .y_i(a_2), .z_i(c_2),
      .valid_o(valid_3), .x_o(b_3), .y_o(a_3), .z_o(c_3), .quiet_o(quiet[2]));
  jhash_step #(.ROTATE(16)) u_step_4 (
      .clk_i, .rst_ni, .valid_i(valid_3), .x_i(c_3), .y_i(b_3), .z_i(a_3),
      .valid_o(valid_4), .x_o(c_4), .y_o(b_4), .z_o(a_4), .quiet_o(quiet[3]));
  jhash_step #(.ROTATE(4)) u_step_5 (
      .clk_i, .rst_ni, .valid_i(valid_4), .x_i(a_4), .y_i(c_4), .z_i(b_4),
      .valid_o(valid_5), .x_o(a_5), .y_o(c_5), .z_o(b_5), .quiet_o(quiet[4]));
  jhash_step #(.ROTATE(14)) u_step_6 (
      .clk_i, .rst_ni, .valid_i(valid_5), .x_i(b_5), .y_i(a_5), .z_i(c_5),
      .valid_o(valid_6), .x_o(b_6), .y_o(a_6), .z_o(c_6), .quiet_o(quiet[5]));
  jhash_step #(.ROTATE(24)) u_step_7 (
      .clk_i, .rst_ni, .valid_i(valid_6), .x_i(c_6), .y_i(b_6), .z_i(a_6),
      .valid_o(hash_valid_o), .x_o(hash_o), .y_o(unused_b), .z_o(unused_a), .quiet_o(quiet[6]));

  logic unused_low;  // the carries' own bits
  assign unused_low = ^{base_high[0], local_high[0], foreign_high[0], ports_high[0]};

  assign quiet_o = valid_q == '0 && (&quiet);
endmodule

`default_nettype wire
