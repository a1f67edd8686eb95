// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Stores descriptors until their frame's turn comes; then says of each what is to be read.
///
/// latency       4 clocks
/// throughput    1 descriptor in and 1 descriptor out per clock
/// backpressure  the pipeline stops as a whole while its last stage can not go on; both outputs are
///               handed over together
/// reset         empty; clear_i starts a queue at index 0
module tx_frame_expand #(
    parameter int unsigned QUEUES = 16,
    parameter int unsigned STORE_LOG2 = 8,  // log2 of the descriptors stored for a queue
    parameter int unsigned PIECES = 7       // bits of a count of descriptors
) (
    input  wire logic                 clk_i,
    input  wire logic                 rst_ni,
    input  wire logic [QUEUES-1:0]    clear_i,
    input  wire logic                 piece_valid_i,
    input  wire logic [4:0]           piece_queue_i,
    input  wire logic [15:0]          piece_index_i,
    input  wire logic [63:0]          piece_address_i,
    input  wire logic [16:0]          piece_length_i,
    input  wire tx_pkg::frame_t       s_frame_i,
    input  wire logic [PIECES-1:0]    s_pieces_i,
    input  wire logic                 s_valid_i,
    output logic                      s_ready_o,
    output logic [QUEUES*16-1:0]      freed_o,         // descriptors before these have left
    output tx_pkg::segment_t          segment_o,
    output logic                      segment_valid_o,
    input  wire logic                 segment_ready_i,
    output logic [57:0]               read_line_o,     // address / 64
    output logic [10:0]               read_beats_o,
    output logic                      read_valid_o,
    input  wire logic                 read_ready_i,
    output logic                      busy_o           // something moves
);
  localparam int unsigned QUEUE_BITS = QUEUES > 1 ? $clog2(QUEUES) : 1;
  logic advance;

  // The frame at work. Of one that is dropped only the end goes on.
  tx_pkg::frame_t frame_q;
  logic [PIECES-1:0] left_q;
  logic [STORE_LOG2-1:0] slot_q;
  logic active_q, last, load, leaves;
  assign last = frame_q.drop || left_q == PIECES'(1);
  assign load = !active_q || (advance && last);
  assign leaves = active_q && advance && last;
  assign s_ready_o = load;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (load) active_q <= s_valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      frame_q <= s_frame_i;
      left_q  <= s_pieces_i;
      slot_q  <= s_frame_i.next_index[STORE_LOG2-1:0] - STORE_LOG2'(s_pieces_i);
    end else if (advance) begin
      left_q <= left_q - 1'b1;
      slot_q <= slot_q + 1'b1;
    end
  end

  logic [15:0] unused_freed;
  queue_registers #(
      .QUEUES(QUEUES),
      .WIDTH(16)
  ) i_freed (
      .clk_i,
      .rst_ni,
      .clear_i,
      .write_enable_i(leaves),
      .write_queue_i(frame_q.queue_number),
      .write_data_i(frame_q.next_index),
      .read_queue_i(5'd0),
      .read_data_o(unused_freed),
      .all_o(freed_o)
  );

  logic [63:0] address;
  logic [16:0] length;
  ram_1w1r #(
      .WIDTH(81),
      .DEPTH_LOG2(QUEUE_BITS + STORE_LOG2)
  ) i_pieces (
      .clk_i,
      .write_enable_i(piece_valid_i),
      .write_address_i({piece_queue_i[QUEUE_BITS-1:0], piece_index_i[STORE_LOG2-1:0]}),
      .write_data_i({piece_length_i, piece_address_i}),
      .read_enable_i(active_q && advance),
      .read_address_i({frame_q.queue_number[QUEUE_BITS-1:0], slot_q}),
      .read_data_o({length, address})
  );

  // Behind the memory: where the last byte lies, then how many beats that is.
  logic [2:0] valid_q;
  logic [16:0] end_d;
  tx_pkg::frame_t frame_1_q, frame_2_q;
  logic last_1_q, last_2_q;
  logic [57:0] line_2_q, line_3_q;
  logic [5:0] lane_2_q;
  logic [16:0] end_q;  // of the last byte, from the start of the first beat
  tx_pkg::segment_t segment_q;
  assign end_d = length + 17'(address[5:0]) - 17'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (advance) valid_q <= {valid_q[1:0], active_q};
  end
  always_ff @(posedge clk_i) begin
    if (advance) begin
      frame_1_q <= frame_q;
      last_1_q  <= last;
      frame_2_q <= frame_1_q;
      last_2_q  <= last_1_q;
      line_2_q  <= address[63:6];
      lane_2_q  <= address[5:0];
      end_q     <= end_d;
      line_3_q  <= line_2_q;
      segment_q.first_lane   <= lane_2_q;
      segment_q.last_lane    <= end_q[5:0];
      segment_q.beats        <= frame_2_q.drop ? 11'd0 : end_q[16:6] + 11'd1;
      segment_q.end_of_frame <= last_2_q;
      segment_q.frame        <= frame_2_q;
    end
  end

  logic reads;
  assign reads = !segment_q.frame.drop;
  assign advance = !valid_q[2] || (segment_ready_i && (read_ready_i || !reads));
  assign segment_o = segment_q;
  assign segment_valid_o = valid_q[2] && (read_ready_i || !reads);
  assign read_line_o = line_3_q;
  assign read_beats_o = segment_q.beats;
  assign read_valid_o = valid_q[2] && reads && segment_ready_i;
  assign busy_o = piece_valid_i || (advance && (active_q || (|valid_q))) || (load && s_valid_i);

  logic unused;
  assign unused = &{1'b0, unused_freed, piece_index_i, piece_queue_i};

  always_ff @(posedge clk_i) begin
    if (rst_ni && piece_valid_i && active_q && advance) begin
      NoCollision : assert (piece_queue_i[QUEUE_BITS-1:0] != frame_q.queue_number[QUEUE_BITS-1:0] ||
          piece_index_i[STORE_LOG2-1:0] != slot_q);
    end
  end
endmodule

`default_nettype wire
