// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Makes a beat out of two lines of payload and the header.
///
/// The first segment's beats are the frame's own; of them the header is kept. A later segment gets
/// the header's bytes from there, and its payload from the lines.
///
/// latency       4 clocks
/// throughput    1 beat per clock
/// backpressure  none
/// reset         empty
module tx_segment_merge (
    input  wire logic                clk_i,
    input  wire logic                rst_ni,
    input  wire logic [512:0]        even_i,     // a line; the highest bit: it could not be read
    input  wire logic [512:0]        odd_i,
    input  wire tx_pkg::cut_beat_t   beat_i,
    input  wire logic                valid_i,
    output logic      [511:0]        data_o,     // 0 behind a segment's last byte
    output tx_pkg::cut_beat_t        beat_o,
    output logic                     refused_o,  // the line that the segment ends in was refused
    output logic                     valid_o,
    output logic                     busy_o
);
  logic [3:0] valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[2:0], valid_i};
  end

  // Move the bytes from offset modulo 64 on to lane 0, in three steps.
  logic [1023:0] both;
  logic [767:0] by_32;
  logic [639:0] by_16, coarse_q;
  logic [575:0] by_8;
  logic [543:0] by_4, middle_q;
  logic [527:0] by_2;
  logic [511:0] by_1, fine_q;
  tx_pkg::cut_beat_t beat_1_q, beat_2_q, beat_3_q, beat_4_q;
  logic refused_1_q, refused_2_q, refused_3_q, refused_4_q;
  assign both  = beat_i.odd ? {even_i[511:0], odd_i[511:0]} : {odd_i[511:0], even_i[511:0]};
  assign by_32 = beat_i.cut.offset[5] ? both[1023:256] : both[767:0];
  assign by_16 = beat_i.cut.offset[4] ? by_32[767:128] : by_32[639:0];
  assign by_8  = beat_1_q.cut.offset[3] ? coarse_q[639:64] : coarse_q[575:0];
  assign by_4  = beat_1_q.cut.offset[2] ? by_8[575:32] : by_8[543:0];
  assign by_2  = beat_2_q.cut.offset[1] ? middle_q[543:16] : middle_q[527:0];
  assign by_1  = beat_2_q.cut.offset[0] ? by_2[519:8] : by_2[511:0];

  // Which lanes are the header's, and which are before the segment's end.
  logic [63:0] header_d, header_q, within_d, within_q;
  logic [5:0] last_lane;
  assign last_lane = beat_2_q.cut.length[5:0] - 6'd1;
  always_comb begin
    header_d = '0;
    if (beat_2_q.cut.tso && !beat_2_q.cut.first) begin
      if (beat_2_q.number < beat_2_q.cut.header_length[7:6]) header_d = '1;
      else if (beat_2_q.number == beat_2_q.cut.header_length[7:6]) begin
        header_d = ~({64{1'b1}} << beat_2_q.cut.header_length[5:0]);
      end
    end
    within_d = {64{1'b1}} >> (beat_2_q.last ? ~last_lane : 6'd0);
  end

  always_ff @(posedge clk_i) begin
    coarse_q    <= by_16;
    beat_1_q    <= beat_i;
    refused_1_q <= (beat_i.low_is_last == beat_i.odd) ? odd_i[512] : even_i[512];
    middle_q    <= by_4;
    beat_2_q    <= beat_1_q;
    refused_2_q <= refused_1_q;
    fine_q      <= by_1;
    header_q    <= header_d;
    within_q    <= within_d;
    beat_3_q    <= beat_2_q;
    refused_3_q <= refused_2_q;
  end

  // A header has up to 38 + 60 bytes.
  logic [511:0] kept_0_q, kept_1_q, merged_d, merged_q;
  logic keep;
  assign keep = valid_q[2] && beat_3_q.cut.tso && beat_3_q.cut.first;
  always_ff @(posedge clk_i) begin
    if (keep && beat_3_q.number == 2'd0) kept_0_q <= fine_q;
    if (keep && beat_3_q.number == 2'd1) kept_1_q <= fine_q;
  end
  for (genvar lane = 0; lane < 64; lane++) begin : gen_merge
    logic [7:0] kept;
    assign kept = beat_3_q.number[0] ? kept_1_q[8*lane+:8] : kept_0_q[8*lane+:8];
    assign merged_d[8*lane+:8] = (header_q[lane] ? kept : fine_q[8*lane+:8]) & {8{within_q[lane]}};
  end
  always_ff @(posedge clk_i) begin
    merged_q    <= merged_d;
    beat_4_q    <= beat_3_q;
    refused_4_q <= refused_3_q;
  end

  assign data_o    = merged_q;
  assign beat_o    = beat_4_q;
  assign refused_o = refused_4_q;
  assign valid_o   = valid_q[3];
  assign busy_o    = |valid_q;

  logic unused;
  assign unused = &{1'b0, beat_3_q, by_2[527:520]};
endmodule

`default_nettype wire
