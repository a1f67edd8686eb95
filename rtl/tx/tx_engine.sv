// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The transmit side: from the descriptors of all queues in host memory to frames at the MAC.
/// docs/device.md, Transmit.
///
/// latency       a doorbell to the MAC: two reads of host memory and about 75 clocks
/// throughput    1 beat of 64 bytes per clock and 1 frame per clock inside; reads of host memory
///               set the limit: a 60-byte frame in one line takes 1.25 beats of R. TCP segments of
///               one frame share its header: they fill m_axis
/// queues        take turns, frame by frame; a frame counts when all its descriptors are there, so
///               no queue waits for another one's host
/// backpressure  reads are only made when there is room for what they bring, so R is always taken;
///               the MAC may stop m_axis at any time
/// reset         disabled and empty
/// enabling      tx_enable_i from 0 to 1 starts a queue at index 0, not halted. After it has gone
///               to 0 no more of its descriptors are read, and tx_active_o goes to 0 when all frames
///               whose descriptors have been read are done with; a frame of which the end is missing
///               then is forgotten. Frames that have been read go on to the MAC.
/// completions   completion_o is a pulse
/// counting      frame_bytes_o has the padding in it
/// quiet_o       nothing changes until an input does. Waiting for read data is quiet; waiting for
///               ARREADY or for the MAC is not, nor is being switched off. From registers,
///               tx_enable_i and tx_tail_i
module tx_engine #(
    parameter int unsigned QUEUES = 16,
    parameter int unsigned FIFO_BEATS_LOG2 = 9,  // log2 of the beats in each buffer
    parameter int unsigned STORE_LOG2 = 8,       // log2 of the descriptors stored for each queue
    parameter bit TSO = 1'b1                     // frames may be cut into TCP segments
) (
    input  wire logic                 clk_i,
    input  wire logic                 rst_ni,
    // one field for each queue, queue 0 in the lowest bits
    input  wire logic [   QUEUES-1:0] tx_enable_i,
    input  wire logic [QUEUES*64-1:0] tx_base_i,
    input  wire logic [ QUEUES*5-1:0] tx_entries_log2_i,
    input  wire logic [QUEUES*16-1:0] tx_tail_i,
    output logic      [QUEUES*16-1:0] tx_head_o,
    output logic      [   QUEUES-1:0] tx_active_o,
    output logic      [   QUEUES-1:0] tx_halted_o,
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
    output logic              completion_o,
    output logic      [  4:0] completion_queue_o,
    output logic      [ 15:0] completion_index_o,
    // pulses
    output logic              frame_o,
    output logic      [ 13:0] frame_bytes_o,        // with frame_o
    output logic              checksum_inserted_o,  // with frame_o
    output logic              segment_o,            // with frame_o: it is a TCP segment
    output logic              segment_last_o,       // with frame_o: the last one of its frame
    output logic              drop_descriptor_o,
    output logic              drop_dma_error_o,
    output logic              halted_pulse_o,
    output logic              dma_read_error_o,
    output logic      [ 63:0] dma_read_error_address_o,
    output logic      [  2:0] dma_read_error_source_o,
    output logic              quiet_o
);
  localparam int unsigned LINES_LOG2 = 6;
  localparam int unsigned PIECES_LOG2 = 6;
  localparam int unsigned ROOM_LOG2 = 5;
  localparam int unsigned SETTLE_CLOCKS = 15;  // longer than anything moves on by itself

  logic [QUEUES-1:0] clear, run, queue_moves;

  // Descriptors.
  tx_pkg::read_t descriptor_read;
  logic descriptor_read_valid, descriptor_read_ready, line_taken, line_taken_q, fetch_starts, fetching, asked;
  logic [2:0] asked_lines;
  logic [4:0] fetch_queue;
  logic [QUEUES*16-1:0] freed;
  tx_descriptor_fetch #(
      .QUEUES(QUEUES),
      .LINES_LOG2(LINES_LOG2),
      .STORE_LOG2(STORE_LOG2)
  ) i_fetch (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .run_i(run),
      .base_i(tx_base_i),
      .entries_log2_i(tx_entries_log2_i),
      .tail_i(tx_tail_i),
      .freed_i(freed),
      .request_o(descriptor_read),
      .request_valid_o(descriptor_read_valid),
      .request_ready_i(descriptor_read_ready),
      .asked_o(asked),
      .asked_lines_o(asked_lines),
      .line_taken_i(line_taken_q),
      .queue_o(fetch_queue),
      .fetching_o(fetching),
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
  // The counters of lines may be a clock behind: they are only read to be careful.
  logic [4:0] taken_queue_q;
  assign line_taken = line_valid && line_ready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) line_taken_q <= 1'b0;
    else line_taken_q <= line_taken;
  end
  always_ff @(posedge clk_i) taken_queue_q <= line.queue_number;

  fourtuple_nic_regs_pkg::transmit_descriptor_t descriptor;
  logic [4:0] descriptor_queue;
  logic descriptor_valid, descriptor_ready, line_refused;
  tx_descriptor_unpack #(
      .QUEUES(QUEUES)
  ) i_unpack (
      .clk_i,
      .rst_ni,
      .halted_i(tx_halted_o),
      .s_line_i(line),
      .s_valid_i(line_valid),
      .s_ready_o(line_ready),
      .m_descriptor_o(descriptor),
      .m_queue_o(descriptor_queue),
      .m_valid_o(descriptor_valid),
      .m_ready_i(descriptor_ready),
      .refused_o(line_refused)
  );

  logic piece_valid, checked_valid, check_busy;
  logic [4:0] piece_queue;
  logic [15:0] piece_index;
  logic [63:0] piece_address;
  logic [16:0] piece_length;
  tx_pkg::frame_t checked;
  logic [PIECES_LOG2:0] checked_pieces;
  tx_descriptor_check #(
      .QUEUES(QUEUES),
      .PIECES_LOG2(PIECES_LOG2),
      .TSO(TSO)
  ) i_check (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .s_descriptor_i(descriptor),
      .s_queue_i(descriptor_queue),
      .s_valid_i(descriptor_valid),
      .s_ready_o(descriptor_ready),
      .piece_valid_o(piece_valid),
      .piece_queue_o(piece_queue),
      .piece_index_o(piece_index),
      .piece_address_o(piece_address),
      .piece_length_o(piece_length),
      .frame_valid_o(checked_valid),
      .frame_o(checked),
      .frame_pieces_o(checked_pieces),
      .busy_o(check_busy)
  );

  // Whose turn it is, and what that frame consists of.
  tx_pkg::frame_t chosen;
  logic [PIECES_LOG2:0] chosen_pieces;
  logic chosen_valid, chosen_ready, schedule_busy, expand_busy;
  tx_frame_schedule #(
      .QUEUES(QUEUES),
      .STORE_LOG2(STORE_LOG2),
      .PIECES(PIECES_LOG2 + 1)
  ) i_schedule (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .s_frame_i(checked),
      .s_pieces_i(checked_pieces),
      .s_valid_i(checked_valid),
      .m_frame_o(chosen),
      .m_pieces_o(chosen_pieces),
      .m_valid_o(chosen_valid),
      .m_ready_i(chosen_ready),
      .busy_o(schedule_busy)
  );
  tx_pkg::segment_t segment_in, segment;
  logic segment_in_valid, segment_in_ready, segment_valid, segment_ready, segments_empty;
  logic [57:0] payload_line;
  logic [10:0] payload_beats;
  logic payload_valid, payload_ready;
  tx_frame_expand #(
      .QUEUES(QUEUES),
      .STORE_LOG2(STORE_LOG2),
      .PIECES(PIECES_LOG2 + 1)
  ) i_expand (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .piece_valid_i(piece_valid),
      .piece_queue_i(piece_queue),
      .piece_index_i(piece_index),
      .piece_address_i(piece_address),
      .piece_length_i(piece_length),
      .s_frame_i(chosen),
      .s_pieces_i(chosen_pieces),
      .s_valid_i(chosen_valid),
      .s_ready_o(chosen_ready),
      .freed_o(freed),
      .segment_o(segment_in),
      .segment_valid_o(segment_in_valid),
      .segment_ready_i(segment_in_ready),
      .read_line_o(payload_line),
      .read_beats_o(payload_beats),
      .read_valid_o(payload_valid),
      .read_ready_i(payload_ready),
      .busy_o(expand_busy)
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

  // Segments.
  logic frame_good, buffer_space, cut_valid, cut_end, cut_refused, segmenter_busy;
  logic [511:0] cut_data;
  tx_pkg::cut_t cut;
  assign frame_good = frame_valid && !frame.drop;
  if (TSO) begin : gen_segmenter
    tx_segmenter i_segmenter (
        .clk_i,
        .rst_ni,
        .data_i(frame_data),
        .valid_i(frame_good),
        .end_i(frame_end),
        .refused_i(frame_refused),
        .frame_i(frame),
        .space_o(space),
        .space_i(buffer_space),
        .data_o(cut_data),
        .valid_o(cut_valid),
        .end_o(cut_end),
        .refused_o(cut_refused),
        .cut_o(cut),
        .busy_o(segmenter_busy)
    );
  end else begin : gen_uncut
    // The buffer leaves room for more beats than may still come.
    assign {space, cut_data, cut_valid, cut_end, cut_refused} =
        {buffer_space, frame_data, frame_good, frame_good && frame_end, frame_refused};
    assign segmenter_busy = 1'b0;
    always_comb begin
      cut                = '0;
      cut.first          = 1'b1;
      cut.last           = 1'b1;
      cut.length         = frame.length[13:0];
      cut.checksum       = frame.checksum;
      cut.checksum_start = frame.checksum_start;
      cut.checksum_field = frame.checksum_field;
    end
    logic unused;
    assign unused = &{1'b0, frame};
    always_ff @(posedge clk_i) begin
      if (rst_ni) NothingToCut : assert (!(frame_good && frame.tso));
    end
  end

  tx_pkg::stored_t stored;
  logic [15:0] stored_sum;
  logic stored_valid, stored_ready, buffer_read, buffer_empty, buffer_busy;
  logic [511:0] buffer_data;
  tx_frame_buffer #(
      .BEATS_LOG2(FIFO_BEATS_LOG2)
  ) i_buffer (
      .clk_i,
      .rst_ni,
      .data_i(cut_data),
      .valid_i(cut_valid),
      .end_i(cut_end),
      .refused_i(cut_refused),
      .cut_i(cut),
      .space_o(buffer_space),
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
      .segment_o,
      .segment_last_o,
      .busy_o(insert_busy)
  );

  // A frame has been read completely, or is dropped.
  logic ended_q, completion_q, drop_descriptor_q, drop_dma_error_q, head_valid_q;
  logic [15:0] index_q;
  logic [4:0] ended_queue_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ended_q           <= 1'b0;
      completion_q      <= 1'b0;
      drop_descriptor_q <= 1'b0;
      drop_dma_error_q  <= 1'b0;
    end else begin
      ended_q           <= frame_end;
      completion_q      <= frame_end && frame.ends && frame.completion;
      drop_descriptor_q <= frame_end && frame.ends && frame.drop;
      drop_dma_error_q  <= frame_end && frame_refused && !frame.drop;
    end
  end
  always_ff @(posedge clk_i) begin
    if (frame_end) begin
      index_q       <= frame.next_index;
      ended_queue_q <= frame.queue_number;
      head_valid_q  <= frame.ends;
    end
  end

  // On and off.
  for (genvar queue = 0; queue < QUEUES; queue++) begin : gen_state
    tx_queue_state i_state (
        .clk_i,
        .rst_ni,
        .enable_i(tx_enable_i[queue]),
        .fetching_i(fetching && fetch_queue == 5'(queue)),
        .asked_i(asked && fetch_queue == 5'(queue)),
        .asked_lines_i(asked_lines),
        .line_taken_i(line_taken_q && taken_queue_q == 5'(queue)),
        .refused_i(line_refused && line.queue_number == 5'(queue)),
        .stored_i(checked_valid && checked.queue_number == 5'(queue)),
        .ended_i(ended_q && ended_queue_q == 5'(queue)),
        .head_valid_i(head_valid_q),
        .next_index_i(index_q),
        .clear_o(clear[queue]),
        .run_o(run[queue]),
        .halted_o(tx_halted_o[queue]),
        .active_o(tx_active_o[queue]),
        .head_o(tx_head_o[16*queue+:16]),
        .moves_o(queue_moves[queue])
    );
  end

  // What waits in a FIFO for something from outside does not move; what was just put there does for
  // some clocks.
  logic moves, halted_pulse_q;
  logic [3:0] settle_q;
  assign moves = fetch_starts || line_in_valid || line_taken_q || check_busy || schedule_busy ||
      expand_busy || (segment_in_valid && segment_in_ready) || (payload_valid && payload_ready) ||
      port_busy || beat_in_valid || gather_busy || realign_busy || segmenter_busy ||
      buffer_busy || reader_busy || insert_busy || ended_q || (|queue_moves);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) settle_q <= 4'(SETTLE_CLOCKS);
    else if (moves) settle_q <= 4'(SETTLE_CLOCKS);
    else if (settle_q != 4'd0) settle_q <= settle_q - 4'd1;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) halted_pulse_q <= 1'b0;
    else halted_pulse_q <= line_refused;
  end

  assign completion_o       = completion_q;
  assign completion_queue_o = ended_queue_q;
  assign completion_index_o = index_q;
  assign drop_descriptor_o  = drop_descriptor_q;
  assign drop_dma_error_o   = drop_dma_error_q;
  assign halted_pulse_o     = halted_pulse_q;
  assign quiet_o            = !moves && settle_q == 4'd0;

  logic unused;
  assign unused = &{1'b0, beats_empty, buffer_empty, lines_empty, segments_empty, payload_idle,
                    gather_idle};

  // Nothing is asked for that there is no room for.
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      LineHasItsPlace : assert (!(line_in_valid && !line_in_ready));
      BeatHasItsPlace : assert (!(beat_in_valid && !beat_in_ready));
    end
  end
endmodule

`default_nettype wire
