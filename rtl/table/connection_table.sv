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
  localparam int unsigned MAIN_BITS = 537 + OVERFLOW_LINES_LOG2;  // entries, linked, link
  localparam int unsigned OVERFLOW_BITS = 536 + BUCKETS_LOG2;     // entries, number of its bucket

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
  logic [MAIN_BITS-1:0] look_main_line;
  logic [OVERFLOW_BITS-1:0] look_overflow_line;

  logic edit_main_read, edit_main_write, edit_overflow_read, edit_overflow_write, commands_quiet;
  logic [BUCKETS_LOG2-1:0] edit_main_address;
  logic [OVERFLOW_LINES_LOG2-1:0] edit_overflow_address;
  logic [MAIN_BITS-1:0] edit_main_line, edit_main_new;
  logic [OVERFLOW_BITS-1:0] edit_overflow_line, edit_overflow_new;

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
      .main_line_i       (look_main_line),
      .overflow_read_o   (look_overflow_read),
      .overflow_address_o(look_overflow_address),
      .overflow_line_i   (look_overflow_line),
      .quiet_o           (lookup_quiet));

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
      .main_read_o       (edit_main_read),
      .main_write_o      (edit_main_write),
      .main_address_o    (edit_main_address),
      .main_line_o       (edit_main_new),
      .main_line_i       (edit_main_line),
      .overflow_read_o   (edit_overflow_read),
      .overflow_write_o  (edit_overflow_write),
      .overflow_address_o(edit_overflow_address),
      .overflow_line_o   (edit_overflow_new),
      .overflow_line_i   (edit_overflow_line),
      .live_o            (ready_o),
      .entries_o,
      .overflow_lines_used_o,
      .inserted_o,
      .updated_o,
      .deleted_o,
      .full_o,
      .not_found_o,
      .quiet_o           (commands_quiet));

  logic main_quiet, overflow_quiet;
  ram_1rw1r #(
      .WIDTH     (MAIN_BITS),
      .WORDS_LOG2(BUCKETS_LOG2)
  ) u_main (
      .clk_i,
      .a_read_i   (look_main_read),
      .a_address_i(look_main_address),
      .a_data_o   (look_main_line),
      .b_read_i   (edit_main_read),
      .b_write_i  (edit_main_write),
      .b_address_i(edit_main_address),
      .b_data_i   (edit_main_new),
      .b_data_o   (edit_main_line),
      .quiet_o    (main_quiet));

  ram_1rw1r #(
      .WIDTH     (OVERFLOW_BITS),
      .WORDS_LOG2(OVERFLOW_LINES_LOG2)
  ) u_overflow (
      .clk_i,
      .a_read_i   (look_overflow_read),
      .a_address_i(look_overflow_address),
      .a_data_o   (look_overflow_line),
      .b_read_i   (edit_overflow_read),
      .b_write_i  (edit_overflow_write),
      .b_address_i(edit_overflow_address),
      .b_data_i   (edit_overflow_new),
      .b_data_o   (edit_overflow_line),
      .quiet_o    (overflow_quiet));

  assign quiet_o = lookup_quiet && commands_quiet && main_quiet && overflow_quiet;
endmodule

`default_nettype wire
