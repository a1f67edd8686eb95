// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Places frames in a receive ring: docs/device.md, The receive ring. All sizes are in beats of 64 bytes.
///
/// Free space is kept in two parts: what lies in one piece before the frame, and what lies at the ring's start behind
/// the way over its end. A frame goes into the first if it fits, else into the second.
///
/// latency       fits_o is of the same clock; place and offset of a frame that was taken are there 1 clock later
/// throughput    1 frame per clock
/// backpressure  space that the host gives back is counted while no frame is taken: return_waits_o asks for three clocks
///               without take_i, of which return_i is high in the second
/// reset         a ring of size 0: nothing fits until start_i
module rx_ring_space (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        start_i,         // take the size, count from 0; no frame is taken in this clock
    input  wire logic [4:0]  bytes_log2_i,    // log2 of the ring's bytes
    input  wire logic [25:0] head_i,          // beats, free-running, written by the host
    output logic      [25:0] tail_o,          // beats, free-running
    input  wire logic [8:0]  frame_beats_i,   // 1 to 256
    output logic             fits_o,
    input  wire logic        take_i,          // the frame takes its place; only while fits_o
    output logic      [23:0] frame_place_o,   // beats from the ring's start
    output logic      [25:0] frame_offset_o,  // beats, free-running
    output logic             return_waits_o,
    input  wire logic        return_i,
    output logic             quiet_o
);
  logic [25:0] size_q, tail_q, next_round_q;  // next_round_q: the tail at the ring's next start
  logic [25:0] before_q;  // free in one piece from the place on
  logic [25:0] behind_q;  // free from the ring's start on; not 0 only where before_q reaches the ring's end
  logic [25:0] gap_q;     // from the end of what is free to the ring's end
  logic [23:0] place_q;

  // Frames are at most 256 beats, so that only small values need a close look. The flags are one clock old and true as
  // long as values only shrink by a frame a clock, which the margin covers. What grows takes the other flag along, or is
  // followed by a clock without a frame.
  logic before_big_q, behind_big_q, reaches_end_q;

  logic [10:0] beats;
  logic straight, over_the_end;
  assign beats        = {2'b00, frame_beats_i};
  assign straight     = before_big_q || beats <= before_q[10:0];
  assign over_the_end = behind_big_q || beats <= behind_q[10:0];
  assign fits_o       = straight || over_the_end;

  logic returned_valid, returned_quiet, settled_q, returning;
  logic [25:0] minus_returned;
  ring_returned #(
      .WIDTH(26)
  ) i_returned (
      .clk_i,
      .rst_ni,
      .start_i,
      .head_i,
      .valid_o(returned_valid),
      .minus_returned_o(minus_returned),
      .taken_i(returning),
      .quiet_o(returned_quiet)
  );
  assign return_waits_o = returned_valid;
  assign returning      = return_i && returned_valid && settled_q;

  // What is given back lies before the ring's end, behind it, or on both sides. The sums are made in the first of the
  // three clocks: no frame changes them any more.
  logic beyond_end_q;
  logic [25:0] new_gap_q;      // if beyond_end_q, minus what lies behind the end
  logic [25:0] to_end_q;       // before_q if beyond_end_q,
  logic [25:0] more_before_q;  // else
  always_ff @(posedge clk_i) begin
    settled_q <= returned_valid && !returning;
    if (returned_valid) begin
      {beyond_end_q, new_gap_q} <= {1'b0, gap_q} + {1'b1, minus_returned};
      to_end_q                  <= before_q + gap_q;
      more_before_q             <= before_q - minus_returned;
    end
  end

  logic ends_round;  // the frame ends where the ring does
  assign ends_round = before_q == {17'b0, frame_beats_i} && reaches_end_q;

  // A frame has at most 256 beats: what it changes above the ten lowest bits is one up or down, or nothing.
  function automatic logic [25:0] more(input logic [25:0] value, input logic [8:0] by);
    logic [10:0] low;
    low  = {1'b0, value[9:0]} + {2'b00, by};
    more = {low[10] ? value[25:10] + 16'd1 : value[25:10], low[9:0]};
  endfunction
  function automatic logic [25:0] less(input logic [25:0] value, input logic [8:0] by);
    logic [10:0] low;
    low  = {1'b0, value[9:0]} - {2'b00, by};
    less = {low[10] ? value[25:10] - 16'd1 : value[25:10], low[9:0]};
  endfunction

  // Every sum is there before it is known which one counts. And-or, not ?: between two sums: Yosys would choose the
  // operands instead (opt_share), and the sum would begin only then.
  logic [25:0] tail_after, round_after, before_after, behind_after, place_after;
  assign tail_after   = more(tail_q, frame_beats_i);
  assign round_after  = more(next_round_q, frame_beats_i);
  assign before_after = less(before_q, frame_beats_i);
  assign behind_after = less(behind_q, frame_beats_i);
  assign place_after  = more({2'b00, place_q}, frame_beats_i);

  logic unused_place;  // the ring's end is below
  assign unused_place = ^place_after[25:24];

  logic [25:0] tail_next, before_next, before_other;  // before_other: without a frame's sum
  logic goes_straight, goes_over, before_is_other;
  // Which one counts does not ask for take_i, which is late: only whether one counts does.
  assign goes_straight   = !returning && straight && !ends_round;
  assign goes_over       = !returning && !straight;
  assign before_is_other = returning || (straight && ends_round);
  assign tail_next       = (tail_after & {26{straight}}) | (round_after & {26{!straight}});
  assign before_other    = !returning ? behind_q : beyond_end_q ? to_end_q : more_before_q;
  assign before_next     = (before_after & {26{goes_straight}}) | (behind_after & {26{goes_over}}) |
                           (before_other & {26{before_is_other}});

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      size_q        <= '0;
      tail_q        <= '0;
      next_round_q  <= '0;
      before_q      <= '0;
      behind_q      <= '0;
      gap_q         <= '0;
      place_q       <= '0;
      before_big_q  <= 1'b0;
      behind_big_q  <= 1'b0;
      reaches_end_q <= 1'b0;
    end else if (start_i) begin
      size_q        <= 26'((32'h1 << bytes_log2_i) >> 6);
      next_round_q  <= 26'((32'h1 << bytes_log2_i) >> 6);
      before_q      <= 26'((32'h1 << bytes_log2_i) >> 6);
      behind_q      <= '0;
      gap_q         <= '0;
      tail_q        <= '0;
      place_q       <= '0;
      before_big_q  <= bytes_log2_i[4];  // 2^16 bytes are 1024 beats
      behind_big_q  <= 1'b0;
      reaches_end_q <= 1'b1;
    end else begin
      before_big_q  <= |before_q[25:10];
      behind_big_q  <= |behind_q[25:10];
      reaches_end_q <= gap_q == '0;
      if (returning || take_i) before_q <= before_next;
      if (returning) begin
        behind_q <= beyond_end_q ? behind_q - new_gap_q : behind_q;
        gap_q    <= beyond_end_q ? '0 : new_gap_q;
      end else if (take_i) begin
        tail_q  <= tail_next;
        place_q <= !straight ? 24'(frame_beats_i) : ends_round ? '0 : place_after[23:0];
        if (!straight || ends_round) begin
          behind_q      <= '0;
          gap_q         <= size_q - behind_q;
          next_round_q  <= next_round_q + size_q;
          before_big_q  <= behind_big_q;
          behind_big_q  <= 1'b0;
          reaches_end_q <= 1'b0;  // the frame itself lies between
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_i) begin
      frame_place_o  <= straight ? place_q : '0;
      frame_offset_o <= straight ? tail_q : next_round_q;
    end
  end

  // The flags follow within a clock.
  logic flags_settled;
  assign flags_settled = before_big_q == |before_q[25:10] && behind_big_q == |behind_q[25:10] &&
                         reaches_end_q == (gap_q == '0);
  assign tail_o  = tail_q;
  assign quiet_o = returned_quiet && !settled_q && flags_settled;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      TakenFits : assert (!take_i || (fits_o && !start_i && !return_i));
      InsideTheRing : assert (size_q == '0 || {2'b00, place_q} < size_q);
      BehindOnlyFromTheEnd : assert (behind_q == '0 || gap_q == '0);
    end
  end
endmodule

`default_nettype wire
