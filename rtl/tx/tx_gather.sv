// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Says, beat by beat, where the bytes of the read data belong in their frame.
///
/// A beat of read data holds the bytes from some lane on; they go behind the frame's bytes so far.
/// The end of a frame that spills over into one more beat takes a clock of its own.
///
/// latency       1 clock from the data to the step; a segment is seen 2 clocks after it came
/// throughput    1 beat of read data per clock, less one clock for a frame that spills over
/// backpressure  waits while space_i is low; up to 2 more steps come after it went low
/// reset         at the start of a frame
module tx_gather (
    input  wire logic                     clk_i,
    input  wire logic                     rst_ni,
    input  wire tx_pkg::segment_t         segment_i,
    input  wire logic                     segment_valid_i,
    output logic                          segment_ready_o,
    input  wire logic             [511:0] beat_i,
    input  wire logic                     beat_refused_i,
    input  wire logic                     beat_valid_i,
    output logic                          beat_ready_o,
    input  wire logic                     space_i,
    output logic                          step_valid_o,
    output logic             [511:0]      step_data_o,
    output logic             [  5:0]      step_rotate_o,   // lanes to move up by, modulo 64
    output logic             [  5:0]      step_from_o,     // lane of the first byte
    output logic             [  6:0]      step_to_o,       // behind the last; above 64: next beat
    output logic                          step_emit_o,     // a beat of the frame is complete
    output logic                          step_end_o,      // so is the frame: step_frame_o holds
    output logic                          step_refused_o,  // the bytes could not be read
    output tx_pkg::frame_t                step_frame_o,
    output logic                          idle_o,          // no segment at work and no step given
    output logic                          busy_o           // something moves
);
  // The segment at work: kept in registers so that its beats take no look-up of their own.
  tx_pkg::segment_t next, segment_q;
  logic next_valid, active_q, last_q, spill_q;
  logic [10:0] left_q;
  logic [5:0] lane_q, span_q;  // of the beat's first byte; from it to its last
  logic [5:0] position_q;      // of the next byte in the frame's beat

  logic [6:0] to;
  logic load, consume, ends, spills, finish, step;
  assign to = {1'b0, position_q} + {1'b0, span_q} + 7'd1;

  // A segment of no beats ends a dropped frame.
  assign consume = active_q && space_i && beat_valid_i && !spill_q && (left_q != 11'd0);
  assign spills = last_q && segment_q.end_of_frame && to[6] && (|to[5:0]);
  assign ends = last_q && segment_q.end_of_frame && !spills;
  assign finish = active_q && space_i &&
      (spill_q || left_q == 11'd0 || (beat_valid_i && last_q && !spills));
  assign step = active_q && space_i && (spill_q || left_q == 11'd0 || beat_valid_i);
  assign beat_ready_o = consume;
  assign load = !active_q || finish;

  // Keeps the way from the end of a segment to the FIFO in front short.
  axis_skid #(
      .WIDTH($bits(next))
  ) i_next (
      .clk_i,
      .rst_ni,
      .s_data_i(segment_i),
      .s_valid_i(segment_valid_i),
      .s_ready_o(segment_ready_o),
      .m_data_o(next),
      .m_valid_o(next_valid),
      .m_ready_i(load)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q   <= 1'b0;
      spill_q    <= 1'b0;
      position_q <= 6'd0;
    end else begin
      if (load) active_q <= next_valid;
      if (consume) spill_q <= spills;
      else if (step) spill_q <= 1'b0;
      if (consume) position_q <= ends ? 6'd0 : to[5:0];
      else if (step) position_q <= 6'd0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      segment_q <= next;
      lane_q    <= next.first_lane;
      span_q    <= (next.beats == 11'd1 ? next.last_lane : 6'd63) - next.first_lane;
      last_q    <= next.beats == 11'd1;
      left_q    <= next.beats;
    end else if (consume) begin
      lane_q <= 6'd0;
      span_q <= left_q == 11'd2 ? segment_q.last_lane : 6'd63;
      last_q <= left_q == 11'd2;
      // While the spill is written the segment stays, with its last beat behind it.
      if (!last_q) left_q <= left_q - 11'd1;
    end
  end

  logic valid_q, emit_q, end_q, refused_q;
  logic [511:0] data_q;
  logic [5:0] rotate_q, from_q;
  logic [6:0] to_q;
  tx_pkg::frame_t frame_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= step;
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      data_q    <= beat_i;
      rotate_q  <= position_q - lane_q;
      from_q    <= position_q;
      to_q      <= consume ? to : {1'b0, position_q};
      emit_q    <= spill_q || (consume && (to[6] || ends));
      end_q     <= spill_q || left_q == 11'd0 || ends;
      refused_q <= consume && beat_refused_i;
      frame_q   <= segment_q.frame;
    end
  end

  // What these said is in left_q and lane_q.
  logic unused;
  assign unused = &{1'b0, segment_q.beats, segment_q.first_lane};

  assign step_valid_o   = valid_q;
  assign step_data_o    = data_q;
  assign step_rotate_o  = rotate_q;
  assign step_from_o    = from_q;
  assign step_to_o      = to_q;
  assign step_emit_o    = emit_q;
  assign step_end_o     = end_q;
  assign step_refused_o = refused_q;
  assign step_frame_o   = frame_q;
  assign idle_o         = !active_q && !next_valid && !valid_q;
  assign busy_o         = step || valid_q || (load && next_valid) ||
      (segment_ready_o && segment_valid_i);
endmodule

`default_nettype wire
