// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Ones' complement sum (RFC 1071) over the bytes of up to 256 beats, as big-endian 16-bit words
/// from lane 0 on.
///
/// latency       9 clocks from a frame's last beat to its sum
/// throughput    1 beat per clock, frame behind frame
/// backpressure  none
/// reset         nothing is on its way; the beat after it starts a frame
/// result        folded to 16 bits, not inverted; 0 only if every byte is 0
module tx_frame_sum #(
    parameter int unsigned SIDEBAND = 1  // bits that go along with the last beat
) (
    input  wire logic                clk_i,
    input  wire logic                rst_ni,
    input  wire logic [       511:0] data_i,      // bytes not to be summed are zero
    input  wire logic                valid_i,
    input  wire logic                first_i,     // starts a sum, whatever came before
    input  wire logic                last_i,      // ends it
    input  wire logic [SIDEBAND-1:0] sideband_i,  // of the last beat
    output logic      [        15:0] sum_o,
    output logic      [SIDEBAND-1:0] sideband_o,
    output logic                     valid_o,
    output logic                     busy_o
);
  // A tree of 32 words: five levels, one a stage.
  logic [16:0] level_1_q[16];
  logic [17:0] level_2_q[8];
  logic [18:0] level_3_q[4];
  logic [19:0] level_4_q[2];
  logic [20:0] level_5_q;

  for (genvar word = 0; word < 16; word++) begin : gen_level_1
    always_ff @(posedge clk_i) begin
      level_1_q[word] <= {1'b0, data_i[32*word+:8], data_i[32*word+8+:8]} +
          {1'b0, data_i[32*word+16+:8], data_i[32*word+24+:8]};
    end
  end
  for (genvar word = 0; word < 8; word++) begin : gen_level_2
    always_ff @(posedge clk_i) begin
      level_2_q[word] <= {1'b0, level_1_q[2*word]} + {1'b0, level_1_q[2*word+1]};
    end
  end
  for (genvar word = 0; word < 4; word++) begin : gen_level_3
    always_ff @(posedge clk_i) begin
      level_3_q[word] <= {1'b0, level_2_q[2*word]} + {1'b0, level_2_q[2*word+1]};
    end
  end
  for (genvar word = 0; word < 2; word++) begin : gen_level_4
    always_ff @(posedge clk_i) begin
      level_4_q[word] <= {1'b0, level_3_q[2*word]} + {1'b0, level_3_q[2*word+1]};
    end
  end

  logic [16:0] folded_q;    // of a beat
  logic [24:0] running_q;   // at most 256 * 0x1ffff
  logic [16:0] once_q;
  logic [15:0] sum_q;
  logic [8:0] valid_q, last_q;
  logic [5:0] first_q;
  logic [SIDEBAND-1:0] sideband_q[9];

  always_ff @(posedge clk_i) begin
    level_5_q <= {1'b0, level_4_q[0]} + {1'b0, level_4_q[1]};
    folded_q  <= {1'b0, level_5_q[15:0]} + {12'd0, level_5_q[20:16]};
    if (valid_q[5]) running_q <= {8'd0, folded_q} + (first_q[5] ? 25'd0 : running_q);
    once_q <= {1'b0, running_q[15:0]} + {8'd0, running_q[24:16]};
    sum_q  <= once_q[15:0] + {15'd0, once_q[16]};
    first_q <= {first_q[4:0], first_i};
    last_q  <= {last_q[7:0], last_i};
    sideband_q[0] <= sideband_i;
    for (int unsigned stage = 1; stage < 9; stage++) sideband_q[stage] <= sideband_q[stage-1];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 9'd0;
    else valid_q <= {valid_q[7:0], valid_i};
  end

  assign sum_o      = sum_q;
  assign sideband_o = sideband_q[8];
  assign valid_o    = valid_q[8] && last_q[8];
  assign busy_o     = |valid_q;
endmodule

`default_nettype wire
