// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Gives records their places in the completion rings and puts two neighbours of a 64-byte line into one beat.
///
/// The first record of a line waits in a memory, one place for each queue. It goes out with the second one; or alone,
/// when flush_i says that the bus has nothing better to do and no other record waits, or when it has waited for
/// FLUSH_CLOCKS to twice as many. A record with record_is_answer_i goes when none waits in any queue.
///
/// latency       7 clocks from a record to its beat
/// throughput    1 record or line that goes alone per clock, whatever the queues
/// backpressure  records wait; a frame's record waits for its frame_done_i as well
/// order         beats of a queue leave in the order of its records
/// reset         drops what is inside
/// start_i[q]    queue q counts from 0, phase 1; only while nothing of it is inside
module completion_writer #(
    parameter int unsigned QUEUES       = 16,  // a power of two, 1 to 16
    parameter int unsigned FLUSH_CLOCKS = 64   // a power of two
) (
    input  wire logic                   clk_i,
    input  wire logic                   rst_ni,
    input  wire logic [QUEUES-1:0]      start_i,
    input  wire logic [QUEUES*52-1:0]   base_i,  // bus addresses in units of 4096 bytes
    input  wire logic [QUEUES*5-1:0]    entries_log2_i,

    input  wire logic         record_valid_i,
    output logic              record_ready_o,
    input  wire logic [3:0]   record_queue_i,
    input  wire logic [255:0] record_i,            // with phase 0
    input  wire logic         record_is_frame_i,
    input  wire logic         record_is_answer_i,
    input  wire logic         frame_done_i,  // the bytes of one more frame, in order, are ahead on the bus
    input  wire logic         flush_i,

    output logic         beat_valid_o,
    input  wire logic    beat_ready_i,
    output logic [3:0]   beat_queue_o,
    output logic [57:0]  beat_address_o,  // in units of 64 bytes
    output logic [511:0] beat_data_o,
    output logic [1:0]   beat_halves_o,   // which of the two records are in the beat
    output logic         quiet_o
);
  localparam int unsigned QueuesLog2 = QUEUES == 1 ? 1 : $clog2(QUEUES);  // at least 1: of the memory's words
  localparam int unsigned OutLog2 = 4;
  localparam int unsigned FlushLog2 = $clog2(FLUSH_CLOCKS);

  // Frames whose bytes are ahead and whose records have not been taken.
  logic [7:0] done_q;
  logic take_record, take_frame;
  assign take_frame = take_record && record_is_frame_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_q <= '0;
    else if (frame_done_i && !take_frame) done_q <= done_q + 1'b1;
    else if (take_frame && !frame_done_i) done_q <= done_q - 1'b1;
  end

  // -------------------------------------------------------------------------------- what is done in this clock
  logic [QUEUES-1:0] waits_q;  // the first record of a line waits in the memory
  logic [QUEUES-1:0] old_q, due_q, flush, step_for;
  logic room, any_due, step_q, step_record_q;
  logic record_here, take_flush;
  assign any_due     = |due_q;
  assign record_here = record_valid_i && (!record_is_frame_i || |done_q) &&
                       (!record_is_answer_i || (waits_q == '0 && !step_q));
  assign take_record = room && record_here && !any_due;
  // Behind an answer's back the bus may be busy for ever.
  assign take_flush  = room && !take_record &&
                       (any_due || (|waits_q && (flush_i || (record_valid_i && record_is_answer_i))));
  assign flush       = any_due ? due_q : waits_q;
  assign record_ready_o = take_record;

  always_comb begin
    for (int unsigned i = 0; i < QUEUES; i++) step_for[i] = record_queue_i == 4'(i);
    if (!take_record) step_for = flush & (~flush + 1'b1);
  end

  logic [QUEUES-1:0] step_for_q;
  logic [255:0] step_data_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) step_q <= 1'b0;
    else step_q <= take_record || take_flush;
  end
  always_ff @(posedge clk_i) begin
    if (take_record || take_flush) begin
      step_record_q <= take_record;
      step_for_q    <= step_for;
    end
    if (take_record) step_data_q <= record_i;
  end

  // -------------------------------------------------------------------------------- its queue: index, place
  logic [QUEUES*16-1:0] index_q;
  logic [15:0] index;
  logic [4:0] entries_log2;
  logic [3:0] number;
  logic waits, keep, pair, alone;
  always_comb begin
    index        = '0;
    entries_log2 = '0;
    number       = '0;
    for (int unsigned i = 0; i < QUEUES; i++) begin
      index        = index | (index_q[16*i+:16] & {16{step_for_q[i]}});
      entries_log2 = entries_log2 | (entries_log2_i[5*i+:5] & {5{step_for_q[i]}});
      number       = number | (4'(i) & {4{step_for_q[i]}});
    end
  end
  logic unused_entries_log2;  // 15 is the largest
  assign unused_entries_log2 = entries_log2[4];
  assign waits = |(waits_q & step_for_q);
  assign keep  = step_record_q && !index[0];
  assign pair  = step_record_q && index[0] && waits;
  assign alone = step_record_q ? index[0] && !waits : waits;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) waits_q <= '0;
    else if (step_q) waits_q <= keep ? waits_q | step_for_q : waits_q & ~step_for_q;
  end
  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < QUEUES; i++) begin
      if (!rst_ni || start_i[i]) index_q[16*i+:16] <= '0;
      else if (step_q && step_record_q && step_for_q[i]) index_q[16*i+:16] <= index_q[16*i+:16] + 1'b1;
    end
  end

  // What waited through a whole period goes. The period is counted only while something waits.
  logic [FlushLog2-1:0] period_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || waits_q == '0) begin
      period_q <= '0;
      old_q    <= '0;
      due_q    <= '0;
    end else begin
      period_q <= period_q + 1'b1;
      if (&period_q) begin
        due_q <= waits_q & old_q;
        old_q <= waits_q;
      end else if (step_q) begin
        due_q <= due_q & ~step_for_q;
        old_q <= old_q & ~step_for_q;
      end
    end
  end

  // -------------------------------------------------------------------------------- phase, and the memory of firsts
  // A line that goes alone without a record of its own is the one before the index.
  logic placed_q, keep_q, upper_q, lower_q;
  logic [15:0] index_2_q;
  logic [3:0] log2_2_q;
  logic [3:0] number_2_q;
  logic [QUEUES-1:0] for_2_q;
  logic [255:0] data_2_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      placed_q <= 1'b0;
      keep_q   <= 1'b0;
    end else begin
      placed_q <= step_q && (pair || alone);
      keep_q   <= step_q && keep;
    end
  end
  always_ff @(posedge clk_i) begin
    if (step_q) begin
      upper_q    <= step_record_q;
      lower_q    <= !step_record_q || pair;
      index_2_q  <= step_record_q ? index : index - 1'b1;
      log2_2_q   <= entries_log2[3:0];
      number_2_q <= number;
      for_2_q    <= step_for_q;
      data_2_q   <= step_data_q;
    end
  end

  logic phase;
  logic [255:0] record_2, lower_record;
  logic [13:0] line_mask;
  logic [51:0] base;
  assign phase     = !index_2_q[log2_2_q];
  assign record_2  = data_2_q | {phase, 255'b0};
  assign line_mask = 14'((15'h1 << log2_2_q) >> 1) - 14'd1;
  always_comb begin
    base = '0;
    for (int unsigned i = 0; i < QUEUES; i++) base = base | (base_i[52*i+:52] & {52{for_2_q[i]}});
  end
  ram_1w1r #(
      .WIDTH(256),
      .DEPTH_LOG2(QueuesLog2)
  ) i_firsts (
      .clk_i,
      .write_enable_i(keep_q),
      .write_address_i(number_2_q[QueuesLog2-1:0]),
      .write_data_i(record_2),
      .read_enable_i(placed_q && lower_q),
      .read_address_i(number_2_q[QueuesLog2-1:0]),
      .read_data_o(lower_record)
  );

  // -------------------------------------------------------------------------------- address, in two steps
  logic valid_3_q, valid_4_q;
  logic [1:0] halves_3_q, halves_4_q;
  logic [3:0] number_3_q, number_4_q;
  logic [13:0] line_3_q;
  logic [51:0] base_3_q;
  logic [255:0] upper_3_q, upper_4_q, lower_4_q;
  logic [31:0] base_high_4_q;
  logic [20:0] page_low_4_q;
  logic [5:0] in_page_4_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_3_q <= 1'b0;
      valid_4_q <= 1'b0;
    end else begin
      valid_3_q <= placed_q;
      valid_4_q <= valid_3_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (placed_q) begin
      halves_3_q <= {upper_q, lower_q};
      number_3_q <= number_2_q;
      line_3_q   <= index_2_q[14:1] & line_mask;
      base_3_q   <= base;
      upper_3_q  <= record_2;
    end
    if (valid_3_q) begin
      halves_4_q    <= halves_3_q;
      number_4_q    <= number_3_q;
      base_high_4_q <= base_3_q[51:20];
      page_low_4_q  <= {1'b0, base_3_q[19:0]} + {13'b0, line_3_q[13:6]};
      in_page_4_q   <= line_3_q[5:0];
      upper_4_q     <= upper_3_q;
      lower_4_q     <= lower_record;
    end
  end

  logic out_room, out_empty;
  sync_fifo #(
      .WIDTH(512 + 58 + 4 + 2),
      .DEPTH_LOG2(OutLog2)
  ) i_out (
      .clk_i,
      .rst_ni,
      .s_data_i({
        upper_4_q, lower_4_q, base_high_4_q + 32'(page_low_4_q[20]), page_low_4_q[19:0], in_page_4_q, number_4_q,
        halves_4_q
      }),
      .s_valid_i(valid_4_q),
      .s_ready_o(out_room),
      .m_data_o({beat_data_o, beat_address_o, beat_queue_o, beat_halves_o}),
      .m_valid_o(beat_valid_o),
      .m_ready_i(beat_ready_i),
      .empty_o(out_empty)
  );

  // Places in the FIFO that are not promised.
  logic [OutLog2:0] room_q;
  logic promised, given_back, beat_leaves;
  assign promised    = take_record || take_flush;
  assign given_back  = step_q && !(pair || alone);  // no beat comes of it
  assign beat_leaves = beat_valid_o && beat_ready_i;
  assign room        = |room_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) room_q <= (OutLog2 + 1)'(2 ** OutLog2);
    else room_q <= room_q + (OutLog2 + 1)'(given_back) + (OutLog2 + 1)'(beat_leaves) - (OutLog2 + 1)'(promised);
  end

  // A record that has come before its frame's bytes waits for frame_done_i, and whoever gives that is not quiet.
  assign quiet_o = !record_here && waits_q == '0 && !step_q && !keep_q && !placed_q && !valid_3_q && !valid_4_q &&
                   out_empty && period_q == '0 && due_q == '0 && old_q == '0;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      NothingInsideAtStart : assert ((start_i & waits_q) == '0 && !(step_q && |(start_i & step_for_q)));
      NotAllFramesDone : assert (!frame_done_i || done_q != 8'hff);
      OutHasRoom : assert (!valid_4_q || out_room);
      NoCollision : assert (!(keep_q && placed_q && lower_q));
    end
  end
endmodule

`default_nettype wire
