// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Gives records their places in the completion ring and puts two neighbours of a 64-byte line into one beat.
///
/// A line that has only its first record goes out when flush_i says that the bus has nothing better to do and no
/// other record waits; with its second record it goes out at once.
///
/// latency       3 clocks from a record to its beat, when it goes out alone
/// throughput    2 records per 3 clocks
/// backpressure  records wait; a frame's record waits for its frame_done_i as well
/// reset         drops what is inside
/// start         counts from 0, phase 1; only while nothing is inside
module completion_writer (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        start_i,
    input  wire logic [51:0] base_i,          // bus address in units of 4096 bytes
    input  wire logic [4:0]  entries_log2_i,

    input  wire logic         record_valid_i,
    output logic              record_ready_o,
    input  wire logic [255:0] record_i,           // with phase 0
    input  wire logic         record_is_frame_i,
    input  wire logic         frame_done_i,  // the bytes of one more frame, in order, are ahead on the bus
    input  wire logic         flush_i,

    output logic         beat_valid_o,
    input  wire logic    beat_ready_i,
    output logic [57:0]  beat_address_o,  // in units of 64 bytes
    output logic [511:0] beat_data_o,
    output logic [1:0]   beat_halves_o,   // which of the two records are in the beat
    output logic         quiet_o
);
  // Frames whose bytes are ahead and whose records have not been taken.
  logic [7:0] done_q;
  logic take, take_frame;
  assign take_frame = take && record_is_frame_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_q <= '0;
    else if (frame_done_i && !take_frame) done_q <= done_q + 1'b1;
    else if (take_frame && !frame_done_i) done_q <= done_q - 1'b1;
  end

  logic record_here;
  assign record_here = record_valid_i && (!record_is_frame_i || |done_q);

  // The line that is put together.
  logic [255:0] lower_q, upper_q;
  logic lower_valid_q, upper_valid_q, half_q, phase_q;
  logic move, complete, out_free;
  assign complete = upper_valid_q;
  assign take = record_here && (!upper_valid_q || move);
  assign record_ready_o = take;

  // The address of the next line is added up in two steps while the line before it is put together.
  logic [13:0] line_q, next_line_q, last_line_q;
  logic [57:0] line_address_q, next_address_q;
  logic [20:0] next_low_q;
  logic [1:0] next_wait_q;
  always_ff @(posedge clk_i) last_line_q <= 14'((32'h1 << entries_log2_i) >> 1) - 14'd1;

  assign out_free = !beat_valid_o || beat_ready_i;
  assign move = out_free && ((complete && next_wait_q == 2'd0) ||
                             (lower_valid_q && !complete && flush_i && !record_here));

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      lower_valid_q <= 1'b0;
      upper_valid_q <= 1'b0;
      half_q        <= 1'b0;
      phase_q       <= 1'b1;
    end else begin
      if (move) begin
        lower_valid_q <= 1'b0;
        upper_valid_q <= 1'b0;
      end
      if (take) begin
        half_q <= !half_q;
        if (half_q) upper_valid_q <= 1'b1;
        else lower_valid_q <= 1'b1;
        // The record after the last line's second one begins the next round.
        if (half_q && line_q == last_line_q) phase_q <= !phase_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take && !half_q) lower_q <= record_i | {phase_q, 255'b0};
    if (take && half_q) upper_q <= record_i | {phase_q, 255'b0};
  end

  logic advance;
  assign advance = move && complete;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      line_q         <= '0;
      next_line_q    <= last_line_q == '0 ? '0 : 14'd1;
      line_address_q <= {base_i, 6'b0};
      next_wait_q    <= 2'd2;
    end else if (advance) begin
      line_q         <= next_line_q;
      line_address_q <= next_address_q;
      next_line_q    <= next_line_q == last_line_q ? '0 : next_line_q + 1'b1;
      next_wait_q    <= 2'd2;
    end else if (next_wait_q != 2'd0) begin
      next_wait_q <= next_wait_q - 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    next_low_q     <= {1'b0, base_i[19:0]} + {13'b0, next_line_q[13:6]};
    next_address_q <= {base_i[51:20] + 32'(next_low_q[20]), next_low_q[19:0], next_line_q[5:0]};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_valid_o <= 1'b0;
    else if (out_free) beat_valid_o <= move;
  end
  always_ff @(posedge clk_i) begin
    if (move) begin
      beat_address_o <= line_address_q;
      beat_data_o    <= {upper_q, lower_q};
      beat_halves_o  <= {upper_valid_q, lower_valid_q};
    end
  end

  // A record that has come before its frame's bytes waits for frame_done_i, and whoever gives that is not quiet.
  assign quiet_o = !record_here && !lower_valid_q && !upper_valid_q && !beat_valid_o && next_wait_q == 2'd0;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      NothingInsideAtStart : assert (!start_i || !(lower_valid_q || upper_valid_q || take));
      NotAllFramesDone : assert (!frame_done_i || done_q != 8'hff);
    end
  end
endmodule

`default_nettype wire
