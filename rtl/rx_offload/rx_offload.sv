// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Everything that looks at a received frame: parsing, filter, checksums, hash, connection lookup.
/// docs/device.md, Receive, The hash, The connection table.
///
/// latency       46 clocks for every beat; what was found out about a frame comes with its last
///               beat
/// throughput    1 beat per clock, one-beat frames included
/// backpressure  none: what goes in comes out, in order and with the same gaps
/// reset         drops what is inside and clears the table
/// commands      one at a time, answered in order. Every frame whose last beat leaves with or after
///               answer_valid_o has been looked up in the table as the command left it.
/// quiet         quiet_o: nothing inside, no command in progress, nothing being cleared
module rx_offload #(
    parameter int unsigned QUEUES              = 16,  // a power of two, 1 to 16
    parameter int unsigned BUCKETS_LOG2        = 10,
    parameter int unsigned OVERFLOW_LINES_LOG2 = 8
) (
    input  wire logic                                clk_i,
    input  wire logic                                rst_ni,
    // Configuration.
    input  wire logic                         [47:0] mac_address_i,    // first byte in 7:0
    input  wire logic                         [13:0] max_frame_i,      // bytes; at most 9600 count
    input  wire logic                                promiscuous_i,
    input  wire logic                                all_multicast_i,
    input  wire logic                         [31:0] hash_secret_i,
    input  wire logic                        [511:0] indirection_i,    // entry n in bits 4n+3:4n
    // From the MAC.
    input  wire logic                        [511:0] s_data_i,
    input  wire logic                         [63:0] s_keep_i,         // full but for the last beat
    input  wire logic                                s_valid_i,
    input  wire logic                                s_last_i,
    input  wire logic                                s_bad_i,          // with s_last_i
    input  wire logic                         [47:0] timestamp_i,      // taken with s_last_i
    // To the buffer.
    output logic                             [511:0] m_data_o,         // 0 behind the frame's end
    output logic                                     m_valid_o,
    output logic                                     m_last_o,
    output fourtuple_nic_pkg::rx_meta_t              m_meta_o,         // with m_last_o
    // Table.
    input  wire logic                                command_valid_i,
    output logic                                     command_ready_o,
    input  wire fourtuple_nic_pkg::table_command_t   command_i,
    output logic                                     answer_valid_o,
    input  wire logic                                answer_ready_i,
    output fourtuple_nic_pkg::table_answer_t         answer_o,
    output logic                                     table_ready_o,
    output logic                              [31:0] entries_o,
    output logic                              [31:0] overflow_lines_used_o,
    output logic                                     inserted_o,       // pulses, one a command
    output logic                                     updated_o,
    output logic                                     deleted_o,
    output logic                                     full_o,
    output logic                                     not_found_o,
    output logic                                     quiet_o
);
  // Clocks from one place to another; the modules' contracts say them.
  localparam int unsigned FACTS_TO_HASH = 32;
  localparam int unsigned HASH_TO_RESULT = 7;
  localparam int unsigned FACTS_TO_RESULT = FACTS_TO_HASH + HASH_TO_RESULT;
  localparam int unsigned SUMS_TO_RESULT = FACTS_TO_RESULT + 4 - 3 - 13;  // both from the parser
  localparam int unsigned BEATS_TO_OUT = 4 + FACTS_TO_RESULT + 1;

  localparam logic [13:0] LONGEST_FRAME = 14'd9600;  // bytes
  logic [13:0] max_frame_q;
  always_ff @(posedge clk_i) begin
    max_frame_q <= max_frame_i > LONGEST_FRAME ? LONGEST_FRAME : max_frame_i;
  end

  // Beats.
  logic [511:0] beat_data;
  logic [6:0] beat_bytes;
  logic [8:0] beat_number;
  logic beat_first, beat_second, beat_valid, beat_last, beat_bad, beats_quiet;
  logic [47:0] beat_timestamp;
  frame_beats u_beats (
      .clk_i, .rst_ni, .s_data_i, .s_keep_i, .s_valid_i, .s_last_i, .s_bad_i, .timestamp_i,
      .m_data_o     (beat_data),
      .m_bytes_o    (beat_bytes),
      .m_number_o   (beat_number),
      .m_first_o    (beat_first),
      .m_second_o   (beat_second),
      .m_valid_o    (beat_valid),
      .m_last_o     (beat_last),
      .m_bad_o      (beat_bad),
      .m_timestamp_o(beat_timestamp),
      .quiet_o      (beats_quiet));

  logic out_beats_empty, out_last;
  delay_line #(.WIDTH(513), .CLOCKS(BEATS_TO_OUT)) u_out_beats (
      .clk_i, .rst_ni,
      .s_data_i ({beat_last, beat_data}),
      .s_valid_i(beat_valid),
      .m_data_o ({out_last, m_data_o}),
      .m_valid_o(m_valid_o),
      .empty_o  (out_beats_empty));
  assign m_last_o = out_last;

  // Facts.
  logic [511:0] parsed_data;
  logic [8:0] parsed_number;
  logic parsed_first, parsed_second, parsed_valid, parsed_last, facts_valid, parser_quiet;
  rx_offload_pkg::sum_range_t parsed_range;
  rx_offload_pkg::frame_facts_t facts;
  fourtuple_nic_pkg::tuple_t facts_tuple;
  frame_parser u_parser (
      .clk_i, .rst_ni, .mac_address_i, .promiscuous_i, .all_multicast_i,
      .max_frame_i  (max_frame_q),
      .s_data_i     (beat_data),
      .s_bytes_i    (beat_bytes),
      .s_number_i   (beat_number),
      .s_first_i    (beat_first),
      .s_second_i   (beat_second),
      .s_valid_i    (beat_valid),
      .s_last_i     (beat_last),
      .s_bad_i      (beat_bad),
      .s_timestamp_i(beat_timestamp),
      .m_data_o     (parsed_data),
      .m_number_o   (parsed_number),
      .m_first_o    (parsed_first),
      .m_second_o   (parsed_second),
      .m_valid_o    (parsed_valid),
      .m_last_o     (parsed_last),
      .m_range_o    (parsed_range),
      .facts_valid_o(facts_valid),
      .facts_o      (facts),
      .tuple_o      (facts_tuple),
      .quiet_o      (parser_quiet));

  rx_offload_pkg::frame_facts_t out_facts;
  logic out_facts_valid, out_facts_empty;
  delay_line #(.WIDTH($bits(facts)), .CLOCKS(FACTS_TO_RESULT)) u_out_facts (
      .clk_i, .rst_ni,
      .s_data_i (facts),
      .s_valid_i(facts_valid),
      .m_data_o (out_facts),
      .m_valid_o(out_facts_valid),
      .empty_o  (out_facts_empty));

  // Checksums.
  logic sums_valid, ip_good, l4_good, checksum_quiet;
  logic [15:0] raw_sum;
  rx_checksum u_checksum (
      .clk_i, .rst_ni,
      .data_i      (parsed_data),
      .number_i    (parsed_number),
      .first_i     (parsed_first),
      .second_i    (parsed_second),
      .valid_i     (parsed_valid),
      .last_i      (parsed_last),
      .range_i     (parsed_range),
      .sums_valid_o(sums_valid),
      .raw_sum_o   (raw_sum),
      .ip_good_o   (ip_good),
      .l4_good_o   (l4_good),
      .quiet_o     (checksum_quiet));

  logic out_ip_good, out_l4_good, out_sums_valid, out_sums_empty;
  logic [15:0] out_raw_sum;
  delay_line #(.WIDTH(18), .CLOCKS(SUMS_TO_RESULT)) u_out_sums (
      .clk_i, .rst_ni,
      .s_data_i ({raw_sum, ip_good, l4_good}),
      .s_valid_i(sums_valid),
      .m_data_o ({out_raw_sum, out_ip_good, out_l4_good}),
      .m_valid_o(out_sums_valid),
      .empty_o  (out_sums_empty));

  // Hash. It is computed for every frame and believed where there is a transport header.
  logic hash_valid, hash_quiet;
  logic [31:0] hash;
  jhash_tuple u_hash (
      .clk_i, .rst_ni,
      .tuple_valid_i(facts_valid),
      .tuple_i      (facts_tuple),
      .secret_i     (hash_secret_i),
      .hash_valid_o (hash_valid),
      .hash_o       (hash),
      .quiet_o      (hash_quiet));

  fourtuple_nic_pkg::tuple_t hash_tuple;
  logic hash_tuple_valid, hash_tuple_empty;
  delay_line #(.WIDTH(96), .CLOCKS(FACTS_TO_HASH)) u_hash_tuple (
      .clk_i, .rst_ni,
      .s_data_i (facts_tuple),
      .s_valid_i(facts_valid),
      .m_data_o (hash_tuple),
      .m_valid_o(hash_tuple_valid),
      .empty_o  (hash_tuple_empty));

  logic [31:0] out_hash;
  logic out_hash_valid, out_hash_empty;
  delay_line #(.WIDTH(32), .CLOCKS(HASH_TO_RESULT)) u_out_hash (
      .clk_i, .rst_ni,
      .s_data_i (hash),
      .s_valid_i(hash_valid),
      .m_data_o (out_hash),
      .m_valid_o(out_hash_valid),
      .empty_o  (out_hash_empty));

  // Table.
  logic result_valid, result_hit, table_quiet;
  fourtuple_nic_pkg::table_value_t result_value;
  connection_table #(
      .BUCKETS_LOG2       (BUCKETS_LOG2),
      .OVERFLOW_LINES_LOG2(OVERFLOW_LINES_LOG2),
      .ANSWER_DELAY_CLOCKS(2)  // the register of m_meta_o, and one more
  ) u_table (
      .clk_i, .rst_ni, .hash_secret_i,
      .lookup_valid_i (hash_valid),
      .lookup_tuple_i (hash_tuple),
      .lookup_bucket_i(hash[BUCKETS_LOG2-1:0]),
      .result_valid_o (result_valid),
      .result_hit_o   (result_hit),
      .result_value_o (result_value),
      .command_valid_i, .command_ready_o, .command_i, .answer_valid_o, .answer_ready_i, .answer_o,
      .ready_o        (table_ready_o),
      .entries_o, .overflow_lines_used_o,
      .inserted_o, .updated_o, .deleted_o, .full_o, .not_found_o,
      .quiet_o        (table_quiet));

  logic [3:0] spread_queue;
  rx_spreading #(.LATENCY_CLOCKS(HASH_TO_RESULT)) u_spreading (
      .clk_i, .indirection_i,
      .hash_valid_i(hash_valid),
      .hash_i      (hash[6:0]),
      .queue_o     (spread_queue));

  // All of it together. Everything that is not given is 0.
  fourtuple_nic_pkg::rx_meta_t meta_d, meta_q;
  logic is_tcp, has_transport, hit, meta_valid_q;
  assign is_tcp        = out_facts.packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_TCP;
  assign has_transport = is_tcp ||
                         out_facts.packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_UDP;
  assign hit           = is_tcp && result_hit;
  always_comb begin
    meta_d.rx_queue = 4'(QUEUES - 1) &
                      ((hit && result_value.steer) ? result_value.steer_queue :
                       has_transport ? spread_queue : '0);
    meta_d.mac_error      = out_facts.mac_error;
    meta_d.too_short      = out_facts.too_short;
    meta_d.too_long       = out_facts.too_long;
    meta_d.filtered       = out_facts.filtered;
    meta_d.length         = out_facts.length;
    meta_d.l3_offset      = out_facts.l3_offset;
    meta_d.l4_offset      = out_facts.l4_offset;
    meta_d.payload_offset = out_facts.payload_offset;
    meta_d.packet_class   = out_facts.packet_class;
    meta_d.vlan           = out_facts.vlan;
    meta_d.ip_checked     = out_facts.ip_checked;
    meta_d.ip_good        = out_facts.ip_checked && out_ip_good;
    meta_d.l4_checked     = out_facts.l4_checked;
    meta_d.l4_good        = out_facts.l4_checked && out_l4_good;
    meta_d.raw_sum        = out_raw_sum;
    meta_d.hash           = has_transport ? out_hash : '0;
    meta_d.hit            = hit;
    meta_d.handle         = hit ? result_value.handle : '0;
    meta_d.timestamp      = out_facts.timestamp;
  end

  always_ff @(posedge clk_i) begin
    if (result_valid) meta_q <= meta_d;
    if (!rst_ni) meta_valid_q <= 1'b0;
    else meta_valid_q <= result_valid;
  end

  assign m_meta_o = meta_q;
  assign quiet_o  = beats_quiet && parser_quiet && checksum_quiet && hash_quiet && table_quiet &&
                    out_beats_empty && out_facts_empty && out_sums_empty && hash_tuple_empty &&
                    out_hash_empty && !meta_valid_q;

  // The paths are equally long: what leaves together belongs together.
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      TupleWithHash : assert (hash_tuple_valid == hash_valid);
      ResultsTogether :
      assert (out_facts_valid == result_valid && out_sums_valid == result_valid &&
              out_hash_valid == result_valid);
      MetaWithLast : assert (meta_valid_q == (m_valid_o && m_last_o));
    end
  end
endmodule

`default_nettype wire
