// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Decides what becomes of each frame (docs/device.md, Receive, rules 5 to 8) and puts everything that wants a record
/// in the completion ring - frames, table answers, transmit completions - into one order with a place promised to
/// each.
///
/// latency       1 clock from an entry to its placement and record
/// throughput    1 frame per clock. An answer or a transmit completion takes a clock of its own, at most every other
///               one
/// backpressure  entries wait for placement_ready_i and record_ready_i. A frame never waits for ring space: it is
///               dropped. Answers and the latest transmit completion wait for completion space aside, and get it
///               before frames
/// reset, start  rings empty
/// pulses        1 clock after the decision
module rx_admission #(
    parameter int unsigned ANSWERS_LOG2 = 4  // log2 of the answers that may wait; no more are ever unanswered
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic        start_i,           // take the sizes, count from 0
    input  wire logic        accept_frames_i,   // the receive side is enabled and not halted
    input  wire logic        accept_records_i,  // the completion ring is in use
    input  wire logic [4:0]  ring_bytes_log2_i,
    input  wire logic [25:0] ring_head_i,       // beats
    output logic      [25:0] ring_tail_o,       // beats
    input  wire logic [4:0]  completion_entries_log2_i,
    input  wire logic [15:0] completion_head_i,

    input  wire logic                             entry_valid_i,
    output logic                                  entry_ready_o,
    input  wire logic                             entry_is_answer_i,
    input  wire logic [8:0]                       entry_beats_i,
    input  wire fourtuple_nic_pkg::rx_meta_t      entry_meta_i,
    input  wire fourtuple_nic_pkg::table_answer_t entry_answer_i,

    input  wire logic        transmit_valid_i,
    input  wire logic [15:0] transmit_index_i,
    input  wire logic [47:0] transmit_timestamp_i,

    output logic        placement_valid_o,
    input  wire logic   placement_ready_i,
    output logic        placement_drop_o,   // the frame's beats are only released
    output logic [8:0]  placement_beats_o,
    output logic [23:0] placement_place_o,  // beats from the ring's start

    output logic         transmit_waits_o,   // a transmit completion is about to get its place
    output logic         deciding_o,         // a placement or a record is about to be handed on
    output logic         record_valid_o,
    input  wire logic    record_ready_i,
    output logic [255:0] record_o,          // phase is still 0
    output logic         record_is_frame_o, // may be written only behind its frame's bytes

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
  // The latest transmit completion, until it has a place.
  logic transmit_q, take_transmit;
  logic [15:0] transmit_index_q;
  logic [47:0] transmit_timestamp_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) transmit_q <= 1'b0;
    else if (transmit_valid_i) transmit_q <= 1'b1;
    else if (take_transmit) transmit_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (transmit_valid_i) begin
      transmit_index_q     <= transmit_index_i;
      transmit_timestamp_q <= transmit_timestamp_i;
    end
  end

  // Answers stand aside, so that frames behind one that waits for completion space can still be dropped.
  fourtuple_nic_pkg::table_answer_t waiting;
  logic [47:0] waiting_timestamp;
  logic waiting_valid, waiting_room, waiting_empty, take_answer;
  sync_fifo #(
      .WIDTH($bits(entry_answer_i) + 48),
      .DEPTH_LOG2(ANSWERS_LOG2)
  ) i_waiting (
      .clk_i,
      .rst_ni,
      .s_data_i({entry_answer_i, entry_meta_i.timestamp}),
      .s_valid_i(entry_valid_i && entry_is_answer_i),
      .s_ready_o(waiting_room),
      .m_data_o({waiting, waiting_timestamp}),
      .m_valid_o(waiting_valid),
      .m_ready_i(take_answer),
      .empty_o(waiting_empty)
  );

  logic available, space_quiet, deliver;
  completion_space i_completion_space (
      .clk_i,
      .rst_ni,
      .start_i,
      .entries_log2_i(completion_entries_log2_i),
      .head_i(completion_head_i),
      .available_o(available),
      .take_i(deliver || ((take_answer || take_transmit) && accept_records_i)),
      .quiet_o(space_quiet)
  );

  logic judged, fits, frame_leaves, ring_quiet, frame_here;
  logic [23:0] place;
  logic [25:0] offset;
  rx_ring_space i_ring_space (
      .clk_i,
      .rst_ni,
      .start_i,
      .bytes_log2_i(ring_bytes_log2_i),
      .head_i(ring_head_i),
      .tail_o(ring_tail_o),
      .frame_valid_i(frame_here && accept_frames_i),
      .frame_beats_i(entry_beats_i),
      .judged_o(judged),
      .fits_o(fits),
      .frame_place_o(place),
      .frame_offset_o(offset),
      .take_i(deliver),
      .frame_leaves_i(frame_leaves),
      .quiet_o(ring_quiet)
  );

  // A clock belongs to an answer, to the transmit completion or to a frame; a frame has at least every other one.
  logic step, record_room, others_turn, frames_turn_q, frame_step;
  assign step = placement_ready_i && record_ready_i && !start_i;
  assign record_room = available || !accept_records_i;
  assign others_turn = step && record_room && !frames_turn_q;
  assign take_answer = others_turn && waiting_valid;
  assign take_transmit = others_turn && !waiting_valid && transmit_q;

  assign frame_here = entry_valid_i && !entry_is_answer_i;
  assign frame_step = frame_here && step && !take_answer && !take_transmit;
  assign deliver = frame_step && accept_frames_i && judged && fits && available;
  assign frame_leaves = frame_step && (!accept_frames_i || judged);
  assign entry_ready_o = frame_leaves || (entry_is_answer_i && waiting_room);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) frames_turn_q <= 1'b0;
    else frames_turn_q <= take_answer || take_transmit;
  end

  fourtuple_nic_regs_pkg::frame_completion_t frame_record;
  fourtuple_nic_regs_pkg::command_completion_t command_record;
  fourtuple_nic_regs_pkg::transmit_completion_t transmit_record;
  always_comb begin
    frame_record                = '0;
    frame_record.kind           = fourtuple_nic_regs_pkg::COMPLETION_KIND_FRAME;
    frame_record.ring_offset    = {offset, 6'b0};
    frame_record.length         = {2'b0, entry_meta_i.length};
    frame_record.l3_offset      = entry_meta_i.l3_offset;
    frame_record.l4_offset      = entry_meta_i.l4_offset;
    frame_record.hash           = entry_meta_i.hash;
    frame_record.handle         = entry_meta_i.handle;
    frame_record.raw_sum        = entry_meta_i.raw_sum;
    frame_record.payload_offset = entry_meta_i.payload_offset;
    frame_record.packet_class   = entry_meta_i.packet_class;
    frame_record.vlan           = entry_meta_i.vlan;
    frame_record.hit            = entry_meta_i.hit;
    frame_record.ip_checked     = entry_meta_i.ip_checked;
    frame_record.ip_good        = entry_meta_i.ip_good;
    frame_record.l4_checked     = entry_meta_i.l4_checked;
    frame_record.l4_good        = entry_meta_i.l4_good;
    frame_record.timestamp      = entry_meta_i.timestamp;

    command_record           = '0;
    command_record.kind      = fourtuple_nic_regs_pkg::COMPLETION_KIND_COMMAND;
    command_record.tag       = waiting.tag;
    command_record.op        = waiting.op;
    command_record.result    = waiting.result;
    command_record.handle    = waiting.handle;
    command_record.timestamp = waiting_timestamp;

    transmit_record           = '0;
    transmit_record.kind      = fourtuple_nic_regs_pkg::COMPLETION_KIND_TRANSMIT;
    transmit_record.tx_index  = transmit_index_q;
    transmit_record.timestamp = transmit_timestamp_q;
  end

  logic unused_reasons;  // a frame with a reason to be dropped has not come this far
  assign unused_reasons = ^{
    entry_meta_i.mac_error, entry_meta_i.too_short, entry_meta_i.too_long, entry_meta_i.filtered
  };

  // Placement and record move on together.
  logic placement_q, record_q;
  assign placement_valid_o = placement_q && record_ready_i;
  assign record_valid_o    = record_q && placement_ready_i;

  assign deciding_o       = placement_q || record_q;
  assign transmit_waits_o = transmit_q && available;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      placement_q <= 1'b0;
      record_q    <= 1'b0;
    end else if (placement_ready_i && record_ready_i) begin
      placement_q <= frame_leaves;
      record_q    <= deliver || ((take_answer || take_transmit) && accept_records_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      placement_drop_o  <= !deliver;
      placement_beats_o <= entry_beats_i;
      placement_place_o <= place;
      record_is_frame_o <= deliver;
      record_o <= take_answer ? command_record : take_transmit ? transmit_record : frame_record;
    end
    if (!rst_ni) answer_o <= '0;
    else if (take_answer) answer_o <= waiting;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      answered_o             <= 1'b0;
      drop_disabled_o        <= 1'b0;
      drop_ring_full_o       <= 1'b0;
      drop_completion_full_o <= 1'b0;
      delivered_o            <= 1'b0;
    end else begin
      answered_o             <= take_answer;
      drop_disabled_o        <= frame_step && !accept_frames_i;
      drop_ring_full_o       <= frame_step && accept_frames_i && judged && !fits;
      drop_completion_full_o <= frame_step && accept_frames_i && judged && fits && !available;
      delivered_o            <= deliver;
    end
  end

  always_ff @(posedge clk_i) begin
    delivered_bytes_o <= entry_meta_i.length;
    ipv4_good_o       <= deliver && entry_meta_i.ip_checked && entry_meta_i.ip_good;
    ipv4_bad_o        <= deliver && entry_meta_i.ip_checked && !entry_meta_i.ip_good;
    l4_good_o         <= deliver && entry_meta_i.l4_checked && entry_meta_i.l4_good;
    l4_bad_o          <= deliver && entry_meta_i.l4_checked && !entry_meta_i.l4_good;
    table_hit_o       <= deliver && entry_meta_i.hit;
    table_miss_o      <= deliver && !entry_meta_i.hit && entry_meta_i.packet_class ==
                         fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_TCP;
  end

  // An answer or a transmit completion without completion space waits for the host: nothing changes until then.
  logic others_wait;
  assign others_wait = (waiting_valid || waiting_empty) && !record_room && !frames_turn_q;
  assign quiet_o = ((waiting_empty && !transmit_q) || others_wait) && !transmit_valid_i && space_quiet &&
                   ring_quiet && !frames_turn_q && !placement_q && !record_q && !answered_o &&
                   !drop_disabled_o && !drop_ring_full_o && !drop_completion_full_o && !delivered_o;
endmodule

`default_nettype wire
