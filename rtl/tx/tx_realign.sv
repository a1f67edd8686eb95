// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Moves bytes to their lanes and merges them into the frame's beats.
///
/// latency       4 clocks
/// throughput    1 step per clock
/// backpressure  none: tx_gather only steps when the frame buffer has room
/// reset         no bytes of a frame
/// output        lanes behind a frame's last byte are zero. end_o comes with the frame's last beat,
///               or without a beat (valid_o low) for a frame that breaks a rule
module tx_realign (
    input  wire logic                     clk_i,
    input  wire logic                     rst_ni,
    input  wire logic                     step_valid_i,
    input  wire logic             [511:0] step_data_i,
    input  wire logic             [  5:0] step_rotate_i,
    input  wire logic             [  5:0] step_from_i,
    input  wire logic             [  6:0] step_to_i,
    input  wire logic                     step_emit_i,
    input  wire logic                     step_end_i,
    input  wire logic                     step_refused_i,
    input  wire tx_pkg::frame_t           step_frame_i,
    output logic             [511:0]      data_o,
    output logic                          valid_o,
    output logic                          end_o,
    output logic                          refused_o,  // some bytes up to here could not be read
    output tx_pkg::frame_t                frame_o,    // with valid_o and end_o
    output logic                          busy_o
);
  logic [3:0] valid_q, emit_q, end_q, refused_q;
  tx_pkg::frame_t frame_1_q, frame_2_q, frame_3_q, frame_4_q;
  logic frame_refused_q;

  // First by multiples of eight lanes, then by single ones; meanwhile, which lanes are meant.
  logic [511:0] by_32, by_16, by_8, coarse_q, by_4, by_2, by_1, fine_q;
  logic [2:0] rotate_q;
  logic [63:0] here_d, here_1_q, here_2_q;
  logic [62:0] next_d, next_1_q, next_2_q;

  assign by_32 = step_rotate_i[5] ? {step_data_i[255:0], step_data_i[511:256]} : step_data_i;
  assign by_16 = step_rotate_i[4] ? {by_32[383:0], by_32[511:384]} : by_32;
  assign by_8  = step_rotate_i[3] ? {by_16[447:0], by_16[511:448]} : by_16;
  assign by_4  = rotate_q[2] ? {coarse_q[479:0], coarse_q[511:480]} : coarse_q;
  assign by_2  = rotate_q[1] ? {by_4[495:0], by_4[511:496]} : by_4;
  assign by_1  = rotate_q[0] ? {by_2[503:0], by_2[511:504]} : by_2;

  logic [63:0] from_on, to_on;  // lanes from step_from_i on, and from step_to_i modulo 64 on
  assign from_on = {64{1'b1}} << step_from_i;
  assign to_on   = {64{1'b1}} << step_to_i[5:0];
  assign here_d  = from_on & (step_to_i[6] ? {64{1'b1}} : ~to_on);
  assign next_d  = step_to_i[6] ? ~to_on[62:0] : 63'd0;

  always_ff @(posedge clk_i) begin
    coarse_q <= by_8;
    rotate_q <= step_rotate_i[2:0];
    here_1_q <= here_d;
    next_1_q <= next_d;
    fine_q   <= by_1;
    here_2_q <= here_1_q;
    next_2_q <= next_1_q;
  end

  // The bytes that belong to this beat of the frame and those that belong to the next.
  logic [511:0] now_d, now_q;
  logic [503:0] later_d, later_q;
  for (genvar lane = 0; lane < 64; lane++) begin : gen_now
    assign now_d[8*lane+:8] = here_2_q[lane] ? fine_q[8*lane+:8] : 8'd0;
  end
  for (genvar lane = 0; lane < 63; lane++) begin : gen_later
    assign later_d[8*lane+:8] = next_2_q[lane] ? fine_q[8*lane+:8] : 8'd0;
  end

  logic [511:0] kept_q, merged, data_q;
  assign merged = kept_q | now_q;

  always_ff @(posedge clk_i) begin
    now_q     <= now_d;
    later_q   <= later_d;
    frame_1_q <= step_frame_i;
    frame_2_q <= frame_1_q;
    frame_3_q <= frame_2_q;
    if (valid_q[2]) begin
      data_q    <= merged;
      frame_4_q <= frame_3_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q         <= 4'd0;
      kept_q          <= '0;
      frame_refused_q <= 1'b0;
    end else begin
      valid_q <= {valid_q[2:0], step_valid_i};
      if (valid_q[2]) begin
        if (end_q[2]) kept_q <= '0;
        else if (emit_q[2]) kept_q <= {8'd0, later_q};
        else kept_q <= merged;
        frame_refused_q <= !end_q[2] && (frame_refused_q || refused_q[2]);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    emit_q    <= {emit_q[2:0], step_emit_i};
    end_q     <= {end_q[2:0], step_end_i};
    refused_q <= {refused_q[2] || frame_refused_q, refused_q[1:0], step_refused_i};
  end

  assign data_o    = data_q;
  assign valid_o   = valid_q[3] && emit_q[3];
  assign end_o     = valid_q[3] && end_q[3];
  assign refused_o = refused_q[3];
  assign frame_o   = frame_4_q;
  assign busy_o    = |valid_q;
endmodule

`default_nettype wire
