// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Judges descriptors and the frames that they make by the rules of docs/device.md.
///
/// Every descriptor goes into the store at its index; when the last one of a frame has been seen,
/// the verdict follows. So nothing is known of a frame that is not complete, and other queues do
/// not wait for it. Of a frame with too many descriptors every PIECES ones make a part that is
/// dropped, so that they can leave the store.
///
/// latency       3 clocks
/// throughput    1 descriptor per clock; 1 clock more when the queue changes
/// backpressure  none behind it: the store has room for everything that is asked for
/// reset         empty, every queue at index 0 and at the start of a frame; clear_i does it for one
module tx_descriptor_check #(
    parameter int unsigned QUEUES = 16,
    parameter int unsigned PIECES_LOG2 = 6,  // log2 of the descriptors that a frame may have
    parameter bit TSO = 1'b1                 // frames may be cut into TCP segments
) (
    input  wire logic                                          clk_i,
    input  wire logic                                          rst_ni,
    input  wire logic                             [QUEUES-1:0] clear_i,
    input  wire fourtuple_nic_regs_pkg::transmit_descriptor_t  s_descriptor_i,
    input  wire logic                                   [ 4:0] s_queue_i,
    input  wire logic                                          s_valid_i,
    output logic                                               s_ready_o,
    output logic                                               piece_valid_o,
    output logic                                        [ 4:0] piece_queue_o,
    output logic                                        [15:0] piece_index_o,
    output logic                                        [63:0] piece_address_o,
    output logic                                        [16:0] piece_length_o,
    output logic                                               frame_valid_o,
    output tx_pkg::frame_t                                     frame_o,
    output logic                             [PIECES_LOG2:0]   frame_pieces_o,
    output logic                                               busy_o
);
  localparam int unsigned STATE = 16 + 18 + PIECES_LOG2 + 2;
  localparam logic [17:0] ENDLESS = 18'h20000;  // stands for every length from 131072 bytes on

  // First stage: the frame's length so far. The state of one queue is at hand; another one's is
  // fetched when it is needed.
  logic [4:0] queue_q;
  logic [15:0] index_q;
  logic [17:0] total_q, total_d;
  logic [PIECES_LOG2-1:0] pieces_q;
  logic broken_q, inside_q, broken_d, same, change, take, part_ends, too_many;
  logic [STATE-1:0] saved;
  assign same = s_queue_i == queue_q;
  assign change = s_valid_i && !same;
  assign take = s_valid_i && same;
  assign s_ready_o = same;

  logic [QUEUES*STATE-1:0] unused_all;
  queue_registers #(
      .QUEUES(QUEUES),
      .WIDTH(STATE)
  ) i_saved (
      .clk_i,
      .rst_ni,
      .clear_i,
      .write_enable_i(change),
      .write_queue_i(queue_q),
      .write_data_i({index_q, total_q, pieces_q, broken_q, inside_q}),
      .read_queue_i(s_queue_i),
      .read_data_o(saved),
      .all_o(unused_all)
  );

  logic clear_here;
  always_comb begin
    clear_here = 1'b0;
    for (int unsigned queue = 0; queue < QUEUES; queue++) begin
      if (queue_q == 5'(queue)) clear_here |= clear_i[queue];
    end
  end

  assign too_many = &pieces_q;
  assign part_ends = s_descriptor_i.end_of_frame || too_many;
  always_comb begin
    total_d = (inside_q ? total_q : 18'd0) + {1'b0, s_descriptor_i.length[16:0]};
    if ((inside_q && total_q[17]) || (|s_descriptor_i.length[19:17])) total_d = ENDLESS;
    broken_d = (inside_q && broken_q) || (s_descriptor_i.length == '0) ||
        (too_many && !s_descriptor_i.end_of_frame);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) queue_q <= 5'd0;
    else if (change) queue_q <= s_queue_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_here) begin
      index_q  <= '0;
      total_q  <= '0;
      pieces_q <= '0;
      broken_q <= 1'b0;
      inside_q <= 1'b0;
    end else if (change) begin
      {index_q, total_q, pieces_q, broken_q, inside_q} <= saved;
    end else if (take) begin
      index_q  <= index_q + 16'd1;
      total_q  <= total_d[17] ? ENDLESS : total_d;
      pieces_q <= part_ends ? '0 : pieces_q + 1'b1;
      broken_q <= broken_d;
      inside_q <= !s_descriptor_i.end_of_frame;
    end
  end

  logic first_valid_q, first_ends_q, first_part_q, first_broken_q;
  logic [4:0] first_queue_q;
  logic [15:0] first_index_q;
  logic [17:0] first_total_q;
  logic [PIECES_LOG2:0] first_pieces_q;
  logic [8:0] first_field_q;
  fourtuple_nic_regs_pkg::transmit_descriptor_t first_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_valid_q <= 1'b0;
    else first_valid_q <= take;
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      first_q        <= s_descriptor_i;
      first_queue_q  <= queue_q;
      first_index_q  <= index_q;
      first_total_q  <= total_d;
      first_broken_q <= broken_d;
      first_ends_q   <= s_descriptor_i.end_of_frame;
      first_part_q   <= part_ends;
      first_pieces_q <= {1'b0, pieces_q} + 1'b1;
      first_field_q  <= {1'b0, s_descriptor_i.checksum_start} +
          {1'b0, s_descriptor_i.checksum_offset};
    end
  end

  // Second stage: the parts of the verdict.
  logic second_valid_q, second_part_q, too_short_q, no_field_q, plain_long_q, tso_bad_q, broken_2_q;
  logic payload_long_q;
  logic [17:0] payload;
  logic [14:0] segment;
  logic [8:0] transport;
  tx_pkg::frame_t second_frame_q;
  logic [PIECES_LOG2:0] second_pieces_q;
  assign payload = first_total_q - 18'(first_q.header_length);
  assign segment = {1'b0, first_q.mss} + 15'(first_q.header_length);
  assign transport = {1'b0, first_q.header_length} - {1'b0, first_q.checksum_start};
  logic unfit;  // no header of IPv4 without options and TCP
  assign unfit = !first_q.checksum || first_q.checksum_offset != 8'd16 ||
      (first_q.checksum_start != 8'd34 && first_q.checksum_start != 8'd38) ||
      transport[8] || transport[7:0] < 8'd20 || transport[7:0] > 8'd60 || first_q.mss == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) second_valid_q <= 1'b0;
    else second_valid_q <= first_valid_q;
  end
  always_ff @(posedge clk_i) begin
    if (first_valid_q) begin
      second_part_q   <= first_part_q;
      second_pieces_q <= first_pieces_q;
      broken_2_q      <= first_broken_q || first_total_q[17];
      too_short_q     <= first_total_q < 18'd14;
      no_field_q      <= first_q.checksum && 18'(first_field_q) + 18'd2 > first_total_q;
      plain_long_q    <= !first_q.tso && (|first_total_q[16:14]);
      // Ends and lengths of what is behind the header: 1 to 65535 bytes.
      payload_long_q  <= first_q.tso && (payload[17] || payload[16] || payload == '0);
      tso_bad_q       <= first_q.tso && (!TSO || unfit || segment[14]);

      second_frame_q.queue_number          <= first_queue_q;
      second_frame_q.drop           <= 1'b0;
      second_frame_q.ends           <= first_ends_q;
      second_frame_q.length         <= first_total_q[16:0];
      second_frame_q.tso            <= first_q.tso && TSO;
      second_frame_q.mss            <= first_q.mss;
      second_frame_q.header_length  <= first_q.header_length;
      second_frame_q.checksum       <= first_q.checksum;
      second_frame_q.checksum_start <= first_q.checksum_start;
      second_frame_q.checksum_field <= first_field_q;
      second_frame_q.completion     <= first_q.completion;
      second_frame_q.next_index     <= first_index_q + 16'd1;
    end
  end
  assign piece_valid_o   = first_valid_q;
  assign piece_queue_o   = first_queue_q;
  assign piece_index_o   = first_index_q;
  assign piece_address_o = first_q.address;
  assign piece_length_o  = first_q.length[16:0];

  // Third stage: the verdict.
  logic third_valid_q;
  tx_pkg::frame_t third_frame_q;
  logic [PIECES_LOG2:0] third_pieces_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) third_valid_q <= 1'b0;
    else third_valid_q <= second_valid_q && second_part_q;
  end
  always_ff @(posedge clk_i) begin
    if (second_valid_q) begin
      third_frame_q <= second_frame_q;
      third_frame_q.drop <= broken_2_q || too_short_q || no_field_q || plain_long_q ||
          payload_long_q || tso_bad_q;
      third_pieces_q <= second_pieces_q;
    end
  end
  assign frame_valid_o  = third_valid_q;
  assign frame_o        = third_frame_q;
  assign frame_pieces_o = third_pieces_q;
  assign busy_o         = s_valid_i || first_valid_q || second_valid_q || third_valid_q;

  logic unused;
  assign unused = &{1'b0, first_q, segment[13:0], unused_all};
endmodule

`default_nettype wire
