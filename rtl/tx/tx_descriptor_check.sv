// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Judges descriptors and the frames that they make by the rules of docs/device.md, and says what
/// is to be read.
///
/// A frame known to be dropped is not read any further, so at most 16383 bytes of one are on their
/// way.
///
/// latency       3 clocks
/// throughput    1 descriptor per clock
/// backpressure  the pipeline stops as a whole while its last stage can not go on; both outputs are
///               handed over together
/// reset         empty, at the start of a frame; clear_i likewise
module tx_descriptor_check (
    input  wire logic                                          clk_i,
    input  wire logic                                          rst_ni,
    input  wire logic                                          clear_i,
    input  wire fourtuple_nic_regs_pkg::transmit_descriptor_t  s_descriptor_i,
    input  wire logic                                   [15:0] s_next_index_i,
    input  wire logic                                          s_valid_i,
    output logic                                               s_ready_o,
    output tx_pkg::segment_t                                   segment_o,
    output logic                                               segment_valid_o,
    input  wire logic                                          segment_ready_i,
    output logic                                        [57:0] read_line_o,   // address / 64
    output logic                                         [8:0] read_beats_o,
    output logic                                               read_valid_o,
    input  wire logic                                          read_ready_i,
    output logic                                               busy_o
);
  logic advance;

  // First stage: the frame's length so far. 16384 stands for anything longer than 16383.
  logic [14:0] total_q, total_d, so_far;
  logic broken_q, broken_d, inside_q;
  logic first_valid_q, first_last_q, first_checksum_q, first_tso_q, first_completion_q;
  logic [63:0] first_address_q;
  logic [13:0] first_length_less_one_q;
  logic [7:0] first_start_q;
  logic [8:0] first_field_q;
  logic [15:0] first_next_index_q;

  assign so_far = inside_q ? total_q : 15'd0;
  always_comb begin
    total_d = so_far + {1'b0, s_descriptor_i.length[13:0]};
    if (so_far[14] || total_d[14] || (|s_descriptor_i.length[19:14])) total_d = 15'h4000;
    broken_d = (inside_q && broken_q) || (s_descriptor_i.length == '0);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      first_valid_q <= 1'b0;
      inside_q      <= 1'b0;
    end else if (advance) begin
      first_valid_q <= s_valid_i;
      if (s_valid_i) inside_q <= !s_descriptor_i.end_of_frame;
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance && s_valid_i) begin
      total_q                 <= total_d;
      broken_q                <= broken_d;
      first_address_q         <= s_descriptor_i.address;
      first_length_less_one_q <= s_descriptor_i.length[13:0] - 14'd1;
      first_last_q            <= s_descriptor_i.end_of_frame;
      first_checksum_q        <= s_descriptor_i.checksum;
      first_tso_q             <= s_descriptor_i.tso;
      first_completion_q      <= s_descriptor_i.completion;
      first_start_q           <= s_descriptor_i.checksum_start;
      first_field_q           <= {1'b0, s_descriptor_i.checksum_start} +
          {1'b0, s_descriptor_i.checksum_offset};
      first_next_index_q      <= s_next_index_i;
    end
  end

  // Second stage: the verdict, and where the last byte lies.
  logic second_valid_q, second_drop_q, second_last_q;
  logic [57:0] second_line_q;
  logic [5:0] second_lane_q;
  logic [14:0] second_end_q;  // of the last byte, from the start of the first beat
  tx_pkg::frame_t second_frame_q;
  logic drop;

  always_comb begin
    drop = broken_q || total_q[14];
    if (first_last_q) begin
      if (total_q < 15'd14 || first_tso_q) drop = 1'b1;
      if (first_checksum_q && {6'd0, first_field_q} + 15'd2 > total_q) drop = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) second_valid_q <= 1'b0;
    else if (advance) second_valid_q <= first_valid_q;
  end

  always_ff @(posedge clk_i) begin
    if (advance && first_valid_q) begin
      second_drop_q                 <= drop;
      second_last_q                 <= first_last_q;
      second_line_q                 <= first_address_q[63:6];
      second_lane_q                 <= first_address_q[5:0];
      second_end_q                  <= {1'b0, first_length_less_one_q} + 15'(first_address_q[5:0]);
      second_frame_q.drop           <= drop;
      second_frame_q.length         <= total_q[13:0];
      second_frame_q.checksum       <= first_checksum_q;
      second_frame_q.checksum_start <= first_start_q;
      second_frame_q.checksum_field <= first_field_q;
      second_frame_q.completion     <= first_completion_q;
      second_frame_q.next_index     <= first_next_index_q;
    end
  end

  // Third stage: beats. Nothing of a dropped frame but its end goes on.
  logic third_valid_q, third_read_q;
  tx_pkg::segment_t segment_q;
  logic [57:0] third_line_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) third_valid_q <= 1'b0;
    else if (advance) third_valid_q <= second_valid_q && (second_last_q || !second_drop_q);
  end

  always_ff @(posedge clk_i) begin
    if (advance && second_valid_q) begin
      third_read_q           <= !second_drop_q;
      third_line_q           <= second_line_q;
      segment_q.first_lane   <= second_lane_q;
      segment_q.last_lane    <= second_end_q[5:0];
      segment_q.beats        <= second_drop_q ? 9'd0 : second_end_q[14:6] + 9'd1;
      segment_q.end_of_frame <= second_last_q;
      segment_q.frame        <= second_frame_q;
    end
  end

  assign advance = !third_valid_q || (segment_ready_i && (read_ready_i || !third_read_q));
  assign s_ready_o = advance;
  assign segment_o = segment_q;
  assign segment_valid_o = third_valid_q && (read_ready_i || !third_read_q);
  assign read_line_o = third_line_q;
  assign read_beats_o = segment_q.beats;
  assign read_valid_o = third_valid_q && third_read_q && segment_ready_i;
  assign busy_o = first_valid_q || second_valid_q || third_valid_q;

  // TSO is not among this device's capabilities, so mss means nothing.
  logic unused;
  assign unused = &{1'b0, s_descriptor_i};
endmodule

`default_nettype wire
