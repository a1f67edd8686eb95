// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Keeps the frames of each queue whose descriptors are complete, and lets the queues take turns:
/// one frame of each that has any.
///
/// latency       5 clocks when nothing waits
/// throughput    1 frame in and 1 frame out per clock, also if all are of one queue
/// backpressure  frames wait in their queue's part of the memory; it has room for as many as there
///               can be descriptors
/// reset         empty; clear_i empties a queue, of which nothing is on its way out
module tx_frame_schedule #(
    parameter int unsigned QUEUES = 16,
    parameter int unsigned STORE_LOG2 = 8,  // log2 of the frames of a queue
    parameter int unsigned PIECES = 7       // bits of a count of descriptors
) (
    input  wire logic              clk_i,
    input  wire logic              rst_ni,
    input  wire logic [QUEUES-1:0] clear_i,
    input  wire tx_pkg::frame_t    s_frame_i,
    input  wire logic [PIECES-1:0] s_pieces_i,
    input  wire logic              s_valid_i,
    output tx_pkg::frame_t         m_frame_o,
    output logic      [PIECES-1:0] m_pieces_o,
    output logic                   m_valid_o,
    input  wire logic              m_ready_i,
    output logic                   busy_o       // something moves
);
  localparam int unsigned QUEUE_BITS = QUEUES > 1 ? $clog2(QUEUES) : 1;
  localparam int unsigned OUT_LOG2 = 3;
  localparam int unsigned POINTER = STORE_LOG2 + 1;

  // Behind the memory there is a short FIFO; what is on its way to it has a place there.
  logic [OUT_LOG2:0] reserved_q;
  logic room_q, pop, out_ready;

  logic [QUEUES*POINTER-1:0] all_written, all_read;
  logic [POINTER-1:0] written_here, written_chosen, read_chosen;
  logic [4:0] chosen, chosen_q;
  logic any, chosen_valid_q, fetch;
  logic [QUEUES-1:0] waiting_q;
  for (genvar queue = 0; queue < QUEUES; queue++) begin : gen_waiting
    always_ff @(posedge clk_i) begin
      waiting_q[queue] <= all_written[POINTER*queue+:POINTER] != all_read[POINTER*queue+:POINTER];
    end
  end

  queue_registers #(
      .QUEUES(QUEUES),
      .WIDTH(POINTER)
  ) i_written (
      .clk_i,
      .rst_ni,
      .clear_i,
      .write_enable_i(s_valid_i),
      .write_queue_i(s_frame_i.queue_number),
      .write_data_i(written_here + 1'b1),
      .read_queue_i(s_frame_i.queue_number),
      .read_data_o(written_here),
      .all_o(all_written)
  );
  queue_registers #(
      .QUEUES(QUEUES),
      .WIDTH(POINTER)
  ) i_read (
      .clk_i,
      .rst_ni,
      .clear_i,
      .write_enable_i(fetch),
      .write_queue_i(chosen_q),
      .write_data_i(read_chosen + 1'b1),
      .read_queue_i(chosen_q),
      .read_data_o(read_chosen),
      .all_o(all_read)
  );

  // waiting_q is a clock or two old. So a queue may be chosen that has nothing any more; that costs
  // a clock in which there was nothing to do.
  round_robin #(
      .QUEUES(QUEUES)
  ) i_turn (
      .clk_i,
      .rst_ni,
      .want_i(waiting_q),
      .taken_i(any && room_q),
      .queue_o(chosen),
      .any_o(any)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) chosen_valid_q <= 1'b0;
    else chosen_valid_q <= any && room_q;
  end
  always_ff @(posedge clk_i) chosen_q <= chosen;

  always_comb begin
    written_chosen = '0;
    for (int unsigned queue = 0; queue < QUEUES; queue++) begin
      if (chosen_q == 5'(queue)) written_chosen |= all_written[POINTER*queue+:POINTER];
    end
  end
  assign fetch = chosen_valid_q && written_chosen != read_chosen;

  tx_pkg::frame_t frame;
  logic [PIECES-1:0] pieces;
  logic frame_valid_q;
  ram_1w1r #(
      .WIDTH(PIECES + $bits(frame)),
      .DEPTH_LOG2(QUEUE_BITS + STORE_LOG2)
  ) i_frames (
      .clk_i,
      .write_enable_i(s_valid_i),
      .write_address_i({s_frame_i.queue_number[QUEUE_BITS-1:0], written_here[STORE_LOG2-1:0]}),
      .write_data_i({s_pieces_i, s_frame_i}),
      .read_enable_i(fetch),
      .read_address_i({chosen_q[QUEUE_BITS-1:0], read_chosen[STORE_LOG2-1:0]}),
      .read_data_o({pieces, frame})
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) frame_valid_q <= 1'b0;
    else frame_valid_q <= fetch;
  end

  logic out_empty;
  sync_fifo #(
      .WIDTH(PIECES + $bits(frame)),
      .DEPTH_LOG2(OUT_LOG2)
  ) i_out (
      .clk_i,
      .rst_ni,
      .s_data_i({pieces, frame}),
      .s_valid_i(frame_valid_q),
      .s_ready_o(out_ready),
      .m_data_o({m_pieces_o, m_frame_o}),
      .m_valid_o,
      .m_ready_i,
      .empty_o(out_empty)
  );
  assign pop = m_valid_o && m_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      reserved_q <= '0;
      room_q     <= 1'b0;
    end else begin
      reserved_q <= reserved_q + (OUT_LOG2 + 1)'(fetch) - (OUT_LOG2 + 1)'(pop);
      // Two more may be chosen before this is seen.
      room_q <= reserved_q < (OUT_LOG2 + 1)'(2 ** OUT_LOG2 - 2);
    end
  end

  assign busy_o = s_valid_i || (room_q && (|waiting_q)) || chosen_valid_q || frame_valid_q || pop;

  logic unused;
  assign unused = &{1'b0, out_empty};

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      FrameHasItsPlace : assert (!(frame_valid_q && !out_ready));
      QueueHasRoom : assert (!(s_valid_i && written_here - all_read[POINTER*s_frame_i.queue_number+:POINTER] ==
          (POINTER)'(2 ** STORE_LOG2)));
      NoCollision : assert (!(s_valid_i && fetch) ||
          s_frame_i.queue_number[QUEUE_BITS-1:0] != chosen_q[QUEUE_BITS-1:0] ||
          written_here[STORE_LOG2-1:0] != read_chosen[STORE_LOG2-1:0]);
    end
  end
endmodule

`default_nettype wire
