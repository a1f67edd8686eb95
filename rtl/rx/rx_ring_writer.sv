// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Moves placed frames from the frame FIFO towards the receive rings, cut into AXI bursts: at most 4096 bytes and
/// never across a 4096-byte border (AXI4 A3.4.1). The beats of frames to be dropped are released without being read.
///
/// latency       5 clocks from a placement to its first beat
/// throughput    1 beat per clock, one-beat frames included; a dropped frame takes 1 clock
/// backpressure  a beat is read only when there is room for it behind the memory
/// reset         drops what is inside
module rx_ring_writer #(
    parameter int unsigned QUEUES = 16,     // a power of two, 1 to 16
    parameter int unsigned BEATS_LOG2 = 10  // log2 of the frame FIFO's beats
) (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic [QUEUES*52-1:0] ring_base_i,  // bus addresses in units of 4096 bytes

    input  wire logic        placement_valid_i,
    output logic             placement_ready_o,
    input  wire logic        placement_drop_i,
    input  wire logic [3:0]  placement_queue_i,
    input  wire logic [8:0]  placement_beats_i,  // 1 to 256
    input  wire logic [23:0] placement_place_i,  // beats from the ring's start

    output logic                  read_enable_o,
    output logic [BEATS_LOG2-1:0] read_address_o,
    input  wire logic [511:0]     read_data_i,     // 1 clock after read_enable_o
    output logic                  release_valid_o,
    output logic [8:0]            release_beats_o,

    output logic         beat_valid_o,
    input  wire logic    beat_ready_i,
    output logic [511:0] beat_data_o,
    output logic [3:0]   beat_queue_o,
    output logic         beat_first_o,       // of a burst
    output logic         beat_last_o,        // of a burst
    output logic         beat_frame_last_o,  // of a frame
    output logic [57:0]  beat_address_o,     // of the burst, in units of 64 bytes; with first
    output logic [7:0]   beat_burst_len_o,   // of the burst, as AWLEN: beats - 1; with first
    output logic         quiet_o
);
  localparam int unsigned RoomLog2 = 5;

  logic next_valid, next_ready, next_drop, placements_empty;
  logic [8:0] next_beats;
  logic [23:0] next_place;
  logic [3:0] next_queue;
  logic [51:0] placement_base, next_base;
  always_comb begin
    placement_base = '0;
    for (int unsigned i = 0; i < QUEUES; i++) begin
      placement_base = placement_base | (ring_base_i[52*i+:52] & {52{placement_queue_i == 4'(i)}});
    end
  end
  sync_fifo #(
      .WIDTH(34 + 4 + 52),
      .DEPTH_LOG2(4)
  ) i_placements (
      .clk_i,
      .rst_ni,
      .s_data_i({placement_base, placement_queue_i, placement_drop_i, placement_beats_i, placement_place_i}),
      .s_valid_i(placement_valid_i),
      .s_ready_o(placement_ready_o),
      .m_data_o({next_base, next_queue, next_drop, next_beats, next_place}),
      .m_valid_o(next_valid),
      .m_ready_i(next_ready),
      .empty_o(placements_empty)
  );

  // The frame that is read: what is left of it and of its burst, this beat included.
  logic active_q, first_q;
  logic [8:0] left_q;
  logic [6:0] burst_left_q;
  logic [23:0] place_q;
  logic [51:0] base_q;
  logic [3:0] queue_q;
  logic [BEATS_LOG2-1:0] pointer_q;
  logic [RoomLog2:0] room_q;  // beats that may still be read before one leaves
  logic room, read, frame_last, burst_last, load;

  assign read       = active_q && room;
  assign frame_last = left_q == 9'd1;
  assign burst_last = burst_left_q == 7'd1;
  assign load       = next_valid && (!active_q || (read && frame_last));
  assign next_ready = !active_q || (read && frame_last);

  // The first burst ends with the frame or at the border, whichever comes first; later ones begin on a border.
  logic [6:0] to_border, first_burst, later_burst;
  logic [8:0] left_after;
  assign to_border   = 7'd64 - {1'b0, next_place[5:0]};
  assign first_burst = next_beats < {2'b00, to_border} ? next_beats[6:0] : to_border;
  assign left_after  = left_q - 1'b1;
  assign later_burst = |left_after[8:6] ? 7'd64 : left_after[6:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (load) active_q <= !next_drop;
    else if (read && frame_last) active_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      first_q      <= 1'b1;
      left_q       <= next_beats;
      burst_left_q <= first_burst;
      place_q      <= next_place;
      base_q       <= next_base;
      queue_q      <= next_queue;
    end else if (read) begin
      first_q      <= burst_last;
      left_q       <= left_after;
      burst_left_q <= burst_last ? later_burst : burst_left_q - 1'b1;
      place_q      <= place_q + 1'b1;
    end
  end

  logic [BEATS_LOG2-1:0] pointer_step;
  assign pointer_step = (load && next_drop ? BEATS_LOG2'(next_beats) : '0) + BEATS_LOG2'(read);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) pointer_q <= '0;
    else pointer_q <= pointer_q + pointer_step;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      release_valid_o <= 1'b0;
      release_beats_o <= '0;
    end else begin
      release_valid_o <= read || (load && next_drop);
      release_beats_o <= (load && next_drop ? next_beats : '0) + 9'(read);
    end
  end

  assign read_enable_o  = read;
  assign read_address_o = pointer_q;

  // Beside the memory's read, the address is added up in two steps.
  logic beat_q, beat_first_q, beat_last_q, beat_frame_last_q;
  logic [6:0] beat_burst_q;
  logic [5:0] beat_in_page_q;
  logic [18:0] page_low_q;
  logic [33:0] base_high_q;
  logic [3:0] beat_queue_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= 1'b0;
    else beat_q <= read;
  end
  always_ff @(posedge clk_i) begin
    if (read) begin
      beat_first_q      <= first_q;
      beat_last_q       <= burst_last;
      beat_frame_last_q <= frame_last;
      beat_burst_q      <= burst_left_q;
      beat_in_page_q    <= place_q[5:0];
      page_low_q        <= {1'b0, base_q[17:0]} + {1'b0, place_q[23:6]};
      base_high_q       <= base_q[51:18];
      beat_queue_q      <= queue_q;
    end
  end
  logic [57:0] address;
  assign address = {base_high_q + 34'(page_low_q[18]), page_low_q[17:0], beat_in_page_q};

  logic beats_room, beats_empty;
  sync_fifo #(
      .WIDTH(512 + 3 + 58 + 8 + 4),
      .DEPTH_LOG2(RoomLog2)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .s_data_i({
        read_data_i, beat_first_q, beat_last_q, beat_frame_last_q, address, 8'(beat_burst_q - 7'd1), beat_queue_q
      }),
      .s_valid_i(beat_q),
      .s_ready_o(beats_room),
      .m_data_o({
        beat_data_o, beat_first_o, beat_last_o, beat_frame_last_o, beat_address_o, beat_burst_len_o, beat_queue_o
      }),
      .m_valid_o(beat_valid_o),
      .m_ready_i(beat_ready_i),
      .empty_o(beats_empty)
  );

  logic leaves;
  assign leaves = beat_valid_o && beat_ready_i;
  assign room   = |room_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) room_q <= (RoomLog2 + 1)'(2 ** RoomLog2);
    else if (read && !leaves) room_q <= room_q - 1'b1;
    else if (leaves && !read) room_q <= room_q + 1'b1;
  end

  assign quiet_o = placements_empty && !active_q && !release_valid_o && !beat_q && beats_empty;

  always_ff @(posedge clk_i) begin
    if (rst_ni) BeatsHaveRoom : assert (!beat_q || beats_room);
  end
endmodule

`default_nettype wire
