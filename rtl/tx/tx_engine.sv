// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The transmit side of a queue: from descriptors in host memory to frames at the MAC.
/// docs/device.md, Transmit.
///
/// latency       a doorbell to the MAC: two reads of host memory and about 50 clocks
/// throughput    1 beat of 64 bytes per clock and 1 frame per clock inside; reads of host memory
///               set the limit: a 60-byte frame in one line takes 1.25 beats of R
/// backpressure  reads are only made when there is room for what they bring, so R is always taken;
///               the MAC may stop m_axis at any time; a completion that is not taken is replaced by
///               the next one
/// reset         disabled and empty
/// enabling      tx_enable_i from 0 to 1 starts at index 0, not halted. After it has gone to 0 no
///               more descriptors are read, and tx_active_o goes to 0 when all descriptors that
///               have been read are done with and the completion was taken; a frame of which the
///               end is missing then is forgotten. Frames that have been read go on to the MAC.
/// counting      frame_bytes_o has the padding in it
/// quiet_o       nothing changes until an input does. Waiting for read data is quiet; waiting for
///               ARREADY, for the MAC or for the completion to be taken is not, nor is being
///               switched off. From registers, tx_enable_i and tx_tail_i
module tx_engine #(
    parameter int unsigned FIFO_BEATS_LOG2 = 9  // log2 of the beats in each buffer
) (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic         tx_enable_i,
    input  wire logic [ 63:0] tx_base_i,
    input  wire logic [  4:0] tx_entries_log2_i,
    input  wire logic [ 15:0] tx_tail_i,
    output logic      [ 15:0] tx_head_o,
    output logic              tx_active_o,
    output logic              tx_halted_o,
    // AXI read channel; the constant signals are the top's
    output logic      [ 63:0] ar_addr_o,
    output logic      [  7:0] ar_len_o,
    output logic              ar_valid_o,
    input  wire logic         ar_ready_i,
    input  wire logic [511:0] r_data_i,
    input  wire logic [  1:0] r_resp_i,
    input  wire logic         r_last_i,
    input  wire logic         r_valid_i,
    output logic              r_ready_o,
    // to the MAC
    output logic      [511:0] m_axis_tdata,
    output logic      [ 63:0] m_axis_tkeep,
    output logic              m_axis_tvalid,
    input  wire logic         m_axis_tready,
    output logic              m_axis_tlast,
    // to the completion writer
    output logic              completion_valid_o,
    output logic      [ 15:0] completion_index_o,
    input  wire logic         completion_ready_i,
    // pulses
    output logic              frame_o,
    output logic      [ 13:0] frame_bytes_o,        // with frame_o
    output logic              checksum_inserted_o,  // with frame_o
    output logic              drop_descriptor_o,
    output logic              drop_dma_error_o,
    output logic              halted_pulse_o,
    output logic              dma_read_error_o,
    output logic      [ 63:0] dma_read_error_address_o,
    output logic      [  2:0] dma_read_error_source_o,
    output logic              quiet_o
);
  localparam int unsigned LINES_LOG2 = 6;
  localparam int unsigned ROOM_LOG2 = 5;
  localparam int unsigned SETTLE_CLOCKS = 15;  // longer than anything moves on by itself

  logic clear, run;

  // Descriptors.
  tx_pkg::read_t descriptor_read;
  logic descriptor_read_valid, descriptor_read_ready, line_taken, fetch_idle, fetch_starts;
  tx_descriptor_fetch #(
      .LINES_LOG2(LINES_LOG2)
  ) i_fetch (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .run_i(run),
      .base_i(tx_base_i),
      .entries_log2_i(tx_entries_log2_i),
      .tail_i(tx_tail_i),
      .request_o(descriptor_read),
      .request_valid_o(descriptor_read_valid),
      .request_ready_i(descriptor_read_ready),
      .line_taken_i(line_taken),
      .idle_o(fetch_idle),
      .start_o(fetch_starts)
  );

  tx_pkg::line_t line_in, line;
  logic line_in_valid, line_in_ready, line_valid, line_ready, lines_empty;
  sync_fifo #(
      .WIDTH($bits(line_in)),
      .DEPTH_LOG2(LINES_LOG2)
  ) i_lines (
      .clk_i,
      .rst_ni,
      .s_data_i(line_in),
      .s_valid_i(line_in_valid),
      .s_ready_o(line_in_ready),
      .m_data_o(line),
      .m_valid_o(line_valid),
      .m_ready_i(line_ready),
      .empty_o(lines_empty)
  );
  assign line_taken = line_valid && line_ready;

  fourtuple_nic_regs_pkg::transmit_descriptor_t descriptor;
  logic [15:0] next_index;
  logic descriptor_valid, descriptor_ready, halted;
  tx_descriptor_unpack i_unpack (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .s_line_i(line),
      .s_valid_i(line_valid),
      .s_ready_o(line_ready),
      .m_descriptor_o(descriptor),
      .m_next_index_o(next_index),
      .m_valid_o(descriptor_valid),
      .m_ready_i(descriptor_ready),
      .halted_o(halted),
      .halted_pulse_o
  );

  tx_pkg::segment_t segment_in, segment;
  logic segment_in_valid, segment_in_ready, segment_valid, segment_ready, segments_empty;
  logic [57:0] payload_line;
  logic [8:0] payload_beats;
  logic payload_valid, payload_ready, check_busy;
  tx_descriptor_check i_check (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .s_descriptor_i(descriptor),
      .s_next_index_i(next_index),
      .s_valid_i(descriptor_valid),
      .s_ready_o(descriptor_ready),
      .segment_o(segment_in),
      .segment_valid_o(segment_in_valid),
      .segment_ready_i(segment_in_ready),
      .read_line_o(payload_line),
      .read_beats_o(payload_beats),
      .read_valid_o(payload_valid),
      .read_ready_i(payload_ready),
      .busy_o(check_busy)
  );
  sync_fifo #(
      .WIDTH($bits(segment_in)),
      .DEPTH_LOG2(FIFO_BEATS_LOG2)
  ) i_segments (
      .clk_i,
      .rst_ni,
      .s_data_i(segment_in),
      .s_valid_i(segment_in_valid),
      .s_ready_o(segment_in_ready),
      .m_data_o(segment),
      .m_valid_o(segment_valid),
      .m_ready_i(segment_ready),
      .empty_o(segments_empty)
  );

  // Their bytes.
  tx_pkg::read_t payload_read;
  logic payload_read_valid, payload_read_ready, beat_valid, beat_ready, payload_idle;
  tx_payload_read #(
      .BEATS_LOG2(FIFO_BEATS_LOG2)
  ) i_payload (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .s_line_i(payload_line),
      .s_beats_i(payload_beats),
      .s_valid_i(payload_valid),
      .s_ready_o(payload_ready),
      .request_o(payload_read),
      .request_valid_o(payload_read_valid),
      .request_ready_i(payload_read_ready),
      .beat_taken_i(beat_valid && beat_ready),
      .idle_o(payload_idle)
  );

  logic [511:0] beat_in, beat;
  logic beat_in_refused, beat_in_valid, beat_in_ready, beat_refused, beats_empty, port_busy;
  tx_read_port #(
      .OUTSTANDING_LOG2(FIFO_BEATS_LOG2)
  ) i_port (
      .clk_i,
      .rst_ni,
      .descriptor_i(descriptor_read),
      .descriptor_valid_i(descriptor_read_valid),
      .descriptor_ready_o(descriptor_read_ready),
      .payload_i(payload_read),
      .payload_valid_i(payload_read_valid),
      .payload_ready_o(payload_read_ready),
      .ar_addr_o,
      .ar_len_o,
      .ar_valid_o,
      .ar_ready_i,
      .r_data_i,
      .r_resp_i,
      .r_last_i,
      .r_valid_i,
      .r_ready_o,
      .line_o(line_in),
      .line_valid_o(line_in_valid),
      .beat_o(beat_in),
      .beat_refused_o(beat_in_refused),
      .beat_valid_o(beat_in_valid),
      .error_o(dma_read_error_o),
      .error_address_o(dma_read_error_address_o),
      .error_source_o(dma_read_error_source_o),
      .busy_o(port_busy)
  );
  sync_fifo #(
      .WIDTH(513),
      .DEPTH_LOG2(FIFO_BEATS_LOG2)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .s_data_i({beat_in_refused, beat_in}),
      .s_valid_i(beat_in_valid),
      .s_ready_o(beat_in_ready),
      .m_data_o({beat_refused, beat}),
      .m_valid_o(beat_valid),
      .m_ready_i(beat_ready),
      .empty_o(beats_empty)
  );

  // Frames.
  logic space, step_valid, step_emit, step_end, step_refused, gather_idle, gather_busy;
  logic [511:0] step_data;
  logic [5:0] step_rotate, step_from;
  logic [6:0] step_to;
  tx_pkg::frame_t step_frame;
  tx_gather i_gather (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .segment_i(segment),
      .segment_valid_i(segment_valid),
      .segment_ready_o(segment_ready),
      .beat_i(beat),
      .beat_refused_i(beat_refused),
      .beat_valid_i(beat_valid),
      .beat_ready_o(beat_ready),
      .space_i(space),
      .step_valid_o(step_valid),
      .step_data_o(step_data),
      .step_rotate_o(step_rotate),
      .step_from_o(step_from),
      .step_to_o(step_to),
      .step_emit_o(step_emit),
      .step_end_o(step_end),
      .step_refused_o(step_refused),
      .step_frame_o(step_frame),
      .idle_o(gather_idle),
      .busy_o(gather_busy)
  );

  logic [511:0] frame_data;
  logic frame_valid, frame_end, frame_refused, realign_busy;
  tx_pkg::frame_t frame;
  tx_realign i_realign (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .step_valid_i(step_valid),
      .step_data_i(step_data),
      .step_rotate_i(step_rotate),
      .step_from_i(step_from),
      .step_to_i(step_to),
      .step_emit_i(step_emit),
      .step_end_i(step_end),
      .step_refused_i(step_refused),
      .step_frame_i(step_frame),
      .data_o(frame_data),
      .valid_o(frame_valid),
      .end_o(frame_end),
      .refused_o(frame_refused),
      .frame_o(frame),
      .busy_o(realign_busy)
  );

  tx_pkg::stored_t stored;
  logic [15:0] stored_sum;
  logic stored_valid, stored_ready, buffer_read, buffer_empty, buffer_busy;
  logic [511:0] buffer_data;
  tx_frame_buffer #(
      .BEATS_LOG2(FIFO_BEATS_LOG2)
  ) i_buffer (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .data_i(frame_data),
      .valid_i(frame_valid),
      .end_i(frame_end),
      .refused_i(frame_refused),
      .frame_i(frame),
      .space_o(space),
      .stored_o(stored),
      .stored_sum_o(stored_sum),
      .stored_valid_o(stored_valid),
      .stored_ready_i(stored_ready),
      .read_i(buffer_read),
      .read_data_o(buffer_data),
      .empty_o(buffer_empty),
      .busy_o(buffer_busy)
  );

  tx_pkg::out_beat_t out_beat;
  logic out_valid, out_prefix, out_prefix_end, out_odd, out_taken, reader_busy, insert_busy;
  logic [63:0] out_before;
  logic [15:0] out_sum;
  tx_frame_reader #(
      .ROOM_LOG2(ROOM_LOG2)
  ) i_reader (
      .clk_i,
      .rst_ni,
      .stored_i(stored),
      .stored_sum_i(stored_sum),
      .stored_valid_i(stored_valid),
      .stored_ready_o(stored_ready),
      .read_o(buffer_read),
      .beat_o(out_beat),
      .beat_valid_o(out_valid),
      .beat_before_o(out_before),
      .beat_prefix_o(out_prefix),
      .beat_prefix_end_o(out_prefix_end),
      .beat_sum_o(out_sum),
      .beat_odd_o(out_odd),
      .beat_taken_i(out_taken),
      .busy_o(reader_busy)
  );
  tx_checksum_insert #(
      .ROOM_LOG2(ROOM_LOG2)
  ) i_insert (
      .clk_i,
      .rst_ni,
      .beat_i(out_beat),
      .beat_data_i(buffer_data),
      .beat_valid_i(out_valid),
      .beat_before_i(out_before),
      .beat_prefix_i(out_prefix),
      .beat_prefix_end_i(out_prefix_end),
      .beat_sum_i(out_sum),
      .beat_odd_i(out_odd),
      .beat_taken_o(out_taken),
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid,
      .m_axis_tlast,
      .m_axis_tready,
      .frame_o,
      .frame_bytes_o,
      .checksum_inserted_o,
      .busy_o(insert_busy)
  );

  // A frame has been read completely, or is dropped.
  logic [15:0] head_q, completion_index_q;
  logic completion_valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear) begin
      head_q             <= 16'd0;
      completion_valid_q <= 1'b0;
    end else begin
      if (frame_end) head_q <= frame.next_index;
      if (frame_end && frame.completion) completion_valid_q <= 1'b1;
      else if (completion_ready_i) completion_valid_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (frame_end && frame.completion) completion_index_q <= frame.next_index;
  end

  // On and off.
  typedef enum logic [1:0] {
    OFF,
    START,
    ON,
    FINISH
  } state_e;
  state_e state_q;
  logic done, done_q;
  assign done = state_q == FINISH && fetch_idle && lines_empty && !descriptor_valid &&
      !check_busy && segments_empty && payload_idle && gather_idle && !realign_busy &&
      !completion_valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= OFF;
      done_q  <= 1'b0;
    end else begin
      done_q <= done;
      unique case (state_q)
        OFF: if (tx_enable_i) state_q <= START;
        START: state_q <= ON;
        ON: if (!tx_enable_i) state_q <= FINISH;
        FINISH: if (done && done_q) state_q <= OFF;
      endcase
    end
  end
  assign clear = state_q == START;
  assign run   = state_q == ON && !halted;

  // What waits in a FIFO for something from outside does not move; what was just put there does for
  // some clocks.
  logic moves;
  logic [3:0] settle_q;
  assign moves = fetch_starts || line_in_valid || line_taken ||
      (descriptor_valid && descriptor_ready) ||
      (segment_in_valid && segment_in_ready) || (payload_valid && payload_ready) || port_busy ||
      beat_in_valid || gather_busy || realign_busy || buffer_busy || reader_busy || insert_busy ||
      completion_valid_q || state_q == START || (state_q == FINISH && done) ||
      (state_q == OFF) == tx_enable_i || (state_q == FINISH && tx_enable_i);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) settle_q <= 4'(SETTLE_CLOCKS);
    else if (moves) settle_q <= 4'(SETTLE_CLOCKS);
    else if (settle_q != 4'd0) settle_q <= settle_q - 4'd1;
  end

  assign tx_head_o          = head_q;
  assign tx_active_o        = state_q != OFF;
  assign tx_halted_o        = halted;
  assign completion_valid_o = completion_valid_q;
  assign completion_index_o = completion_index_q;
  assign drop_descriptor_o  = frame_end && frame.drop;
  assign drop_dma_error_o   = frame_end && frame_refused && !frame.drop;
  assign quiet_o            = !moves && settle_q == 4'd0;

  logic unused;
  assign unused = &{1'b0, beats_empty, buffer_empty};

  // Nothing is asked for that there is no room for.
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      LineHasItsPlace : assert (!(line_in_valid && !line_in_ready));
      BeatHasItsPlace : assert (!(beat_in_valid && !beat_in_ready));
    end
  end
endmodule

`default_nettype wire
