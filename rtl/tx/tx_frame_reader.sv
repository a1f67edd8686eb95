// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Reads stored frames beat by beat and says about each beat what is to happen to it.
///
/// latency       2 clocks from a frame's description to its first beat
/// throughput    1 beat per clock, frame behind frame
/// backpressure  reads only while fewer than 2**ROOM_LOG2 beats are on their way to beat_taken_i
/// reset         idle
module tx_frame_reader #(
    parameter int unsigned ROOM_LOG2 = 5  // log2 of the beats that what follows has room for
) (
    input  wire logic                     clk_i,
    input  wire logic                     rst_ni,
    input  wire tx_pkg::stored_t          stored_i,
    input  wire logic [15:0]              stored_sum_i,
    input  wire logic                     stored_valid_i,
    output logic                          stored_ready_o,
    output logic                          read_o,            // the next beat of the frame buffer
    output tx_pkg::out_beat_t             beat_o,            // one clock later, with the data
    output logic                          beat_valid_o,
    output logic [63:0]                   beat_before_o,     // lanes before checksum_start
    output logic                          beat_prefix_o,     // some lane may: sum them
    output logic                          beat_prefix_end_o, // this is the last such beat
    output logic [15:0]                   beat_sum_o,        // over the whole frame
    output logic                          beat_odd_o,        // checksum_start is odd
    input  wire logic                     beat_taken_i,
    output logic                          busy_o
);
  tx_pkg::stored_t frame_q;
  logic [15:0] sum_q;
  logic active_q;
  logic [7:0] left_q;    // beats after this one
  logic [3:0] number_q;  // of the beat; stays at 15
  logic [ROOM_LOG2:0] reserved_q;

  logic read, last;
  assign read = active_q && !reserved_q[ROOM_LOG2];
  assign last = left_q == 8'd0;
  assign stored_ready_o = !active_q || (read && last);
  assign read_o = read;

  logic [13:0] stored_end;  // position of the last byte
  assign stored_end = stored_i.length - 14'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q   <= 1'b0;
      reserved_q <= '0;
    end else begin
      if (stored_ready_o) active_q <= stored_valid_i;
      reserved_q <= reserved_q + (ROOM_LOG2 + 1)'(read) - (ROOM_LOG2 + 1)'(beat_taken_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (stored_ready_o) begin
      frame_q  <= stored_i;
      sum_q    <= stored_sum_i;
      left_q   <= stored_end[13:6];
      number_q <= 4'd0;
    end else if (read) begin
      left_q <= left_q - 8'd1;
      if (number_q != 4'd15) number_q <= number_q + 4'd1;
    end
  end

  // The field has two bytes, which may lie in two beats.
  logic [8:0] field_second;
  assign field_second = frame_q.checksum_field + 9'd1;

  // Only the beats of these positions count here.
  logic unused;
  assign unused = &{1'b0, stored_end[5:0], field_second[5:0]};

  tx_pkg::out_beat_t beat_q;
  logic valid_q, prefix_q, prefix_end_q, odd_q;
  logic [15:0] beat_sum_q;
  logic [63:0] before_d, before_q;
  assign before_d = (number_q[1:0] < frame_q.checksum_start[7:6]) ? {64{1'b1}}
                  : ~({64{1'b1}} << frame_q.checksum_start[5:0]);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= read;
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      beat_q.first      <= number_q == 4'd0;
      beat_q.last       <= last;
      beat_q.last_lane  <= frame_q.length[5:0] - 6'd1;
      beat_q.checksum   <= frame_q.checksum;
      beat_q.field_high <= frame_q.checksum && number_q == {1'b0, frame_q.checksum_field[8:6]};
      beat_q.field_low  <= frame_q.checksum && number_q == {1'b0, field_second[8:6]};
      beat_q.field_lane <= frame_q.checksum_field[5:0];
      beat_q.length     <= frame_q.length;
      beat_q.tso        <= frame_q.tso;
      beat_q.tso_last   <= frame_q.last;
      prefix_q          <= frame_q.checksum && number_q <= {2'd0, frame_q.checksum_start[7:6]};
      prefix_end_q      <= number_q == {2'd0, frame_q.checksum_start[7:6]};
      before_q          <= before_d;
      beat_sum_q        <= sum_q;
      odd_q             <= frame_q.checksum_start[0];
    end
  end

  assign beat_o            = beat_q;
  assign beat_valid_o      = valid_q;
  assign beat_before_o     = before_q;
  assign beat_prefix_o     = prefix_q;
  assign beat_prefix_end_o = prefix_end_q;
  assign beat_sum_o        = beat_sum_q;
  assign beat_odd_o        = odd_q;
  assign busy_o            = valid_q || read || (stored_ready_o && stored_valid_i);
endmodule

`default_nettype wire
