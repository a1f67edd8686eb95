// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The table of connections: 2^BUCKETS_LOG2 main lines of four entries, each with a link to at most
/// one of 2^OVERFLOW_LINES_LOG2 overflow lines of four. docs/device.md, The connection table.
///
/// latency       lookups 7 clocks, always; commands see connection_commands
/// throughput    1 lookup per clock in order, whatever keys and commands come
/// backpressure  none for lookups
/// reset         drops what is inside and clears the table, one bucket a clock; lookups miss until
///               ready_o
/// order         a lookup that starts with or after answer_valid_o sees the command. Results of
///               lookups that did not see it have left at least ANSWER_DELAY_CLOCKS before: what
///               the user adds to the lookup's latency should be less.
module connection_table #(
    parameter int unsigned BUCKETS_LOG2        = 10,  // 1 to 24
    parameter int unsigned OVERFLOW_LINES_LOG2 = 8,   // 1 to 24
    parameter int unsigned ANSWER_DELAY_CLOCKS = 8    // 1 to 200
) (
    input  wire logic                                clk_i,
    input  wire logic                                rst_ni,
    input  wire logic                         [31:0] hash_secret_i,
    input  wire logic                                lookup_valid_i,
    input  wire fourtuple_nic_pkg::tuple_t           lookup_tuple_i,
    input  wire logic             [BUCKETS_LOG2-1:0] lookup_bucket_i,  // hash mod buckets
    output logic                                     result_valid_o,
    output logic                                     result_hit_o,
    output fourtuple_nic_pkg::table_value_t          result_value_o,   // 0 on a miss
    input  wire logic                                command_valid_i,
    output logic                                     command_ready_o,
    input  wire fourtuple_nic_pkg::table_command_t   command_i,
    output logic                                     answer_valid_o,
    input  wire logic                                answer_ready_i,
    output fourtuple_nic_pkg::table_answer_t         answer_o,
    output logic                                     ready_o,          // not being cleared
    output logic                              [31:0] entries_o,
    output logic                              [31:0] overflow_lines_used_o,
    output logic                                     inserted_o,       // pulses, one a command
    output logic                                     updated_o,
    output logic                                     deleted_o,
    output logic                                     full_o,
    output logic                                     not_found_o,
    output logic                                     quiet_o
);
  localparam int unsigned LOOKUP_CLOCKS = 7;

  if (BUCKETS_LOG2 < 1 || BUCKETS_LOG2 > 24) begin : gen_buckets
    $error("connection_table: BUCKETS_LOG2 must be 1 to 24");
  end
  if (OVERFLOW_LINES_LOG2 < 1 || OVERFLOW_LINES_LOG2 > 24) begin : gen_overflow_lines
    $error("connection_table: OVERFLOW_LINES_LOG2 must be 1 to 24");
  end
  if (ANSWER_DELAY_CLOCKS < 1 || ANSWER_DELAY_CLOCKS > 200) begin : gen_delay
    $error("connection_table: ANSWER_DELAY_CLOCKS must be 1 to 200");
  end

  logic look_main_read, look_overflow_read, lookup_quiet;
  logic [BUCKETS_LOG2-1:0] look_main_address;
  logic [OVERFLOW_LINES_LOG2-1:0] look_overflow_address;
  logic [535:0] look_main_entries, look_overflow_entries;
  logic [OVERFLOW_LINES_LOG2:0] look_main_link;
  logic [BUCKETS_LOG2-1:0] look_overflow_bucket;

  logic edit_main_read, edit_main_write_link, edit_overflow_read, edit_overflow_write_bucket, commands_quiet;
  logic [3:0] edit_main_write_entries, edit_overflow_write_entries;
  logic [BUCKETS_LOG2-1:0] edit_main_address;
  logic [OVERFLOW_LINES_LOG2-1:0] edit_overflow_address;
  logic [133:0] edit_entry;
  logic [535:0] edit_main_entries, edit_overflow_entries, edit_overflow_new_entries;
  logic [OVERFLOW_LINES_LOG2:0] edit_main_link, edit_main_new_link;
  logic [BUCKETS_LOG2-1:0] edit_overflow_bucket, edit_overflow_new_bucket;

  connection_lookup #(
      .BUCKETS_LOG2       (BUCKETS_LOG2),
      .OVERFLOW_LINES_LOG2(OVERFLOW_LINES_LOG2)
  ) u_lookup (
      .clk_i,
      .rst_ni,
      .live_i            (ready_o),
      .lookup_valid_i,
      .lookup_bucket_i,
      .lookup_tuple_i    (lookup_tuple_i),
      .result_valid_o,
      .result_hit_o,
      .result_value_o,
      .main_read_o       (look_main_read),
      .main_address_o    (look_main_address),
      .main_entries_i    (look_main_entries),
      .main_link_i       (look_main_link),
      .overflow_read_o   (look_overflow_read),
      .overflow_address_o(look_overflow_address),
      .overflow_entries_i(look_overflow_entries),
      .overflow_bucket_i (look_overflow_bucket),

      .written_entry_i           (edit_entry),
      .main_written_i            (edit_main_write_entries),
      .main_link_written_i       (edit_main_write_link),
      .main_written_address_i    (edit_main_address),
      .main_written_link_i       (edit_main_new_link),
      .overflow_written_i        (edit_overflow_write_entries),
      .overflow_bucket_written_i (edit_overflow_write_bucket),
      .overflow_written_address_i(edit_overflow_address),
      .quiet_o                   (lookup_quiet));

  connection_commands #(
      .BUCKETS_LOG2       (BUCKETS_LOG2),
      .OVERFLOW_LINES_LOG2(OVERFLOW_LINES_LOG2),
      .SETTLE_CLOCKS      (LOOKUP_CLOCKS + ANSWER_DELAY_CLOCKS)
  ) u_commands (
      .clk_i,
      .rst_ni,
      .hash_secret_i,
      .command_valid_i,
      .command_ready_o,
      .command_i,
      .answer_valid_o,
      .answer_ready_i,
      .answer_o,
      .entry_o                 (edit_entry),
      .main_read_o             (edit_main_read),
      .main_write_entries_o    (edit_main_write_entries),
      .main_write_link_o       (edit_main_write_link),
      .main_address_o          (edit_main_address),
      .main_link_o             (edit_main_new_link),
      .main_entries_i          (edit_main_entries),
      .main_link_i             (edit_main_link),
      .overflow_read_o         (edit_overflow_read),
      .overflow_write_entries_o(edit_overflow_write_entries),
      .overflow_write_bucket_o (edit_overflow_write_bucket),
      .overflow_address_o      (edit_overflow_address),
      .overflow_entries_o      (edit_overflow_new_entries),
      .overflow_bucket_o       (edit_overflow_new_bucket),
      .overflow_entries_i      (edit_overflow_entries),
      .overflow_bucket_i       (edit_overflow_bucket),
      .live_o                  (ready_o),
      .entries_o,
      .overflow_lines_used_o,
      .inserted_o,
      .updated_o,
      .deleted_o,
      .full_o,
      .not_found_o,
      .quiet_o           (commands_quiet));

  logic main_quiet, overflow_quiet;
  connection_memory #(
      .TAG_BITS  (OVERFLOW_LINES_LOG2 + 1),
      .LINES_LOG2(BUCKETS_LOG2)
  ) u_main (
      .clk_i,
      .a_read_i         (look_main_read),
      .a_address_i      (look_main_address),
      .a_entries_o      (look_main_entries),
      .a_tag_o          (look_main_link),
      .b_read_i         (edit_main_read),
      .b_write_entries_i(edit_main_write_entries),
      .b_write_tag_i    (edit_main_write_link),
      .b_address_i      (edit_main_address),
      .b_entries_i      ({4{edit_entry}}),
      .b_tag_i          (edit_main_new_link),
      .b_entries_o      (edit_main_entries),
      .b_tag_o          (edit_main_link),
      .quiet_o          (main_quiet));

  connection_memory #(
      .TAG_BITS  (BUCKETS_LOG2),
      .LINES_LOG2(OVERFLOW_LINES_LOG2)
  ) u_overflow (
      .clk_i,
      .a_read_i         (look_overflow_read),
      .a_address_i      (look_overflow_address),
      .a_entries_o      (look_overflow_entries),
      .a_tag_o          (look_overflow_bucket),
      .b_read_i         (edit_overflow_read),
      .b_write_entries_i(edit_overflow_write_entries),
      .b_write_tag_i    (edit_overflow_write_bucket),
      .b_address_i      (edit_overflow_address),
      .b_entries_i      (edit_overflow_new_entries),
      .b_tag_i          (edit_overflow_new_bucket),
      .b_entries_o      (edit_overflow_entries),
      .b_tag_o          (edit_overflow_bucket),
      .quiet_o          (overflow_quiet));

  assign quiet_o = lookup_quiet && commands_quiet && main_quiet && overflow_quiet;
endmodule

`default_nettype wire
