// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The receive side of a queue behind the offload pipeline, and the completion ring that all sides share: frame FIFO,
/// decision, receive ring, records and completions, up to the AXI write master.
///
/// latency       about 15 clocks from a frame's last beat to its first write, 9 more to its completion
/// throughput    1 beat per clock; one-beat frames and their completions: 2 frames per 3 beats on the bus
/// backpressure  none for frames, which are dropped instead; answers of the table wait
/// reset         stopped and empty
/// pulses        named as the counters
module rx_queue #(
    parameter int unsigned BEATS_LOG2 = 10,   // log2 of the frame FIFO's beats
    parameter int unsigned ANSWERS_LOG2 = 4   // log2 of the table answers that may be on their way
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic [47:0] timestamp_i,

    input  wire logic        rx_enable_i,
    input  wire logic [51:0] ring_base_i,                // in units of 4096 bytes
    input  wire logic [4:0]  ring_bytes_log2_i,
    input  wire logic [25:0] ring_head_i,                // in units of 64 bytes
    output logic      [25:0] ring_tail_o,
    input  wire logic [51:0] completion_base_i,          // in units of 4096 bytes
    input  wire logic [4:0]  completion_entries_log2_i,
    input  wire logic [15:0] completion_head_i,
    output logic      [15:0] completion_tail_o,
    output logic             start_o,                    // the indices start again
    output logic             rx_active_o,
    output logic             rx_halted_o,
    output logic             rx_halted_pulse_o,

    input  wire logic [511:0]                s_data_i,
    input  wire logic                        s_valid_i,
    input  wire logic                        s_last_i,
    input  wire fourtuple_nic_pkg::rx_meta_t s_meta_i,

    input  wire logic                             answer_valid_i,
    output logic                                  answer_ready_o,
    input  wire fourtuple_nic_pkg::table_answer_t answer_i,
    output logic                                  answered_o,
    output fourtuple_nic_pkg::table_answer_t      answered_answer_o,  // the last one

    input  wire logic        transmit_active_i,
    input  wire logic        transmit_valid_i,  // a transmit completion, always taken
    input  wire logic [15:0] transmit_index_i,
    output logic             transmit_active_o, // with its completions

    output logic         data_valid_o,
    input  wire logic    data_ready_i,
    output logic         data_first_o,
    output logic         data_last_o,
    output logic [57:0]  data_address_o,
    output logic [7:0]   data_burst_len_o,
    output logic [511:0] data_o,
    output logic         completion_valid_o,
    input  wire logic    completion_ready_i,
    output logic [57:0]  completion_address_o,
    output logic [1:0]   completion_halves_o,
    output logic [511:0] completion_data_o,
    output logic         discard_o,
    input  wire logic    discarding_i,
    input  wire logic    outstanding_i,  // writes without a response
    input  wire logic    error_i,        // a write of a frame or a completion was refused

    output logic        drop_mac_error_o,
    output logic        drop_too_short_o,
    output logic        drop_too_long_o,
    output logic        drop_filtered_o,
    output logic        drop_fifo_full_o,
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
      .drop_mac_error_o,
      .drop_too_short_o,
      .drop_too_long_o,
      .drop_filtered_o,
      .drop_fifo_full_o,
      .quiet_o(fifo_quiet)
  );

  logic accept_frames, accept_records, deciding, transmit_waits, admission_quiet;
  logic placement_valid, placement_ready, placement_drop;
  logic [8:0] placement_beats;
  logic [23:0] placement_place;
  logic made_valid, made_ready, made_is_frame;
  logic [255:0] made;

  rx_admission #(
      .ANSWERS_LOG2(ANSWERS_LOG2)
  ) i_admission (
      .clk_i,
      .rst_ni,
      .start_i(start_o),
      .accept_frames_i(accept_frames),
      .accept_records_i(accept_records),
      .ring_bytes_log2_i,
      .ring_head_i,
      .ring_tail_o,
      .completion_entries_log2_i,
      .completion_head_i,
      .entry_valid_i(entry_valid),
      .entry_ready_o(entry_ready),
      .entry_is_answer_i(entry_is_answer),
      .entry_beats_i(entry_beats),
      .entry_meta_i(entry_meta),
      .entry_answer_i(entry_answer),
      .transmit_valid_i,
      .transmit_index_i,
      .transmit_timestamp_i(timestamp_i),
      .placement_valid_o(placement_valid),
      .placement_ready_i(placement_ready),
      .placement_drop_o(placement_drop),
      .placement_beats_o(placement_beats),
      .placement_place_o(placement_place),
      .transmit_waits_o(transmit_waits),
      .deciding_o(deciding),
      .record_valid_o(made_valid),
      .record_ready_i(made_ready),
      .record_o(made),
      .record_is_frame_o(made_is_frame),
      .answered_o,
      .answer_o(answered_answer_o),
      .drop_disabled_o,
      .drop_ring_full_o,
      .drop_completion_full_o,
      .delivered_o,
      .delivered_bytes_o,
      .ipv4_good_o,
      .ipv4_bad_o,
      .l4_good_o,
      .l4_bad_o,
      .table_hit_o,
      .table_miss_o,
      .quiet_o(admission_quiet)
  );

  logic data_frame_last, ring_quiet;
  rx_ring_writer #(
      .BEATS_LOG2(BEATS_LOG2)
  ) i_ring_writer (
      .clk_i,
      .rst_ni,
      .ring_base_i,
      .placement_valid_i(placement_valid),
      .placement_ready_o(placement_ready),
      .placement_drop_i(placement_drop),
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
      .beat_first_o(data_first_o),
      .beat_last_o(data_last_o),
      .beat_frame_last_o(data_frame_last),
      .beat_address_o(data_address_o),
      .beat_burst_len_o(data_burst_len_o),
      .quiet_o(ring_quiet)
  );

  // Records wait here for their frames' bytes. More frames than this cannot be between decision and bus: done_q's
  // range.
  logic record_valid, record_ready, record_is_frame, records_empty, completions_quiet;
  logic [255:0] record;
  sync_fifo #(
      .WIDTH(257),
      .DEPTH_LOG2(6)
  ) i_records (
      .clk_i,
      .rst_ni,
      .s_data_i({made_is_frame, made}),
      .s_valid_i(made_valid),
      .s_ready_o(made_ready),
      .m_data_o({record_is_frame, record}),
      .m_valid_o(record_valid),
      .m_ready_i(record_ready),
      .empty_o(records_empty)
  );

  completion_writer i_completion_writer (
      .clk_i,
      .rst_ni,
      .start_i(start_o),
      .base_i(completion_base_i),
      .entries_log2_i(completion_entries_log2_i),
      .record_valid_i(record_valid),
      .record_ready_o(record_ready),
      .record_i(record),
      .record_is_frame_i(record_is_frame),
      .frame_done_i(data_valid_o && data_ready_i && data_frame_last),
      .flush_i(!data_valid_o),
      .beat_valid_o(completion_valid_o),
      .beat_ready_i(completion_ready_i),
      .beat_address_o(completion_address_o),
      .beat_data_o(completion_data_o),
      .beat_halves_o(completion_halves_o),
      .quiet_o(completions_quiet)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_o) completion_tail_o <= '0;
    else if (completion_valid_o && completion_ready_i && !discarding_i)
      completion_tail_o <= completion_tail_o + (&completion_halves_o ? 16'd2 : 16'd1);
  end

  logic busy_q, transmit_uses_ring, state_quiet, occupied;
  assign occupied = deciding || !ring_quiet || !records_empty || !completions_quiet || outstanding_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) busy_q <= 1'b0;
    else busy_q <= occupied;
  end
  assign transmit_uses_ring = transmit_active_i || transmit_waits || transmit_valid_i;
  assign transmit_active_o  = transmit_active_i || (transmit_waits && accept_records) ||
                              (!rx_active_o && (occupied || busy_q));

  rx_queue_state i_state (
      .clk_i,
      .rst_ni,
      .rx_enable_i,
      .transmit_uses_ring_i(transmit_uses_ring),
      .busy_i(occupied || busy_q),
      .error_i,
      .start_o,
      .accept_frames_o(accept_frames),
      .accept_records_o(accept_records),
      .rx_active_o,
      .halted_o(rx_halted_o),
      .halted_pulse_o(rx_halted_pulse_o),
      .quiet_o(state_quiet)
  );
  assign discard_o = rx_halted_o;

  assign quiet_o = fifo_quiet && admission_quiet && ring_quiet && records_empty &&
                   completions_quiet && state_quiet && busy_q == outstanding_i;
endmodule

`default_nettype wire
