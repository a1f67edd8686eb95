// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Puts everything that wants a record in a completion ring - frames, table answers, transmit completions - into one
/// order, lets the queue that each is for decide about it, and hands on where frames go and what the records say.
///
/// A frame passes three stages: it is held, its queue decides, what the queue says becomes placement and record. A clock
/// of decision belongs to a frame, to an answer or to a transmit completion.
///
/// latency       3 clocks from an entry to its placement and record
/// throughput    1 frame per clock. An answer or a transmit completion takes a clock of its own, at most every other
///               one; space that the host gives back to a receive ring takes three, at most of every eight
/// backpressure  entries wait for placement_ready_i and record_ready_i. A frame never waits for ring space: it is
///               dropped. Answers and the latest transmit completion of each queue wait for completion space aside, and
///               get it before frames
/// reset         empties it
/// pulses        2 clocks after the decision
module rx_admission #(
    parameter int unsigned QUEUES = 16,       // a power of two, 1 to 16
    parameter int unsigned ANSWERS_LOG2 = 4   // log2 of the answers that may wait; no more are ever unanswered
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic                             entry_valid_i,
    output logic                                  entry_ready_o,
    input  wire logic                             entry_is_answer_i,
    input  wire logic [8:0]                       entry_beats_i,
    input  wire fourtuple_nic_pkg::rx_meta_t      entry_meta_i,
    input  wire fourtuple_nic_pkg::table_answer_t entry_answer_i,

    input  wire logic        transmit_valid_i,
    input  wire logic [3:0]  transmit_queue_i,
    input  wire logic [15:0] transmit_index_i,
    input  wire logic [47:0] transmit_timestamp_i,
    output logic [QUEUES-1:0] transmit_waits_o,  // a transmit completion has no place yet

    // The queues: rx_queue_admission, one bit or part each.
    output logic                   advance_o,
    output logic [QUEUES-1:0]      frame_o,
    output logic [8:0]             frame_beats_o,
    input  wire logic [QUEUES-1:0] delivered_i,
    input  wire logic [QUEUES-1:0] drop_ring_full_i,
    input  wire logic [QUEUES-1:0] drop_completion_full_i,
    input  wire logic [QUEUES-1:0] drop_disabled_i,
    input  wire logic [QUEUES*24-1:0] frame_place_i,
    input  wire logic [QUEUES*26-1:0] frame_offset_i,
    input  wire logic [QUEUES-1:0] return_waits_i,
    output logic                   return_o,
    input  wire logic [QUEUES-1:0] record_room_i,
    input  wire logic [QUEUES-1:0] records_used_i,
    output logic [QUEUES-1:0]      record_taken_o,

    output logic        placement_valid_o,
    input  wire logic   placement_ready_i,
    output logic        placement_drop_o,   // the frame's beats are only released
    output logic [3:0]  placement_queue_o,
    output logic [8:0]  placement_beats_o,
    output logic [23:0] placement_place_o,  // beats from the ring's start

    output logic         record_valid_o,
    input  wire logic    record_ready_i,
    output logic [3:0]   record_queue_o,
    output logic [255:0] record_o,            // phase is still 0
    output logic         record_is_frame_o,   // may be written only behind its frame's bytes
    output logic         record_is_answer_o,  // may be written only behind all records before it, of any queue

    output logic                             answered_o,
    output fourtuple_nic_pkg::table_answer_t answer_o,  // the last one answered

    output logic        drop_disabled_o,
    output logic        drop_ring_full_o,
    output logic        drop_completion_full_o,
    output logic        delivered_o,
    output logic [13:0] delivered_bytes_o,
    output logic        ipv4_good_o,
    output logic        ipv4_bad_o,
    output logic        l4_good_o,
    output logic        l4_bad_o,
    output logic        table_hit_o,
    output logic        table_miss_o,
    output logic        quiet_o
);
  // Everything moves on together.
  logic advance;
  assign advance   = placement_ready_i && record_ready_i;
  assign advance_o = advance;

  // -------------------------------------------------------------------------------- who has the clock
  // Three clocks without a frame while space is given back, and five with.
  logic [2:0] return_phase_q;
  logic pausing;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) return_phase_q <= '0;
    else if (return_phase_q != '0 || |return_waits_i) return_phase_q <= return_phase_q + 1'b1;
  end
  assign pausing  = return_phase_q == 3'd1 || return_phase_q == 3'd2 || return_phase_q == 3'd3;
  assign return_o = return_phase_q == 3'd2;

  // Answers stand aside, so that frames behind one that waits for completion space can still be dropped.
  logic held_q, held_leaves;
  fourtuple_nic_pkg::table_answer_t waiting;
  logic [47:0] waiting_timestamp;
  logic waiting_valid, waiting_room, waiting_empty, answer_taken, answer_enters;
  assign answer_enters = entry_valid_i && entry_is_answer_i && (!held_q || held_leaves);
  sync_fifo #(
      .WIDTH($bits(entry_answer_i) + 48),
      .DEPTH_LOG2(ANSWERS_LOG2)
  ) i_waiting (
      .clk_i,
      .rst_ni,
      .s_data_i({entry_answer_i, entry_meta_i.timestamp}),
      .s_valid_i(answer_enters),
      .s_ready_o(waiting_room),
      .m_data_o({waiting, waiting_timestamp}),
      .m_valid_o(waiting_valid),
      .m_ready_i(answer_taken),
      .empty_o(waiting_empty)
  );

  logic [QUEUES-1:0] transmit_offered_q, transmit_taken;
  logic [15:0] transmit_index;
  logic [47:0] transmit_timestamp;
  logic transmit_quiet;
  rx_transmit_records #(
      .QUEUES(QUEUES)
  ) i_transmit_records (
      .clk_i,
      .rst_ni,
      .valid_i(transmit_valid_i),
      .queue_i(transmit_queue_i),
      .index_i(transmit_index_i),
      .timestamp_i(transmit_timestamp_i),
      .waits_o(transmit_waits_o),
      .room_i(record_room_i),
      .offered_o(transmit_offered_q),
      .index_o(transmit_index),
      .timestamp_o(transmit_timestamp),
      .taken_i(transmit_taken),
      .quiet_o(transmit_quiet)
  );

  // Others have a clock only when there is room for what they want; should it be gone by then, the clock is lost.
  logic answers_room_q, others_clock_q, others_want, running;
  assign running     = advance && !pausing;
  assign others_want = (waiting_valid && answers_room_q) || |transmit_offered_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      answers_room_q <= 1'b0;
      others_clock_q <= 1'b0;
    end else begin
      answers_room_q <= record_room_i[0];
      if (running) others_clock_q <= others_want && !others_clock_q;
    end
  end
  assign answer_taken   = running && others_clock_q && waiting_valid && record_room_i[0];
  assign transmit_taken = {QUEUES{running && others_clock_q && !answer_taken}} & transmit_offered_q & record_room_i;

  // -------------------------------------------------------------------------------- the frame that is held
  logic [QUEUES-1:0] held_for_q;
  logic [8:0] held_beats_q;
  fourtuple_nic_pkg::rx_meta_t held_meta_q;
  logic frame_enters;
  assign held_leaves   = held_q && running && !others_clock_q;
  assign frame_enters  = entry_valid_i && !entry_is_answer_i && (!held_q || held_leaves);
  assign entry_ready_o = (!held_q || held_leaves) && (!entry_is_answer_i || waiting_room);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (frame_enters) held_q <= 1'b1;
    else if (held_leaves) held_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (frame_enters) begin
      held_beats_q <= entry_beats_i;
      held_meta_q  <= entry_meta_i;
      for (int unsigned i = 0; i < QUEUES; i++) held_for_q[i] <= entry_meta_i.rx_queue == 4'(i);
    end
  end
  assign frame_o       = held_for_q & {QUEUES{held_leaves}};
  assign frame_beats_o = held_beats_q;
  assign record_taken_o = transmit_taken | QUEUES'(answer_taken);

  // -------------------------------------------------------------------------------- what was decided about
  logic decided_frame_q, decided_answer_q, decided_transmit_q, decided_written_q;
  logic [3:0] decided_queue_q, transmit_queue;
  logic [8:0] decided_beats_q;
  fourtuple_nic_pkg::rx_meta_t decided_meta_q;
  logic [47:0] decided_timestamp_q;
  logic [15:0] decided_index_q;
  always_comb begin
    transmit_queue = '0;
    for (int unsigned i = 0; i < QUEUES; i++) transmit_queue = transmit_queue | ({4{transmit_taken[i]}} & 4'(i));
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      decided_frame_q    <= 1'b0;
      decided_answer_q   <= 1'b0;
      decided_transmit_q <= 1'b0;
    end else if (advance) begin
      decided_frame_q    <= held_leaves;
      decided_answer_q   <= answer_taken;
      decided_transmit_q <= |transmit_taken;
    end
  end
  always_ff @(posedge clk_i) begin
    if (held_leaves) begin
      decided_beats_q <= held_beats_q;
      decided_meta_q  <= held_meta_q;
    end
    if (advance) begin
      decided_written_q   <= |(record_taken_o & records_used_i);
      decided_queue_q     <= held_leaves ? held_meta_q.rx_queue : transmit_queue;
      decided_timestamp_q <= answer_taken ? waiting_timestamp : transmit_timestamp;
      decided_index_q     <= transmit_index;
    end
    if (!rst_ni) answer_o <= '0;
    else if (answer_taken) answer_o <= waiting;
  end

  // At most one queue says something.
  logic delivered;
  logic [23:0] place;
  logic [25:0] offset;
  assign delivered = |delivered_i;
  always_comb begin
    place  = '0;
    offset = '0;
    for (int unsigned i = 0; i < QUEUES; i++) begin
      place  = place | (frame_place_i[24*i+:24] & {24{delivered_i[i]}});
      offset = offset | (frame_offset_i[26*i+:26] & {26{delivered_i[i]}});
    end
  end

  // -------------------------------------------------------------------------------- placement and record
  logic [255:0] record;
  rx_records i_records (
      .frame_i(decided_frame_q),
      .answer_i(decided_answer_q),
      .offset_i(offset),
      .meta_i(decided_meta_q),
      .table_answer_i(answer_o),
      .transmit_index_i(decided_index_q),
      .timestamp_i(decided_timestamp_q),
      .record_o(record)
  );

  logic placement_q, record_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      placement_q <= 1'b0;
      record_q    <= 1'b0;
    end else if (advance) begin
      placement_q <= decided_frame_q;
      record_q    <= (decided_frame_q && delivered) || ((decided_answer_q || decided_transmit_q) && decided_written_q);
    end
  end
  always_ff @(posedge clk_i) begin
    if (advance) begin
      placement_drop_o   <= !delivered;
      placement_queue_o  <= decided_queue_q;
      placement_beats_o  <= decided_beats_q;
      placement_place_o  <= place;
      record_queue_o     <= decided_queue_q;
      record_is_frame_o  <= decided_frame_q;
      record_is_answer_o <= decided_answer_q;
      record_o           <= record;
    end
  end
  assign placement_valid_o = placement_q && record_ready_i;
  assign record_valid_o    = record_q && placement_ready_i;

  // -------------------------------------------------------------------------------- pulses
  logic counted, counted_delivered;
  assign counted           = advance && decided_frame_q;
  assign counted_delivered = counted && delivered;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      answered_o             <= 1'b0;
      drop_disabled_o        <= 1'b0;
      drop_ring_full_o       <= 1'b0;
      drop_completion_full_o <= 1'b0;
      delivered_o            <= 1'b0;
    end else begin
      answered_o             <= answer_taken;
      drop_disabled_o        <= counted && |drop_disabled_i;
      drop_ring_full_o       <= counted && |drop_ring_full_i;
      drop_completion_full_o <= counted && |drop_completion_full_i;
      delivered_o            <= counted_delivered;
    end
  end
  always_ff @(posedge clk_i) begin
    delivered_bytes_o <= decided_meta_q.length;
    ipv4_good_o       <= counted_delivered && decided_meta_q.ip_checked && decided_meta_q.ip_good;
    ipv4_bad_o        <= counted_delivered && decided_meta_q.ip_checked && !decided_meta_q.ip_good;
    l4_good_o         <= counted_delivered && decided_meta_q.l4_checked && decided_meta_q.l4_good;
    l4_bad_o          <= counted_delivered && decided_meta_q.l4_checked && !decided_meta_q.l4_good;
    table_hit_o       <= counted_delivered && decided_meta_q.hit;
    table_miss_o      <= counted_delivered && !decided_meta_q.hit &&
                         decided_meta_q.packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_TCP;
  end

  // An answer without completion space waits for the host: nothing changes until then.
  logic answers_quiet;
  assign answers_quiet = waiting_empty || (waiting_valid && !record_room_i[0]);
  assign quiet_o = answers_quiet && answers_room_q == record_room_i[0] && transmit_quiet && !others_clock_q && !held_q &&
                   return_phase_q == '0 && return_waits_i == '0 && !decided_frame_q && !decided_answer_q &&
                   !decided_transmit_q && !placement_q && !record_q && !answered_o && !drop_disabled_o &&
                   !drop_ring_full_o && !drop_completion_full_o && !delivered_o;
endmodule

`default_nettype wire
