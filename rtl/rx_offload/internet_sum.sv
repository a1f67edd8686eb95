// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Ones' complement sum (RFC 1071) of the chosen bytes of a frame as big-endian 16-bit words,
/// folded, not inverted. It is 0 only if all of them are 0. Frames above 16384 bytes give a
/// meaningless sum, and no more than that.
///
/// latency       10 clocks from a frame's last beat to its sum
/// throughput    1 beat per clock
/// backpressure  none
/// reset         drops what is inside
module internet_sum (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic [511:0] data_i,
    input  wire logic [ 63:0] mask_i,       // the bytes that count
    input  wire logic         valid_i,
    input  wire logic         first_i,
    input  wire logic         last_i,
    input  wire logic [ 18:0] addend_i,     // with last_i: added to the sum
    output logic              sum_valid_o,
    output logic      [ 15:0] sum_o,
    output logic              quiet_o
);
  // The tree: one level a clock. Words of a level stand side by side; level n has 32 / 2^n of 16 +
  // n bits.
  logic [16*17-1:0] level_1_q;
  logic [8*18-1:0] level_2_q;
  logic [4*19-1:0] level_3_q;
  logic [2*20-1:0] level_4_q;
  logic [20:0] level_5_q;

  logic [511:0] words;  // masked, big-endian
  always_comb begin
    for (int unsigned word = 0; word < 32; word++) begin
      words[16*word+8+:8] = data_i[16*word+:8] & {8{mask_i[2*word]}};
      words[16*word+:8]   = data_i[16*word+8+:8] & {8{mask_i[2*word+1]}};
    end
  end

  // Index n: n + 1 clocks after the beat came.
  logic [9:0] last_q;
  logic [6:0] valid_q;
  logic [5:0] first_q;
  logic [18:0] addend_0_q, addend_1_q, addend_2_q, addend_3_q, addend_4_q, addend_5_q, addend_6_q;

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      for (int unsigned i = 0; i < 16; i++) begin
        level_1_q[17*i+:17] <= {1'b0, words[32*i+:16]} + {1'b0, words[32*i+16+:16]};
      end
      addend_0_q <= addend_i;
    end
    if (valid_q[0]) begin
      for (int unsigned i = 0; i < 8; i++) begin
        level_2_q[18*i+:18] <= {1'b0, level_1_q[34*i+:17]} + {1'b0, level_1_q[34*i+17+:17]};
      end
      addend_1_q <= addend_0_q;
    end
    if (valid_q[1]) begin
      for (int unsigned i = 0; i < 4; i++) begin
        level_3_q[19*i+:19] <= {1'b0, level_2_q[36*i+:18]} + {1'b0, level_2_q[36*i+18+:18]};
      end
      addend_2_q <= addend_1_q;
    end
    if (valid_q[2]) begin
      for (int unsigned i = 0; i < 2; i++) begin
        level_4_q[20*i+:20] <= {1'b0, level_3_q[38*i+:19]} + {1'b0, level_3_q[38*i+19+:19]};
      end
      addend_3_q <= addend_2_q;
    end
    if (valid_q[3]) begin
      level_5_q  <= {1'b0, level_4_q[19:0]} + {1'b0, level_4_q[39:20]};
      addend_4_q <= addend_3_q;
    end
  end

  // Folding each beat to 17 bits keeps the running sum short: 256 beats fit 25 bits.
  logic [16:0] beat_q;
  logic [24:0] running_q;
  logic [25:0] total_q;
  logic [16:0] folded_q;
  logic [15:0] sum_q;
  always_ff @(posedge clk_i) begin
    if (valid_q[4]) begin
      beat_q     <= {1'b0, level_5_q[15:0]} + 17'(level_5_q[20:16]);
      addend_5_q <= addend_4_q;
    end
    if (valid_q[5]) begin
      running_q  <= (running_q & {25{!first_q[5]}}) + 25'(beat_q);
      addend_6_q <= addend_5_q;
    end
    if (last_q[6]) total_q <= {1'b0, running_q} + 26'(addend_6_q);
    if (last_q[7]) folded_q <= {1'b0, total_q[15:0]} + 17'(total_q[25:16]);
    if (last_q[8]) sum_q <= folded_q[15:0] + 16'(folded_q[16]);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      first_q <= '0;
      last_q  <= '0;
    end else begin
      valid_q <= {valid_q[5:0], valid_i};
      first_q <= {first_q[4:0], valid_i && first_i};
      last_q  <= {last_q[8:0], valid_i && last_i};
    end
  end

  assign sum_valid_o = last_q[9];
  assign sum_o       = sum_q;
  assign quiet_o     = valid_q == '0 && last_q == '0;
endmodule

`default_nettype wire
