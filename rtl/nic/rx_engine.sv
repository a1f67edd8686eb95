// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The receive side: frames from the MAC to bursts for the AXI write master, with the connection table and the completion
/// rings that all sides share.
///
/// latency       about 64 clocks from a frame's last beat to its first write, 12 more to its completion
/// throughput    1 beat per clock; one-beat frames and their completions: 2 frames per 3 beats on the bus
/// backpressure  none for frames, which are dropped instead; a table command beyond COMMAND_DEPTH unanswered ones is dropped
/// reset         stopped and empty; the table is cleared
/// vectors       queue 0 has the lowest bits
/// quiet_o       nothing changes until an input does
module rx_engine #(
    parameter int unsigned QUEUES = 16,              // a power of two, 1 to 16
    parameter int unsigned BUCKETS_LOG2 = 14,        // log2 of the connection table's buckets
    parameter int unsigned OVERFLOW_LINES_LOG2 = 13, // log2 of its overflow lines
    parameter int unsigned FIFO_BEATS_LOG2 = 10,     // log2 of the frame FIFO's beats
    parameter int unsigned COMMAND_DEPTH = 16        // table commands that may be unanswered
) (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic [47:0]  timestamp_i,

    input  wire logic [511:0] s_axis_tdata,
    input  wire logic [63:0]  s_axis_tkeep,
    input  wire logic         s_axis_tvalid,
    output logic              s_axis_tready,
    input  wire logic         s_axis_tlast,
    input  wire logic         s_axis_tuser,

    input  wire logic [47:0]  mac_address_i,  // first byte in 7:0
    input  wire logic [13:0]  max_frame_i,    // bytes
    input  wire logic         promiscuous_i,
    input  wire logic         all_multicast_i,
    input  wire logic [31:0]  hash_secret_i,
    input  wire logic [511:0] indirection_i,  // entry n in bits 4n+3:4n

    input  wire fourtuple_nic_regs_pkg::connection_regs_reg2hw_t connection_i,
    output fourtuple_nic_regs_pkg::connection_regs_hw2reg_t      connection_o,
    output logic                                                 table_ready_o,

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

    input  wire logic [QUEUES-1:0]    transmit_active_i,
    input  wire logic                 transmit_valid_i,   // a transmit completion, always taken
    input  wire logic [3:0]           transmit_queue_i,
    input  wire logic [15:0]          transmit_index_i,
    output logic      [QUEUES-1:0]    transmit_active_o,  // with its completions

    // to the write master
    output logic                      data_valid_o,
    input  wire logic                 data_ready_i,
    output logic                      data_first_o,
    output logic                      data_last_o,
    output logic [57:0]               data_address_o,
    output logic [7:0]                data_burst_len_o,
    output logic [3:0]                data_queue_o,
    output logic [511:0]              data_o,
    output logic                      completion_valid_o,
    input  wire logic                 completion_ready_i,
    output logic [57:0]               completion_address_o,
    output logic [1:0]                completion_halves_o,
    output logic [3:0]                completion_queue_o,
    output logic [511:0]              completion_data_o,
    input  wire logic [QUEUES-1:0]    burst_issued_i,
    input  wire logic [QUEUES-1:0]    burst_answered_i,
    input  wire logic [QUEUES-1:0]    burst_refused_i,
    input  wire logic [QUEUES-1:0]    records_left_i,
    input  wire logic                 records_two_i,
    input  wire logic                 records_written_i,

    // pulses
    output logic                             frame_begins_o,
    output fourtuple_nic_pkg::rx_counts_t    counts_o,
    output fourtuple_nic_pkg::table_counts_t table_counts_o,
    output logic                             delivered_o,
    output logic [13:0]                      delivered_bytes_o,  // with delivered_o
    output logic                             quiet_o
);
  logic [511:0] rx_data;
  logic [63:0] rx_keep;
  logic rx_valid, rx_last, rx_bad;
  rx_input i_rx_input (
      .clk_i,
      .rst_ni,
      .s_axis_tdata,
      .s_axis_tkeep,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tlast,
      .s_axis_tuser,
      .m_data_o(rx_data),
      .m_keep_o(rx_keep),
      .m_valid_o(rx_valid),
      .m_last_o(rx_last),
      .m_bad_o(rx_bad),
      .m_begins_o(frame_begins_o)
  );

  logic [511:0] parsed_data;
  logic parsed_valid, parsed_last;
  fourtuple_nic_pkg::rx_meta_t parsed_meta;
  fourtuple_nic_pkg::table_command_t command;
  fourtuple_nic_pkg::table_answer_t answer;
  logic command_valid, command_ready, answer_valid, answer_ready;
  logic [31:0] table_entries, overflow_lines_used;
  logic offload_quiet;
  rx_offload #(
      .QUEUES(QUEUES),
      .BUCKETS_LOG2(BUCKETS_LOG2),
      .OVERFLOW_LINES_LOG2(OVERFLOW_LINES_LOG2)
  ) i_rx_offload (
      .clk_i,
      .rst_ni,
      .s_data_i(rx_data),
      .s_keep_i(rx_keep),
      .s_valid_i(rx_valid),
      .s_last_i(rx_last),
      .s_bad_i(rx_bad),
      .timestamp_i,
      .mac_address_i,
      .max_frame_i,
      .promiscuous_i,
      .all_multicast_i,
      .hash_secret_i,
      .indirection_i,
      .m_data_o(parsed_data),
      .m_valid_o(parsed_valid),
      .m_last_o(parsed_last),
      .m_meta_o(parsed_meta),
      .command_valid_i(command_valid),
      .command_ready_o(command_ready),
      .command_i(command),
      .answer_valid_o(answer_valid),
      .answer_ready_i(answer_ready),
      .answer_o(answer),
      .table_ready_o,
      .entries_o(table_entries),
      .overflow_lines_used_o(overflow_lines_used),
      .inserted_o(table_counts_o.inserted),
      .updated_o(table_counts_o.updated),
      .deleted_o(table_counts_o.deleted),
      .full_o(table_counts_o.full),
      .not_found_o(table_counts_o.not_found),
      .quiet_o(offload_quiet)
  );

  fourtuple_nic_pkg::table_command_t written_command;
  fourtuple_nic_pkg::table_answer_t answered_answer;
  logic answered, command_quiet;
  logic [7:0] commands_outstanding;
  always_comb begin
    written_command                       = '0;
    written_command.op                    = connection_i.command.op;
    written_command.tag                   = connection_i.command.tag;
    written_command.tuple.local_address   = connection_i.local_address.value;
    written_command.tuple.foreign_address = connection_i.foreign_address.value;
    written_command.tuple.local_port      = connection_i.ports.local_port;
    written_command.tuple.foreign_port    = connection_i.ports.foreign_port;
    written_command.handle                = connection_i.handle.value;
    written_command.steer                 = connection_i.command.steer;
    // Without steer the queue says nothing, and a query does not show it.
    written_command.steer_queue           = connection_i.command.steer_queue & 4'(QUEUES - 1) &
                                            {4{connection_i.command.steer}};
  end
  command_port #(
      .COMMAND_DEPTH(COMMAND_DEPTH)
  ) i_command_port (
      .clk_i,
      .rst_ni,
      .written_i(connection_i.command.written),
      .written_command_i(written_command),
      .command_valid_o(command_valid),
      .command_ready_i(command_ready),
      .command_o(command),
      .answered_i(answered),
      .outstanding_o(commands_outstanding),
      .dropped_o(table_counts_o.command_dropped),
      .quiet_o(command_quiet)
  );

  logic rx_quiet;
  rx_queues #(
      .QUEUES(QUEUES),
      .BEATS_LOG2(FIFO_BEATS_LOG2),
      .ANSWERS_LOG2($clog2(COMMAND_DEPTH))
  ) i_rx_queues (
      .clk_i,
      .rst_ni,
      .timestamp_i,
      .rx_enable_i,
      .ring_base_i,
      .ring_bytes_log2_i,
      .ring_head_i,
      .ring_tail_o,
      .completion_base_i,
      .completion_entries_log2_i,
      .completion_head_i,
      .completion_tail_o,
      .start_o,
      .rx_active_o,
      .rx_halted_o,
      .rx_halted_pulse_o,
      .delivered_count_o,
      .drop_ring_full_count_o,
      .drop_completion_full_count_o,
      .drop_disabled_count_o,
      .s_data_i(parsed_data),
      .s_valid_i(parsed_valid),
      .s_last_i(parsed_last),
      .s_meta_i(parsed_meta),
      .answer_valid_i(answer_valid),
      .answer_ready_o(answer_ready),
      .answer_i(answer),
      .answered_o(answered),
      .answered_answer_o(answered_answer),
      .transmit_active_i,
      .transmit_valid_i,
      .transmit_queue_i,
      .transmit_index_i,
      .transmit_active_o,
      .data_valid_o,
      .data_ready_i,
      .data_first_o,
      .data_last_o,
      .data_address_o,
      .data_burst_len_o,
      .data_queue_o,
      .data_o,
      .completion_valid_o,
      .completion_ready_i,
      .completion_address_o,
      .completion_halves_o,
      .completion_queue_o,
      .completion_data_o,
      .burst_issued_i,
      .burst_answered_i,
      .burst_refused_i,
      .records_left_i,
      .records_two_i,
      .records_written_i,
      .counts_o,
      .delivered_o,
      .delivered_bytes_o,
      .quiet_o(rx_quiet)
  );

  // What the registers show of the table; result does not repeat the operation.
  always_comb begin
    connection_o                           = '0;
    connection_o.result.steer              = answered_answer.steer;
    connection_o.result.steer_queue        = answered_answer.steer_queue;
    connection_o.result.result             = answered_answer.result;
    connection_o.result.outstanding        = commands_outstanding;
    connection_o.result.tag                = answered_answer.tag;
    connection_o.result_handle.value       = answered_answer.handle;
    connection_o.entries.value             = table_entries;
    connection_o.overflow_lines_used.value = overflow_lines_used;
  end
  logic unused_answer;
  assign unused_answer = ^answered_answer.op;

  assign quiet_o = !rx_valid && offload_quiet && command_quiet && rx_quiet;
endmodule

`default_nettype wire
