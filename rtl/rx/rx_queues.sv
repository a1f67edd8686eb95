// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The receive side behind the offload pipeline, and the completion rings that all sides share: frame FIFO, the queues'
/// decisions, receive rings, records and completions, up to the AXI write master.
///
/// latency       about 17 clocks from a frame's last beat to its first write, 12 more to its completion
/// throughput    1 beat per clock; one-beat frames and their completions: 2 frames per 3 beats on the bus, whatever the
///               queues that they go to
/// backpressure  none for frames, which are dropped instead; answers of the table wait
/// reset         stopped and empty
/// vectors       queue 0 has the lowest bits
module rx_queues #(
    parameter int unsigned QUEUES = 16,       // a power of two, 1 to 16
    parameter int unsigned BEATS_LOG2 = 10,   // log2 of the frame FIFO's beats
    parameter int unsigned ANSWERS_LOG2 = 4   // log2 of the table answers that may be on their way
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic [47:0] timestamp_i,

    input  wire logic [QUEUES-1:0]    rx_enable_i,
    input  wire logic [QUEUES*52-1:0] ring_base_i,        // in units of 4096 bytes
    input  wire logic [QUEUES*5-1:0]  ring_bytes_log2_i,
    input  wire logic [QUEUES*26-1:0] ring_head_i,        // in units of 64 bytes
    output logic      [QUEUES*26-1:0] ring_tail_o,
    input  wire logic [QUEUES*52-1:0] completion_base_i,  // in units of 4096 bytes
    input  wire logic [QUEUES*5-1:0]  completion_entries_log2_i,
    input  wire logic [QUEUES*16-1:0] completion_head_i,
    output logic      [QUEUES*16-1:0] completion_tail_o,
    output logic      [QUEUES-1:0]    start_o,            // the indices start again
    output logic      [QUEUES-1:0]    rx_active_o,
    output logic      [QUEUES-1:0]    rx_halted_o,
    output logic                      rx_halted_pulse_o,  // of any queue
    output logic      [QUEUES*32-1:0] delivered_count_o,
    output logic      [QUEUES*32-1:0] drop_ring_full_count_o,
    output logic      [QUEUES*32-1:0] drop_completion_full_count_o,
    output logic      [QUEUES*32-1:0] drop_disabled_count_o,

    input  wire logic [511:0]                s_data_i,
    input  wire logic                        s_valid_i,
    input  wire logic                        s_last_i,
    input  wire fourtuple_nic_pkg::rx_meta_t s_meta_i,

    input  wire logic                             answer_valid_i,
    output logic                                  answer_ready_o,
    input  wire fourtuple_nic_pkg::table_answer_t answer_i,
    output logic                                  answered_o,
    output fourtuple_nic_pkg::table_answer_t      answered_answer_o,  // the last one

    input  wire logic [QUEUES-1:0] transmit_active_i,
    input  wire logic              transmit_valid_i,   // a transmit completion, always taken
    input  wire logic [3:0]        transmit_queue_i,
    input  wire logic [15:0]       transmit_index_i,
    output logic [QUEUES-1:0]      transmit_active_o,  // with its completions

    output logic         data_valid_o,
    input  wire logic    data_ready_i,
    output logic         data_first_o,
    output logic         data_last_o,
    output logic [57:0]  data_address_o,
    output logic [7:0]   data_burst_len_o,
    output logic [3:0]   data_queue_o,
    output logic [511:0] data_o,
    output logic         completion_valid_o,
    input  wire logic    completion_ready_i,
    output logic [57:0]  completion_address_o,
    output logic [1:0]   completion_halves_o,
    output logic [3:0]   completion_queue_o,
    output logic [511:0] completion_data_o,
    input  wire logic [QUEUES-1:0] burst_issued_i,
    input  wire logic [QUEUES-1:0] burst_answered_i,
    input  wire logic [QUEUES-1:0] burst_refused_i,
    input  wire logic [QUEUES-1:0] records_left_i,
    input  wire logic              records_two_i,
    input  wire logic              records_written_i,

    output fourtuple_nic_pkg::rx_counts_t counts_o,  // pulses
    output logic                          delivered_o,
    output logic [13:0]                   delivered_bytes_o,
    output logic                          quiet_o
);
  logic entry_valid, entry_ready, entry_is_answer, fifo_quiet;
  logic [8:0] entry_beats, release_beats;
  fourtuple_nic_pkg::rx_meta_t entry_meta;
  fourtuple_nic_pkg::table_answer_t entry_answer;
  logic read_enable, release_valid;
  logic [BEATS_LOG2-1:0] read_address;
  logic [511:0] read_data;

  rx_frame_fifo #(
      .BEATS_LOG2(BEATS_LOG2)
  ) i_frame_fifo (
      .clk_i,
      .rst_ni,
      .s_data_i,
      .s_valid_i,
      .s_last_i,
      .s_meta_i,
      .answer_valid_i,
      .answer_ready_o,
      .answer_i,
      .timestamp_i,
      .entry_valid_o(entry_valid),
      .entry_ready_i(entry_ready),
      .entry_is_answer_o(entry_is_answer),
      .entry_beats_o(entry_beats),
      .entry_meta_o(entry_meta),
      .entry_answer_o(entry_answer),
      .read_enable_i(read_enable),
      .read_address_i(read_address),
      .read_data_o(read_data),
      .release_valid_i(release_valid),
      .release_beats_i(release_beats),
      .drop_mac_error_o(counts_o.drop_mac_error),
      .drop_too_short_o(counts_o.drop_too_short),
      .drop_too_long_o(counts_o.drop_too_long),
      .drop_filtered_o(counts_o.drop_filtered),
      .drop_fifo_full_o(counts_o.drop_fifo_full),
      .quiet_o(fifo_quiet)
  );

  // -------------------------------------------------------------------------------- the queues
  logic advance, give_back, admission_quiet;
  logic [8:0] frame_beats;
  logic [QUEUES-1:0] frame, delivered, ring_full, completion_full, disabled, return_waits, record_room, records_used;
  logic [QUEUES-1:0] record_taken, transmit_waits, halted_pulse, queue_quiet, transmit_arrives;
  logic [QUEUES*24-1:0] frame_place;
  logic [QUEUES*26-1:0] frame_offset;
  always_comb begin
    for (int unsigned i = 0; i < QUEUES; i++) transmit_arrives[i] = transmit_valid_i && transmit_queue_i == 4'(i);
  end

  for (genvar i = 0; i < QUEUES; i++) begin : gen_queue
    rx_queue_admission i_admission (
        .clk_i,
        .rst_ni,
        .rx_enable_i(rx_enable_i[i]),
        .ring_bytes_log2_i(ring_bytes_log2_i[5*i+:5]),
        .ring_head_i(ring_head_i[26*i+:26]),
        .ring_tail_o(ring_tail_o[26*i+:26]),
        .completion_entries_log2_i(completion_entries_log2_i[5*i+:5]),
        .completion_head_i(completion_head_i[16*i+:16]),
        .completion_tail_o(completion_tail_o[16*i+:16]),
        .start_o(start_o[i]),
        .rx_active_o(rx_active_o[i]),
        .halted_o(rx_halted_o[i]),
        .halted_pulse_o(halted_pulse[i]),
        .advance_i(advance),
        .frame_i(frame[i]),
        .frame_beats_i(frame_beats),
        .delivered_o(delivered[i]),
        .drop_ring_full_o(ring_full[i]),
        .drop_completion_full_o(completion_full[i]),
        .drop_disabled_o(disabled[i]),
        .frame_place_o(frame_place[24*i+:24]),
        .frame_offset_o(frame_offset[26*i+:26]),
        .return_waits_o(return_waits[i]),
        .return_i(give_back),
        .record_room_o(record_room[i]),
        .records_used_o(records_used[i]),
        .record_i(record_taken[i]),
        .burst_issued_i(burst_issued_i[i]),
        .burst_answered_i(burst_answered_i[i]),
        .error_i(burst_refused_i[i]),
        .records_left_i(records_left_i[i]),
        .records_two_i,
        .records_written_i(records_left_i[i] && records_written_i),
        .transmit_active_i(transmit_active_i[i] || transmit_arrives[i]),
        .transmit_waits_i(transmit_waits[i]),
        .transmit_active_o(transmit_active_o[i]),
        .delivered_count_o(delivered_count_o[32*i+:32]),
        .drop_ring_full_count_o(drop_ring_full_count_o[32*i+:32]),
        .drop_completion_full_count_o(drop_completion_full_count_o[32*i+:32]),
        .drop_disabled_count_o(drop_disabled_count_o[32*i+:32]),
        .quiet_o(queue_quiet[i])
    );
  end
  assign rx_halted_pulse_o = |halted_pulse;

  logic placement_valid, placement_ready, placement_drop;
  logic [3:0] placement_queue;
  logic [8:0] placement_beats;
  logic [23:0] placement_place;
  logic made_valid, made_ready, made_is_frame, made_is_answer;
  logic [3:0] made_queue;
  logic [255:0] made;

  rx_admission #(
      .QUEUES(QUEUES),
      .ANSWERS_LOG2(ANSWERS_LOG2)
  ) i_admission (
      .clk_i,
      .rst_ni,
      .entry_valid_i(entry_valid),
      .entry_ready_o(entry_ready),
      .entry_is_answer_i(entry_is_answer),
      .entry_beats_i(entry_beats),
      .entry_meta_i(entry_meta),
      .entry_answer_i(entry_answer),
      .transmit_valid_i,
      .transmit_queue_i,
      .transmit_index_i,
      .transmit_timestamp_i(timestamp_i),
      .transmit_waits_o(transmit_waits),
      .advance_o(advance),
      .frame_o(frame),
      .frame_beats_o(frame_beats),
      .delivered_i(delivered),
      .drop_ring_full_i(ring_full),
      .drop_completion_full_i(completion_full),
      .drop_disabled_i(disabled),
      .frame_place_i(frame_place),
      .frame_offset_i(frame_offset),
      .return_waits_i(return_waits),
      .return_o(give_back),
      .record_room_i(record_room),
      .records_used_i(records_used),
      .record_taken_o(record_taken),
      .placement_valid_o(placement_valid),
      .placement_ready_i(placement_ready),
      .placement_drop_o(placement_drop),
      .placement_queue_o(placement_queue),
      .placement_beats_o(placement_beats),
      .placement_place_o(placement_place),
      .record_valid_o(made_valid),
      .record_ready_i(made_ready),
      .record_queue_o(made_queue),
      .record_o(made),
      .record_is_frame_o(made_is_frame),
      .record_is_answer_o(made_is_answer),
      .answered_o,
      .answer_o(answered_answer_o),
      .drop_disabled_o(counts_o.drop_disabled),
      .drop_ring_full_o(counts_o.drop_ring_full),
      .drop_completion_full_o(counts_o.drop_completion_full),
      .delivered_o,
      .delivered_bytes_o,
      .ipv4_good_o(counts_o.ipv4_good),
      .ipv4_bad_o(counts_o.ipv4_bad),
      .l4_good_o(counts_o.l4_good),
      .l4_bad_o(counts_o.l4_bad),
      .table_hit_o(counts_o.table_hit),
      .table_miss_o(counts_o.table_miss),
      .quiet_o(admission_quiet)
  );

  // -------------------------------------------------------------------------------- to the bus
  logic data_frame_last, ring_quiet;
  rx_ring_writer #(
      .QUEUES(QUEUES),
      .BEATS_LOG2(BEATS_LOG2)
  ) i_ring_writer (
      .clk_i,
      .rst_ni,
      .ring_base_i,
      .placement_valid_i(placement_valid),
      .placement_ready_o(placement_ready),
      .placement_drop_i(placement_drop),
      .placement_queue_i(placement_queue),
      .placement_beats_i(placement_beats),
      .placement_place_i(placement_place),
      .read_enable_o(read_enable),
      .read_address_o(read_address),
      .read_data_i(read_data),
      .release_valid_o(release_valid),
      .release_beats_o(release_beats),
      .beat_valid_o(data_valid_o),
      .beat_ready_i(data_ready_i),
      .beat_data_o(data_o),
      .beat_queue_o(data_queue_o),
      .beat_first_o(data_first_o),
      .beat_last_o(data_last_o),
      .beat_frame_last_o(data_frame_last),
      .beat_address_o(data_address_o),
      .beat_burst_len_o(data_burst_len_o),
      .quiet_o(ring_quiet)
  );

  // Records wait here for their frames' bytes. More frames than this cannot be between decision and bus: done_q's
  // range in completion_writer.
  logic record_valid, record_ready, record_is_frame, record_is_answer, records_empty, completions_quiet;
  logic [3:0] record_queue;
  logic [255:0] record;
  sync_fifo #(
      .WIDTH(256 + 4 + 2),
      .DEPTH_LOG2(6)
  ) i_records (
      .clk_i,
      .rst_ni,
      .s_data_i({made_is_answer, made_is_frame, made_queue, made}),
      .s_valid_i(made_valid),
      .s_ready_o(made_ready),
      .m_data_o({record_is_answer, record_is_frame, record_queue, record}),
      .m_valid_o(record_valid),
      .m_ready_i(record_ready),
      .empty_o(records_empty)
  );

  completion_writer #(
      .QUEUES(QUEUES)
  ) i_completion_writer (
      .clk_i,
      .rst_ni,
      .start_i(start_o),
      .base_i(completion_base_i),
      .entries_log2_i(completion_entries_log2_i),
      .record_valid_i(record_valid),
      .record_ready_o(record_ready),
      .record_queue_i(record_queue),
      .record_i(record),
      .record_is_frame_i(record_is_frame),
      .record_is_answer_i(record_is_answer),
      .frame_done_i(data_valid_o && data_ready_i && data_frame_last),
      .flush_i(!data_valid_o),
      .beat_valid_o(completion_valid_o),
      .beat_ready_i(completion_ready_i),
      .beat_queue_o(completion_queue_o),
      .beat_address_o(completion_address_o),
      .beat_data_o(completion_data_o),
      .beat_halves_o(completion_halves_o),
      .quiet_o(completions_quiet)
  );

  assign quiet_o = fifo_quiet && admission_quiet && ring_quiet && records_empty && completions_quiet && &queue_quiet;
endmodule

`default_nettype wire
