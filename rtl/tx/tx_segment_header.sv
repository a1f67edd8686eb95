// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Changes the header of a TCP segment into its own; other beats pass.
///
/// The header is IPv4 without options and TCP, so all that changes is in the first beat, at one of
/// two places: with one VLAN tag or without. The IPv4 checksum is brought up to date from what it
/// was (RFC 1624 3, eq. 3). FIN and PSH are the last segment's, CWR the first one's (RFC 3168
/// 6.1.2). The TCP checksum field gets the segment's length added to the sum that is there.
///
/// latency       8 clocks
/// throughput    1 beat per clock
/// backpressure  none
/// reset         empty
module tx_segment_header (
    input  wire logic                clk_i,
    input  wire logic                rst_ni,
    input  wire logic [511:0]        data_i,
    input  wire tx_pkg::cut_beat_t   beat_i,
    input  wire logic                refused_i,
    input  wire logic                valid_i,
    output logic      [511:0]        data_o,
    output logic                     valid_o,
    output logic                     end_o,
    output logic                     refused_o,
    output tx_pkg::cut_t             cut_o,
    output logic                     busy_o
);
  localparam int unsigned CALCULATE_CLOCKS = 7;
  localparam int unsigned UNTAGGED = 14;  // where the IPv4 header starts
  localparam int unsigned TAGGED = 18;
  // Byte positions behind that.
  localparam int unsigned TOTAL_LENGTH = 2;
  localparam int unsigned IDENTIFICATION = 4;
  localparam int unsigned HEADER_CHECKSUM = 10;
  localparam int unsigned TRANSPORT = 20;
  localparam int unsigned SEQUENCE = TRANSPORT + 4;
  localparam int unsigned FLAGS = TRANSPORT + 13;
  localparam int unsigned CHECKSUM = TRANSPORT + 16;
  localparam int unsigned HEADER_BYTES = TRANSPORT + 20;

  // The 40 bytes that matter, first byte on the wire highest.
  logic [319:0] header;
  logic vlan;
  assign vlan = beat_i.cut.checksum_start == 8'd38;
  for (genvar lane = 0; lane < 40; lane++) begin : gen_header
    assign header[8*(39-lane)+:8] = vlan ? data_i[8*(TAGGED+lane)+:8]
                                           : data_i[8*(UNTAGGED+lane)+:8];
  end

  // First clock: what is there, and the lengths.
  logic [15:0] length_q, id_q, checksum_q, tcp_q, total_1_q, tcp_length_q, number_q;
  logic [31:0] sequence_q;
  logic [16:0] offset_q;
  logic [7:0] flags_1_q;
  logic [13:0] network_bytes;
  assign network_bytes = beat_i.cut.length - (vlan ? 14'(TAGGED) : 14'(UNTAGGED));
  always_ff @(posedge clk_i) begin
    length_q     <= header[8*(38-TOTAL_LENGTH)+:16];
    id_q         <= header[8*(38-IDENTIFICATION)+:16];
    checksum_q   <= header[8*(38-HEADER_CHECKSUM)+:16];
    tcp_q        <= header[8*(38-CHECKSUM)+:16];
    sequence_q   <= header[8*(36-SEQUENCE)+:32];
    flags_1_q    <= header[8*(39-FLAGS)+:8] & ~{!beat_i.cut.first, 3'b000, !beat_i.cut.last, 2'b00,
                                                !beat_i.cut.last};
    total_1_q    <= 16'(network_bytes);
    tcp_length_q <= 16'(beat_i.cut.length) - 16'(beat_i.cut.checksum_start);
    number_q     <= beat_i.cut.number;
    offset_q     <= beat_i.cut.offset;
  end

  // Then the sums, and their folding.
  logic [16:0] old_2_q, tcp_2_q, low_2_q;
  logic [15:0] old_id_2_q, id_2_q, id_3_q, id_4_q, id_5_q, id_6_q, id_7_q;
  logic [15:0] total_2_q, total_3_q, total_4_q, total_5_q, total_6_q, total_7_q;
  logic [15:0] high_2_q, tcp_3_q, tcp_4_q, tcp_5_q, tcp_6_q, tcp_7_q;
  logic [31:0] sequence_3_q, sequence_4_q, sequence_5_q, sequence_6_q, sequence_7_q;
  logic [7:0] flags_2_q, flags_3_q, flags_4_q, flags_5_q, flags_6_q, flags_7_q;
  logic [17:0] sum_3_q;
  logic [18:0] sum_4_q, sum_5_q;
  logic [16:0] fold_6_q;
  logic [15:0] sum_7_q;
  logic offset_high_2_q;
  always_ff @(posedge clk_i) begin
    old_2_q         <= {1'b0, ~checksum_q} + {1'b0, ~length_q};
    old_id_2_q      <= ~id_q;
    id_2_q          <= id_q + number_q;
    total_2_q       <= total_1_q;
    tcp_2_q         <= {1'b0, tcp_q} + {1'b0, tcp_length_q};
    low_2_q         <= {1'b0, sequence_q[15:0]} + {1'b0, offset_q[15:0]};
    high_2_q        <= sequence_q[31:16];
    offset_high_2_q <= offset_q[16];
    flags_2_q       <= flags_1_q;

    sum_3_q      <= {1'b0, old_2_q} + {2'b0, old_id_2_q};
    id_3_q       <= id_2_q;
    total_3_q    <= total_2_q;
    tcp_3_q      <= tcp_2_q[15:0] + 16'(tcp_2_q[16]);
    sequence_3_q <= {high_2_q + 16'(low_2_q[16]) + 16'(offset_high_2_q), low_2_q[15:0]};
    flags_3_q    <= flags_2_q;

    sum_4_q      <= {1'b0, sum_3_q} + {3'b0, id_3_q};
    sum_5_q      <= sum_4_q + {3'b0, total_4_q};
    fold_6_q     <= {1'b0, sum_5_q[15:0]} + {14'd0, sum_5_q[18:16]};
    sum_7_q      <= fold_6_q[15:0] + 16'(fold_6_q[16]);

    {id_4_q, total_4_q, tcp_4_q, sequence_4_q, flags_4_q} <=
        {id_3_q, total_3_q, tcp_3_q, sequence_3_q, flags_3_q};
    {id_5_q, total_5_q, tcp_5_q, sequence_5_q, flags_5_q} <=
        {id_4_q, total_4_q, tcp_4_q, sequence_4_q, flags_4_q};
    {id_6_q, total_6_q, tcp_6_q, sequence_6_q, flags_6_q} <=
        {id_5_q, total_5_q, tcp_5_q, sequence_5_q, flags_5_q};
    {id_7_q, total_7_q, tcp_7_q, sequence_7_q, flags_7_q} <=
        {id_6_q, total_6_q, tcp_6_q, sequence_6_q, flags_6_q};
  end

  // Meanwhile the beats wait.
  logic [511:0] data;
  tx_pkg::cut_beat_t beat;
  logic refused, valid, empty;
  delay_line #(
      .WIDTH(513 + $bits(beat)),
      .CLOCKS(CALCULATE_CLOCKS)
  ) i_wait (
      .clk_i,
      .rst_ni,
      .s_data_i({refused_i, data_i, beat_i}),
      .s_valid_i(valid_i),
      .m_data_o({refused, data, beat}),
      .m_valid_o(valid),
      .empty_o(empty)
  );

  // The new header, with the bytes that change and those that do not.
  logic [319:0] changed, changes;
  always_comb begin
    changed = '0;
    changes = '0;
    changed[8*(38-TOTAL_LENGTH)+:16]    = total_7_q;
    changes[8*(38-TOTAL_LENGTH)+:16]    = '1;
    changed[8*(38-IDENTIFICATION)+:16]  = id_7_q;
    changes[8*(38-IDENTIFICATION)+:16]  = '1;
    changed[8*(38-HEADER_CHECKSUM)+:16] = ~sum_7_q;
    changes[8*(38-HEADER_CHECKSUM)+:16] = '1;
    changed[8*(36-SEQUENCE)+:32]        = sequence_7_q;
    changes[8*(36-SEQUENCE)+:32]        = '1;
    changed[8*(39-FLAGS)+:8]            = flags_7_q;
    changes[8*(39-FLAGS)+:8]            = '1;
    changed[8*(38-CHECKSUM)+:16]        = tcp_7_q;
    changes[8*(38-CHECKSUM)+:16]        = '1;
  end

  logic patch, patch_tagged, valid_q, end_q, refused_q;
  logic [511:0] data_d, data_q;
  tx_pkg::cut_t cut_q;
  assign patch = beat.first && beat.cut.tso;
  assign patch_tagged = beat.cut.checksum_start == 8'd38;
  for (genvar lane = 0; lane < 64; lane++) begin : gen_data
    logic [7:0] untagged_byte, tagged_byte;
    if (lane >= UNTAGGED && lane < UNTAGGED + HEADER_BYTES) begin : gen_untagged
      assign untagged_byte = (changed[8*(39+UNTAGGED-lane)+:8] & changes[8*(39+UNTAGGED-lane)+:8])
          | (data[8*lane+:8] & ~changes[8*(39+UNTAGGED-lane)+:8]);
    end else begin : gen_same_untagged
      assign untagged_byte = data[8*lane+:8];
    end
    if (lane >= TAGGED && lane < TAGGED + HEADER_BYTES) begin : gen_tagged
      assign tagged_byte = (changed[8*(39+TAGGED-lane)+:8] & changes[8*(39+TAGGED-lane)+:8])
          | (data[8*lane+:8] & ~changes[8*(39+TAGGED-lane)+:8]);
    end else begin : gen_same_tagged
      assign tagged_byte = data[8*lane+:8];
    end
    assign data_d[8*lane+:8] = !patch ? data[8*lane+:8] : patch_tagged ? tagged_byte : untagged_byte;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid;
  end
  always_ff @(posedge clk_i) begin
    if (valid) begin
      data_q    <= data_d;
      end_q     <= beat.last;
      refused_q <= refused;
      cut_q     <= beat.cut;
    end
  end
  assign data_o    = data_q;
  assign valid_o   = valid_q;
  assign end_o     = valid_q && end_q;
  assign refused_o = refused_q;
  assign cut_o     = cut_q;
  assign busy_o    = !empty || valid_q;

  logic unused;
  assign unused = &{1'b0, beat, header};
endmodule

`default_nettype wire
