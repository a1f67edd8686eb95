// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Cuts frames: a frame goes through as it is, or becomes TCP segments, each with the frame's header
/// in front of its part of the payload.
///
/// The frame's lines of 64 bytes stand in a window of two halves, even and odd lines, so that any 64
/// bytes in a row can be read in one clock, and a line leaves when all its payload has been used.
/// The header of a segment is what the first segment's beats were.
///
/// latency       11 clocks from the last line that a beat needs
/// throughput    1 line in and 1 beat out per clock, segment behind segment
/// backpressure  space_o goes low while 20 more lines may still come; after space_i has gone low 16
///               more beats may come
/// reset         empty
/// errors        refused_o with a segment's last beat: the line that it ends in, or one before it in
///               the frame, could not be read
module tx_segmenter #(
    parameter int unsigned WINDOW_LOG2 = 6  // log2 of the lines in the window
) (
    input  wire logic              clk_i,
    input  wire logic              rst_ni,
    input  wire logic [511:0]      data_i,
    input  wire logic              valid_i,
    input  wire logic              end_i,
    input  wire logic              refused_i,  // this line or one before it in the frame
    input  wire tx_pkg::frame_t    frame_i,    // with valid_i
    output logic                   space_o,
    input  wire logic              space_i,
    output logic      [511:0]      data_o,
    output logic                   valid_o,
    output logic                   end_o,
    output logic                   refused_o,  // with end_o
    output tx_pkg::cut_t           cut_o,
    output logic                   busy_o      // something moves
);
  if (WINDOW_LOG2 < 5) begin : gen_check
    $error("tx_segmenter: at least 32 lines");
  end
  localparam int unsigned HALF_LOG2 = WINDOW_LOG2 - 1;
  localparam int unsigned LINE = WINDOW_LOG2 + 1;

  // What is to be cut.
  logic inside_q, starts, frame_ready, frame_valid, plan_ready, frames_empty, plan_busy;
  tx_pkg::frame_t frame;
  tx_pkg::cut_t next;
  logic next_valid, load;
  assign starts = valid_i && !inside_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) inside_q <= 1'b0;
    else if (valid_i) inside_q <= !end_i;
  end
  sync_fifo #(
      .WIDTH($bits(frame)),
      .DEPTH_LOG2(WINDOW_LOG2)
  ) i_frames (
      .clk_i,
      .rst_ni,
      .s_data_i(frame_i),
      .s_valid_i(starts),
      .s_ready_o(frame_ready),
      .m_data_o(frame),
      .m_valid_o(frame_valid),
      .m_ready_i(plan_ready),
      .empty_o(frames_empty)
  );
  tx_segment_plan i_plan (
      .clk_i,
      .rst_ni,
      .s_frame_i(frame),
      .s_valid_i(frame_valid),
      .s_ready_o(plan_ready),
      .m_cut_o(next),
      .m_valid_o(next_valid),
      .m_ready_i(load),
      .busy_o(plan_busy)
  );

  // The window.
  logic [LINE-1:0] written_q, freed_q;
  logic space_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      written_q <= '0;
      space_q   <= 1'b0;
    end else begin
      if (valid_i) written_q <= written_q + 1'b1;
      space_q <= (written_q - freed_q) <= LINE'(2 ** WINDOW_LOG2 - 20);
    end
  end

  // The cut at work.
  tx_pkg::cut_t cut_q;
  logic active_q, first_q, last_q, after_last_q, go;
  logic [7:0] left_q;    // beats behind this one
  logic [1:0] number_q;  // of the beat; 3: any later one
  logic [LINE-1:0] base_q, base_d, line_q, need_q, end_q, after_q, ahead;
  logic header_only;
  assign ahead = written_q - need_q - 1'b1;
  assign go = active_q && space_i && !ahead[LINE-1];
  assign load = !active_q || (go && last_q);
  assign base_d = next.first ? end_q + 1'b1 : base_q;
  // Such a beat uses no payload.
  assign header_only = cut_q.tso && !cut_q.first && number_q < cut_q.header_length[7:6];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      freed_q  <= '0;
      end_q    <= '1;
    end else begin
      if (load) active_q <= next_valid;
      if (load && next_valid) end_q <= base_d + next.last_line[LINE-1:0];
      if (go && last_q) freed_q <= after_q;
      else if (go && !header_only) freed_q <= line_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (load && next_valid) begin
      cut_q        <= next;
      base_q       <= base_d;
      line_q       <= base_d + LINE'(next.offset[16:6]);
      need_q       <= base_d + LINE'(next.need_line);
      after_q      <= base_d + LINE'(next.after_line);
      left_q       <= next.last_beat;
      number_q     <= 2'd0;
      first_q      <= 1'b1;
      last_q       <= next.last_beat == 8'd0;
      after_last_q <= next.last_beat == 8'd1;
    end else if (go) begin
      line_q       <= line_q + 1'b1;
      need_q       <= after_last_q ? end_q : need_q + 1'b1;
      left_q       <= left_q - 8'd1;
      if (number_q != 2'd3) number_q <= number_q + 2'd1;
      first_q      <= 1'b0;
      last_q       <= after_last_q;
      after_last_q <= left_q == 8'd2;
    end
  end

  // Even lines and odd lines. Each beat reads one of each, also where it uses one: the other may be just arriving.
  logic [512:0] even, odd;
  logic [WINDOW_LOG2-1:0] arriving;
  logic [HALF_LOG2-1:0] even_address;
  assign arriving = written_q[WINDOW_LOG2-1:0];
  assign even_address = line_q[WINDOW_LOG2-1:1] + HALF_LOG2'(line_q[0]);
  ram_1w1r #(
      .WIDTH(513),
      .DEPTH_LOG2(HALF_LOG2)
  ) i_even (
      .clk_i,
      .write_enable_i(valid_i && !arriving[0]),
      .write_address_i(arriving[WINDOW_LOG2-1:1]),
      .write_data_i({refused_i, data_i}),
      .read_enable_i(go),
      .read_address_i(even_address),
      .read_data_o(even)
  );
  ram_1w1r #(
      .WIDTH(513),
      .DEPTH_LOG2(HALF_LOG2)
  ) i_odd (
      .clk_i,
      .write_enable_i(valid_i && arriving[0]),
      .write_address_i(arriving[WINDOW_LOG2-1:1]),
      .write_data_i({refused_i, data_i}),
      .read_enable_i(go),
      .read_address_i(line_q[WINDOW_LOG2-1:1]),
      .read_data_o(odd)
  );

  tx_pkg::cut_beat_t beat_1_q;
  logic valid_1_q, head_busy;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_1_q <= 1'b0;
    else valid_1_q <= go;
  end
  always_ff @(posedge clk_i) begin
    if (go) begin
      beat_1_q.first       <= first_q;
      beat_1_q.last        <= last_q;
      beat_1_q.number      <= number_q;
      beat_1_q.odd         <= line_q[0];
      beat_1_q.low_is_last <= need_q == line_q;
      beat_1_q.cut         <= cut_q;
    end
  end

  logic merged_valid, merged_refused, merge_busy;
  logic [511:0] merged;
  tx_pkg::cut_beat_t merged_beat;
  tx_segment_merge i_merge (
      .clk_i,
      .rst_ni,
      .even_i(even),
      .odd_i(odd),
      .beat_i(beat_1_q),
      .valid_i(valid_1_q),
      .data_o(merged),
      .beat_o(merged_beat),
      .refused_o(merged_refused),
      .valid_o(merged_valid),
      .busy_o(merge_busy)
  );
  tx_segment_header i_header (
      .clk_i,
      .rst_ni,
      .data_i(merged),
      .beat_i(merged_beat),
      .refused_i(merged_refused),
      .valid_i(merged_valid),
      .data_o,
      .valid_o,
      .end_o,
      .refused_o,
      .cut_o,
      .busy_o(head_busy)
  );

  assign space_o = space_q;
  // go is all that moves where load depends on it.
  assign busy_o  = valid_i || (frame_valid && plan_ready) || plan_busy ||
      (next_valid && !active_q) || go || valid_1_q || merge_busy || head_busy;

  logic unused;
  assign unused = &{1'b0, frames_empty, cut_q, next};

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      LineHasItsPlace : assert (!(valid_i && (written_q - freed_q) == LINE'(2 ** WINDOW_LOG2)));
      FrameHasItsPlace : assert (!(starts && !frame_ready));
      // What the RAMs answer where the line is just arriving is used by no beat.
      LineIsThere : assert (!(go && valid_i) || ((arriving != line_q[WINDOW_LOG2-1:0]) &&
          (arriving != line_q[WINDOW_LOG2-1:0] + 1'b1 || need_q == line_q)));
    end
  end
endmodule

`default_nettype wire
