// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Looks connections up: the bucket's main line, then the overflow line that it links to. Both
/// memories are read in fixed places of the pipeline, so the pattern of the keys has no influence.
///
/// An overflow line carries the number of the bucket that it belongs to, as the end of a chain does
/// in Linux's hlist_nulls: a line that was given to another bucket between the two reads is not
/// taken for one of this bucket.
///
/// What is written in the clock in which a lookup reads it comes from the command instead of from the
/// memory: the lookup sees the new state. `written` signals are of the commands' ports of the memories.
///
/// latency       7 clocks; the main line is read in the clock of lookup_valid_i
/// throughput    1 lookup per clock, in order
/// backpressure  none
/// reset         drops what is inside
module connection_lookup #(
    parameter int unsigned BUCKETS_LOG2        = 10,
    parameter int unsigned OVERFLOW_LINES_LOG2 = 8
) (
    input  wire logic                           clk_i,
    input  wire logic                           rst_ni,
    input  wire logic                           live_i,  // otherwise lookups miss
    input  wire logic                           lookup_valid_i,
    input  wire logic [       BUCKETS_LOG2-1:0] lookup_bucket_i,
    input  wire logic [                   95:0] lookup_tuple_i,
    output logic                                result_valid_o,
    output logic                                result_hit_o,
    output logic      [                   36:0] result_value_o,  // table_value_t; 0 on a miss
    // Read ports of the memories: data come 2 clocks after read.
    output logic                                main_read_o,
    output logic      [       BUCKETS_LOG2-1:0] main_address_o,
    input  wire logic [                  535:0] main_entries_i,
    input  wire logic [  OVERFLOW_LINES_LOG2:0] main_link_i,     // line, is there one
    output logic                                overflow_read_o,
    output logic      [OVERFLOW_LINES_LOG2-1:0] overflow_address_o,
    input  wire logic [                  535:0] overflow_entries_i,
    input  wire logic [       BUCKETS_LOG2-1:0] overflow_bucket_i,
    // What the commands write in this clock; the entry and the link stay for 2 more.
    input  wire logic [                  133:0] written_entry_i,
    input  wire logic [                    3:0] main_written_i,          // entries
    input  wire logic                           main_link_written_i,
    input  wire logic [       BUCKETS_LOG2-1:0] main_written_address_i,
    input  wire logic [  OVERFLOW_LINES_LOG2:0] main_written_link_i,
    input  wire logic [                    3:0] overflow_written_i,      // entries
    input  wire logic                           overflow_bucket_written_i,
    input  wire logic [OVERFLOW_LINES_LOG2-1:0] overflow_written_address_i,
    output logic                                quiet_o
);
  // Index n: n + 1 clocks after lookup_valid_i.
  logic [6:0] valid_q;
  logic live_0_q, live_1_q, linked_2_q, linked_3_q;
  logic [95:0] tuple_0_q, tuple_1_q, tuple_2_q, tuple_3_q;
  logic [BUCKETS_LOG2-1:0] bucket_0_q, bucket_1_q, bucket_2_q, bucket_3_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[5:0], lookup_valid_i};
  end

  // Reads that meet a write.
  logic main_met_0_q, link_written_0_q, link_written_1_q, overflow_met_2_q;
  logic [3:0] main_written_0_q, main_written_1_q, overflow_written_2_q, overflow_written_3_q;
  logic [OVERFLOW_LINES_LOG2:0] link_1;
  assign link_1 = link_written_1_q ? main_written_link_i : main_link_i;

  assign main_read_o        = lookup_valid_i;
  assign main_address_o     = lookup_bucket_i;
  assign overflow_read_o    = valid_q[1] && link_1[0];
  assign overflow_address_o = link_1[1+:OVERFLOW_LINES_LOG2];

  always_ff @(posedge clk_i) begin
    if (lookup_valid_i) begin
      main_met_0_q     <= main_written_address_i == lookup_bucket_i;
      main_written_0_q <= main_written_i;
      link_written_0_q <= main_link_written_i;
    end
    if (valid_q[0]) begin
      main_written_1_q <= main_written_0_q & {4{main_met_0_q}};
      link_written_1_q <= link_written_0_q && main_met_0_q;
    end
    if (valid_q[1]) begin
      overflow_met_2_q     <= overflow_written_address_i == overflow_address_o;
      overflow_written_2_q <= overflow_written_i;
    end
    if (valid_q[2]) overflow_written_3_q <= overflow_written_2_q & {4{overflow_met_2_q}};
  end

  always_ff @(posedge clk_i) begin
    if (lookup_valid_i) begin
      live_0_q   <= live_i;
      tuple_0_q  <= lookup_tuple_i;
      bucket_0_q <= lookup_bucket_i;
    end
    if (valid_q[0]) begin
      live_1_q   <= live_0_q;
      tuple_1_q  <= tuple_0_q;
      bucket_1_q <= bucket_0_q;
    end
    if (valid_q[1]) begin
      linked_2_q <= live_1_q && link_1[0];
      tuple_2_q  <= tuple_1_q;
      bucket_2_q <= bucket_1_q;
    end
    if (valid_q[2]) begin
      linked_3_q <= linked_2_q;
      tuple_3_q  <= tuple_2_q;
      bucket_3_q <= bucket_2_q;
    end
  end

  logic main_hit, overflow_hit;
  logic [36:0] main_value, overflow_value;
  logic [3:0] unused_main_match, unused_main_used, unused_overflow_match, unused_overflow_used;

  connection_line u_main (
      .clk_i,
      .valid_i  (valid_q[1]),
      .enable_i (live_1_q),
      .entries_i(main_entries_i),
      .written_i(main_written_1_q),
      .written_entry_i,
      .tuple_i  (tuple_1_q),
      .match_o  (unused_main_match),
      .used_o   (unused_main_used),
      .hit_o    (main_hit),
      .value_o  (main_value));

  connection_line u_overflow (
      .clk_i,
      .valid_i  (valid_q[3]),
      .enable_i (linked_3_q && overflow_bucket_i == bucket_3_q),
      .entries_i(overflow_entries_i),
      .written_i(overflow_written_3_q),
      .written_entry_i,
      .tuple_i  (tuple_3_q),
      .match_o  (unused_overflow_match),
      .used_o   (unused_overflow_used),
      .hit_o    (overflow_hit),
      .value_o  (overflow_value));

  // The main line's result waits for the overflow line's. A value is 0 where there is no hit.
  logic main_hit_4_q, main_hit_5_q, hit_q;
  logic [36:0] main_value_4_q, main_value_5_q, value_q;
  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      main_hit_4_q   <= main_hit;
      main_value_4_q <= main_value;
    end
    if (valid_q[4]) begin
      main_hit_5_q   <= main_hit_4_q;
      main_value_5_q <= main_value_4_q;
    end
    if (valid_q[5]) begin
      hit_q   <= main_hit_5_q || overflow_hit;
      value_q <= main_value_5_q | overflow_value;
    end
  end

  assign result_valid_o  = valid_q[6];
  assign result_hit_o    = hit_q;
  assign result_value_o = value_q;
  assign quiet_o         = valid_q == '0;

  // A line gets another bucket only after all lookups that knew it as the last one's have read it.
  always_ff @(posedge clk_i) begin
    if (rst_ni && overflow_read_o && live_1_q) begin
      LineStaysTheBuckets : assert (!overflow_bucket_written_i || overflow_written_address_i != overflow_address_o);
    end
  end

  // A tuple stands in the main line or in the overflow line, never in both: entries do not move.
  always_ff @(posedge clk_i) begin
    if (rst_ni && valid_q[5]) OneLine : assert (!(main_hit_5_q && overflow_hit));
  end
endmodule

`default_nettype wire
