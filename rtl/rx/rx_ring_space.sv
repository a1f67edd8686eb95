// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Places frames in the receive ring: docs/device.md, The receive ring. All sizes are in beats of 64 bytes.
///
/// The frame at frame_beats_i is judged when judged_o is 1: it fits or not, and frame_place_o and frame_offset_o say
/// where. frame_leaves_i says that the frame leaves in this clock, with take_i that it takes its place.
///
/// latency       judged in the same clock; 3 clocks later if the frame must skip to the ring's start
/// throughput    1 frame per clock; one clock is lost when the ring wraps, two when the host gives space back
/// reset         a ring of size 0: nothing fits until start_i
module rx_ring_space (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        start_i,         // take the size, count from 0; no frame leaves in this clock
    input  wire logic [4:0]  bytes_log2_i,    // log2 of the ring's bytes
    input  wire logic [25:0] head_i,          // beats, free-running, written by the host
    output logic      [25:0] tail_o,          // beats, free-running
    input  wire logic        frame_valid_i,
    input  wire logic [8:0]  frame_beats_i,   // 1 to 256; constant until the frame leaves
    output logic             judged_o,
    output logic             fits_o,
    output logic      [23:0] frame_place_o,   // beats from the ring's start
    output logic      [25:0] frame_offset_o,  // beats, free-running
    input  wire logic        take_i,
    input  wire logic        frame_leaves_i,
    output logic             quiet_o
);
  typedef enum logic [2:0] {
    Judge,
    Refresh,      // something has grown: the flags below are not true yet
    SkipSum,
    SkipCompare,
    SkipJudge
  } state_e;
  state_e state_q;

  logic [25:0] size_q, tail_q, free_q;
  logic [25:0] room_q;  // from the place to the ring's end; not 0 unless size_q is
  logic [23:0] place_q;

  // Frames are at most 256 beats, so that only small values need a close look. The flags are one clock old: true as
  // long as values only shrink by a frame a clock, which the margin covers; when one grows, Refresh waits for them.
  logic room_big_q, free_big_q;
  always_ff @(posedge clk_i) begin
    room_big_q <= |room_q[25:10];
    free_big_q <= |free_q[25:10];
  end

  logic returned_valid, returned_taken;
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
      .taken_i(returned_taken)
  );
  assign returned_taken = state_q == Judge && returned_valid;

  logic [10:0] beats;
  assign beats = {2'b00, frame_beats_i};

  logic before_end, fits_before_end;
  assign before_end      = room_big_q || beats <= room_q[10:0];
  assign fits_before_end = free_big_q || beats <= free_q[10:0];

  // The way over the ring's end.
  logic [10:0] skip_beats_q;  // the rest of the ring and the frame
  logic [25:0] skip_tail_q;   // where the frame then starts
  logic skip_fits_q, skipping;
  assign skipping = state_q == SkipJudge;

  always_ff @(posedge clk_i) begin
    if (state_q == SkipSum) begin
      skip_beats_q <= beats + room_q[10:0];
      skip_tail_q  <= tail_q + room_q;
    end
    skip_fits_q <= free_big_q || skip_beats_q <= free_q[10:0];
  end

  assign judged_o       = skipping || (state_q == Judge && !returned_valid && before_end);
  assign fits_o         = skipping ? skip_fits_q : fits_before_end;
  assign frame_place_o  = skipping ? '0 : place_q;
  assign frame_offset_o = skipping ? skip_tail_q : tail_q;

  logic [25:0] frame, used, room_before;
  logic wraps;
  assign frame       = {17'b0, frame_beats_i};
  assign used = returned_taken ? minus_returned : skipping ? {15'b0, skip_beats_q} : frame;
  assign room_before = skipping ? size_q : room_q;
  assign wraps       = room_before == frame;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      size_q  <= '0;
      tail_q  <= '0;
      free_q  <= '0;
      room_q  <= '0;
      place_q <= '0;
    end else if (start_i) begin
      size_q  <= 26'((32'h1 << bytes_log2_i) >> 6);
      free_q  <= 26'((32'h1 << bytes_log2_i) >> 6);
      room_q  <= 26'((32'h1 << bytes_log2_i) >> 6);
      tail_q  <= '0;
      place_q <= '0;
    end else if (take_i) begin
      tail_q  <= frame_offset_o + frame;
      room_q  <= wraps ? size_q : room_before - frame;
      place_q <= wraps ? '0 : frame_place_o + 24'(frame_beats_i);
    end
    if (rst_ni && !start_i && (take_i || returned_taken)) free_q <= free_q - used;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      state_q <= Refresh;
    end else begin
      unique case (state_q)
        Judge: begin
          if (returned_taken || (take_i && wraps)) state_q <= Refresh;
          else if (frame_valid_i && !frame_leaves_i && !before_end) state_q <= SkipSum;
        end
        Refresh: state_q <= Judge;
        SkipSum: state_q <= frame_leaves_i ? Judge : SkipCompare;
        SkipCompare: state_q <= frame_leaves_i ? Judge : SkipJudge;
        SkipJudge: if (frame_leaves_i) state_q <= take_i ? Refresh : Judge;
        default: state_q <= Refresh;
      endcase
    end
  end

  assign tail_o  = tail_q;
  assign quiet_o = state_q == Judge && !returned_valid;

  always_ff @(posedge clk_i) begin
    if (rst_ni && take_i) begin
      TakenFits : assert (judged_o && fits_o && frame_leaves_i && !start_i);
    end
    if (rst_ni && |size_q) InsideTheRing : assert ({2'b00, place_q} < size_q);
  end
endmodule

`default_nettype wire
