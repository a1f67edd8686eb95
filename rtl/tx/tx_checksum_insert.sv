// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Puts the checksum into frames (docs/device.md, Transmit) and sends them.
///
/// The sum from checksum_start on is the whole frame's, which is known, less that of the bytes
/// before, which pass by first: the field is never before checksum_start. Ones' complement has two
/// zeros, but both make a checksum of 0xffff here. If checksum_start is odd, the words are the
/// other way round: so is the sum (RFC 1071, 2 B).
///
/// latency       16 clocks from a frame's beat that holds checksum_start to its first beat at the
///               MAC
/// throughput    1 beat per clock, frame behind frame
/// backpressure  beats wait in a FIFO; the reader in front counts its places with beat_taken_o
/// reset         empty
module tx_checksum_insert #(
    parameter int unsigned ROOM_LOG2 = 5  // log2 of the beats that may wait
) (
    input  wire logic                       clk_i,
    input  wire logic                       rst_ni,
    input  wire tx_pkg::out_beat_t          beat_i,
    input  wire logic              [511:0]  beat_data_i,
    input  wire logic                       beat_valid_i,
    input  wire logic              [ 63:0]  beat_before_i,
    input  wire logic                       beat_prefix_i,
    input  wire logic                       beat_prefix_end_i,
    input  wire logic              [ 15:0]  beat_sum_i,
    input  wire logic                       beat_odd_i,
    output logic                            beat_taken_o,
    output logic              [511:0]       m_axis_tdata,
    output logic              [ 63:0]       m_axis_tkeep,
    output logic                            m_axis_tvalid,
    output logic                            m_axis_tlast,
    input  wire logic                       m_axis_tready,
    output logic                            frame_o,              // a frame's last beat has gone
    output logic              [ 13:0]       frame_bytes_o,        // padding included
    output logic                            checksum_inserted_o,  // with frame_o
    output logic                            segment_o,            // with frame_o: a TCP segment
    output logic                            segment_last_o,       // with frame_o: its frame's last
    output logic                            busy_o
);
  // The bytes before checksum_start.
  logic [511:0] before_d, before_q;
  logic before_valid_q, before_first_q, before_end_q, odd_q;
  logic [15:0] total_q;
  for (genvar lane = 0; lane < 64; lane++) begin : gen_before
    assign before_d[8*lane+:8] = beat_before_i[lane] ? beat_data_i[8*lane+:8] : 8'd0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) before_valid_q <= 1'b0;
    else before_valid_q <= beat_valid_i && beat_prefix_i;
  end

  always_ff @(posedge clk_i) begin
    if (beat_valid_i) begin
      before_q       <= before_d;
      before_first_q <= beat_i.first;
      before_end_q   <= beat_prefix_end_i;
      total_q        <= beat_sum_i;
      odd_q          <= beat_odd_i;
    end
  end

  logic [15:0] before_sum, total;
  logic odd, before_sum_valid, sum_busy;
  tx_frame_sum #(
      .SIDEBAND(17)
  ) i_sum (
      .clk_i,
      .rst_ni,
      .data_i(before_q),
      .valid_i(before_valid_q),
      .first_i(before_first_q),
      .last_i(before_end_q),
      .sideband_i({total_q, odd_q}),
      .sum_o(before_sum),
      .sideband_o({total, odd}),
      .valid_o(before_sum_valid),
      .busy_o(sum_busy)
  );

  // Folded it is 0xffff for two differences: known before the carry has gone round.
  logic [16:0] difference_q;
  logic [15:0] folded, checksum_q;
  logic [1:0] valid_q;
  logic all_ones, difference_odd_q;
  assign folded = difference_q[15:0] + {15'd0, difference_q[16]};
  assign all_ones = (&difference_q[15:1]) && (difference_q[16] != difference_q[0]);

  always_ff @(posedge clk_i) begin
    difference_q <= {1'b0, total} + {1'b0, ~before_sum};
    difference_odd_q       <= odd;
    checksum_q   <= all_ones ? 16'hffff : ~(difference_odd_q ? {folded[7:0], folded[15:8]} : folded);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 2'd0;
    else valid_q <= {valid_q[0], before_sum_valid};
  end

  // Beats wait for their checksum. A frame with a checksum has a beat here, so there are as many
  // places for them. The slice behind them: whether the MAC takes a beat does not reach the FIFO in
  // the same clock.
  logic [511:0] data;
  tx_pkg::out_beat_t beat;
  logic [15:0] checksum_shown, checksum;
  logic checksum_shown_valid, checksum_shown_ready;
  logic beat_waits, beat_ready, beat_empty, checksum_waits, checksum_ready, checksum_empty;
  logic advance, go, checksum_taken;

  sync_fifo #(
      .WIDTH(512 + $bits(beat_i)),
      .DEPTH_LOG2(ROOM_LOG2)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .s_data_i({beat_data_i, beat_i}),
      .s_valid_i(beat_valid_i),
      .s_ready_o(beat_ready),
      .m_data_o({data, beat}),
      .m_valid_o(beat_waits),
      .m_ready_i(go),
      .empty_o(beat_empty)
  );
  sync_fifo #(
      .WIDTH(16),
      .DEPTH_LOG2(ROOM_LOG2)
  ) i_checksums (
      .clk_i,
      .rst_ni,
      .s_data_i(checksum_q),
      .s_valid_i(valid_q[1]),
      .s_ready_o(checksum_ready),
      .m_data_o(checksum_shown),
      .m_valid_o(checksum_shown_valid),
      .m_ready_i(checksum_shown_ready),
      .empty_o(checksum_empty)
  );
  axis_skid #(
      .WIDTH(16)
  ) i_checksum_slice (
      .clk_i,
      .rst_ni,
      .s_data_i(checksum_shown),
      .s_valid_i(checksum_shown_valid),
      .s_ready_o(checksum_shown_ready),
      .m_data_o(checksum),
      .m_valid_o(checksum_waits),
      .m_ready_i(checksum_taken)
  );

  logic m_valid_q, m_last_q, m_checksum_q, m_tso_q, m_tso_last_q;
  logic [511:0] m_data_q, m_data_d;
  logic [63:0] m_keep_q, m_keep_d;
  logic [13:0] m_length_q;
  assign advance = !m_valid_q || m_axis_tready;
  assign go = beat_waits && advance && (checksum_waits || !beat.checksum);
  assign checksum_taken = go && beat.checksum && beat.last;

  // The field's bytes stand in one even and one odd lane: of two, a lane has only one to choose.
  logic [15:0] field;  // {odd lane, even lane}
  assign field = beat.field_lane[0] ? checksum : {checksum[7:0], checksum[15:8]};
  for (genvar lane = 0; lane < 64; lane++) begin : gen_out
    logic field_here;
    assign field_here = (beat.field_high && beat.field_lane == 6'(lane)) ||
        (beat.field_low && beat.field_lane == 6'(lane + 63));  // the lane before
    assign m_data_d[8*lane+:8] = field_here ? field[8*(lane%2)+:8] : data[8*lane+:8];
  end
  assign m_keep_d = {64{1'b1}} >> (beat.last ? ~beat.last_lane : 6'd0);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) m_valid_q <= 1'b0;
    else if (advance) m_valid_q <= go;
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      m_data_q     <= m_data_d;
      m_keep_q     <= m_keep_d;
      m_last_q     <= beat.last;
      m_length_q   <= beat.length;
      m_checksum_q <= beat.checksum;
      m_tso_q      <= beat.tso;
      m_tso_last_q <= beat.tso_last;
    end
  end

  // beat.first has done its work on the way in.
  logic unused;
  assign unused = &{1'b0, beat.first};

  assign beat_taken_o        = go;
  assign m_axis_tdata        = m_data_q;
  assign m_axis_tkeep        = m_keep_q;
  assign m_axis_tvalid       = m_valid_q;
  assign m_axis_tlast        = m_last_q;
  assign frame_o             = m_valid_q && m_axis_tready && m_last_q;
  assign frame_bytes_o       = m_length_q;
  assign checksum_inserted_o = frame_o && m_checksum_q;
  assign segment_o           = frame_o && m_tso_q;
  assign segment_last_o      = frame_o && m_tso_q && m_tso_last_q;
  assign busy_o = before_valid_q || sum_busy || (|valid_q) || !beat_empty || !checksum_empty ||
      checksum_waits || m_valid_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      BeatHasItsPlace : assert (!(beat_valid_i && !beat_ready));
      ChecksumHasItsPlace : assert (!(valid_q[1] && !checksum_ready));
    end
  end
endmodule

`default_nettype wire
