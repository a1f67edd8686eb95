// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// internet_sum against the definition (RFC 1071), for all beats, masks and addends, in two steps: a beat's words are
/// added up exactly, without a carry that is lost; and what comes out is the exact sum of the frame's beats with its carries
/// added back until none is left.
module internet_sum_proof (
    input wire logic         clk_i,
    input wire logic         rst_ni,
    input wire logic [511:0] data_i,
    input wire logic [ 63:0] mask_i,
    input wire logic         valid_i,
    input wire logic         first_i,
    input wire logic         last_i,
    input wire logic [ 18:0] addend_i
);
  localparam int unsigned LATENCY = 10;

  logic sum_valid, unused_quiet;
  logic [15:0] sum;
  internet_sum i_sum (
      .clk_i,
      .rst_ni,
      .data_i,
`ifdef BUG_ODD_BYTE
      .mask_i({mask_i[63:56], 1'b1, mask_i[54:0]}),
`else
      .mask_i,
`endif
      .valid_i,
      .first_i,
      .last_i,
      .addend_i,
      .sum_valid_o(sum_valid),
      .sum_o(sum),
      .quiet_o(unused_quiet)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  // Frames begin with their first beat.
  logic inside_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) inside_q <= 1'b0;
    else if (valid_i) inside_q <= !last_i;
  end
  `FOURTUPLE_ASSUME(FirstBegins, !valid_i || first_i == !inside_q);

  // The beat's exact sum, without a carry that is folded.
  logic [31:0] words[32];
  logic [31:0] beat_sum;
  always_comb begin
    for (int unsigned i = 0; i < 32; i++) begin
      words[i] = {16'd0, data_i[16*i+:8] & {8{mask_i[2*i]}}, data_i[16*i+8+:8] & {8{mask_i[2*i+1]}}};
    end
    for (int unsigned width = 16; width != 0; width = width / 2) begin
      for (int unsigned i = 0; i < 16; i++) begin
        if (i < width) words[i] = words[2*i] + words[2*i+1];
      end
    end
    beat_sum = words[0];
  end

  localparam int unsigned BEAT_LATENCY = 5;
  logic [31:0] beat_sums_q[BEAT_LATENCY];
  logic [BEAT_LATENCY-1:0] valids_q, firsts_q, lasts_q;
  logic [18:0] addends_q[BEAT_LATENCY];
  always_ff @(posedge clk_i) begin
    beat_sums_q[0] <= beat_sum;
    addends_q[0]   <= addend_i;
    for (int unsigned i = 1; i < BEAT_LATENCY; i++) begin
      beat_sums_q[i] <= beat_sums_q[i-1];
      addends_q[i]   <= addends_q[i-1];
    end
    if (!rst_ni) begin
      valids_q <= '0;
      lasts_q  <= '0;
    end else begin
      valids_q <= {valids_q[BEAT_LATENCY-2:0], valid_i};
      lasts_q  <= {lasts_q[BEAT_LATENCY-2:0], valid_i && last_i};
    end
    firsts_q <= {firsts_q[BEAT_LATENCY-2:0], first_i};
  end
  `FOURTUPLE_PROBE(21, level_5, i_sum.level_5_q)
  `FOURTUPLE_ASSERT(BeatIsExact, !valids_q[BEAT_LATENCY-1] || 32'(level_5) == beat_sums_q[BEAT_LATENCY-1]);

  // From here on with the beat's sum as it was just shown to be.
  logic [31:0] before_q, total;
  logic [31:0] totals_q[LATENCY - BEAT_LATENCY];
  logic [LATENCY-BEAT_LATENCY-1:0] ends_q;
  assign total = (firsts_q[BEAT_LATENCY-1] ? 32'd0 : before_q) + 32'(level_5);
  always_ff @(posedge clk_i) begin
    if (valids_q[BEAT_LATENCY-1]) before_q <= total;
    totals_q[0] <= total + 32'(addends_q[BEAT_LATENCY-1]);
    for (int unsigned i = 1; i < LATENCY - BEAT_LATENCY; i++) totals_q[i] <= totals_q[i-1];
    if (!rst_ni) ends_q <= '0;
    else ends_q <= {ends_q[LATENCY-BEAT_LATENCY-2:0], lasts_q[BEAT_LATENCY-1]};
  end

  logic [31:0] exact, folded, expected;
  assign exact    = totals_q[LATENCY-BEAT_LATENCY-1];
  assign folded   = 32'(exact[15:0]) + 32'(exact[31:16]);
  assign expected = 32'(folded[15:0]) + 32'(folded[31:16]);
  `FOURTUPLE_ASSERT(ComesInTime, sum_valid == ends_q[LATENCY-BEAT_LATENCY-1]);
  `FOURTUPLE_ASSERT(IsTheFoldedSum, !sum_valid || 32'(sum) == expected);
  `FOURTUPLE_COVER(TwoBeats, sum_valid && exact > 32'd65535 * 32'd33);
endmodule

`default_nettype wire
