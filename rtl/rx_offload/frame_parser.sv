// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Classifies frames: docs/device.md, Receive and Parsing. Everything of Ethernet and IPv4 that
/// matters lies in a frame's first beat; ports, lengths and the TCP data offset lie in the first or
/// the second.
///
/// latency       3 clocks for beats, 4 clocks from a frame's last beat to facts_o
/// throughput    1 beat per clock; one-beat frames may follow each other
/// backpressure  none
/// reset         drops what is inside
/// short frames  what lies behind a frame's end is never believed: lengths are checked against the
///               frame
module frame_parser (
    input  wire logic                           clk_i,
    input  wire logic                           rst_ni,
    input  wire logic                    [47:0] mac_address_i,   // first byte in 7:0
    input  wire logic                    [13:0] max_frame_i,     // bytes
    input  wire logic                           promiscuous_i,
    input  wire logic                           all_multicast_i,
    // Beats as frame_beats gives them.
    input  wire logic                   [511:0] s_data_i,
    input  wire logic                    [ 6:0] s_bytes_i,
    input  wire logic                    [ 8:0] s_number_i,
    input  wire logic                           s_first_i,
    input  wire logic                           s_second_i,
    input  wire logic                           s_valid_i,
    input  wire logic                           s_last_i,
    input  wire logic                           s_bad_i,
    input  wire logic                    [47:0] s_timestamp_i,
    // The same beats, and what to sum of them.
    output logic                        [511:0] m_data_o,
    output logic                        [  8:0] m_number_o,
    output logic                                m_first_o,
    output logic                                m_second_o,
    output logic                                m_valid_o,
    output logic                                m_last_o,
    output rx_offload_pkg::sum_range_t          m_range_o,
    // One for each frame.
    output logic                                facts_valid_o,
    output rx_offload_pkg::frame_facts_t        facts_o,
    output fourtuple_nic_pkg::tuple_t           tuple_o,         // for ipv4_tcp and ipv4_udp
    output logic                                quiet_o
);
  // A beat's own facts wander with it; a frame's are set by its first beat and stay for the others.
  typedef struct packed {
    logic        vlan;
    logic        arp;
    logic        ipv4;
    logic        header_bad;  // version, header length
    logic        fragment;
    logic        accepted;
    logic [7:0]  protocol;
    logic [31:0] source;
    logic [31:0] destination;
  } network_t;

  logic [2:0] valid_q, last_q;

  // Stage 1: the network header.
  logic vlan;
  logic [15:0] ether_type;
  logic [7:0] version_ihl;
  logic [15:0] total_length;
  logic [63:0] addresses;
  assign vlan       = s_data_i[96+:16] == 16'h0081;
  assign ether_type = vlan ? {s_data_i[128+:8], s_data_i[136+:8]}
                           : {s_data_i[96+:8], s_data_i[104+:8]};
  // The IPv4 header starts at bit 112, or at bit 144 behind a tag.
  assign version_ihl  = vlan ? s_data_i[144+:8] : s_data_i[112+:8];
  assign total_length = vlan ? {s_data_i[160+:8], s_data_i[168+:8]}
                             : {s_data_i[128+:8], s_data_i[136+:8]};
  assign addresses    = vlan ? s_data_i[240+:64] : s_data_i[208+:64];

  logic for_us;
  assign for_us = promiscuous_i || s_data_i[47:0] == mac_address_i || (&s_data_i[47:0]) ||
                  (all_multicast_i && s_data_i[0]);

  network_t network_d, network_q, network_2_q;
  always_comb begin
    network_d.vlan         = vlan;
    network_d.arp          = ether_type == 16'h0806;
    network_d.ipv4         = ether_type == 16'h0800;
    network_d.header_bad   = version_ihl[7:4] != 4'd4 || version_ihl[3:0] < 4'd5;
    // More-fragments and the 13 bits of the offset: all but the upper two bits.
    network_d.fragment     = vlan ? s_data_i[192+:6] != '0 || s_data_i[200+:8] != '0
                                  : s_data_i[160+:6] != '0 || s_data_i[168+:8] != '0;
    network_d.accepted     = for_us;
    network_d.protocol     = vlan ? s_data_i[216+:8] : s_data_i[184+:8];
    network_d.source       = addresses[31:0];
    network_d.destination  = addresses[63:32];
  end

  logic [3:0] ihl_q, position_q;  // position of the transport header: header_word
  logic [15:0] total_length_q;
  logic [511:0] data_q, data_2_q, data_3_q;
  logic [8:0] number_q, number_2_q, number_3_q;
  logic [6:0] bytes_q;
  logic first_q, second_q, first_2_q, second_2_q, first_3_q, second_3_q, bad_q, bad_2_q;
  logic [47:0] timestamp_q, timestamp_2_q;

  always_ff @(posedge clk_i) begin
    if (s_valid_i) begin
      data_q      <= s_data_i;
      number_q    <= s_number_i;
      bytes_q     <= s_bytes_i;
      first_q     <= s_first_i;
      second_q    <= s_second_i;
      bad_q       <= s_bad_i;
      timestamp_q <= s_timestamp_i;
    end
    if (s_valid_i && s_first_i) begin
      network_q      <= network_d;
      ihl_q          <= version_ihl[3:0];
      position_q     <= version_ihl[3:0] - 4'd5 + 4'(vlan);
      total_length_q <= total_length;
    end
  end

  // Stage 2: the words of the transport header, and the lengths that IPv4 claims.
  logic [15:0] source_port, destination_port, udp_length, udp_checksum;
  logic [3:0] tcp_words;
  logic [11:0] unused_flags;
  logic udp_length_in_first;
  logic [3:0] unused_in_first;
  header_word #(.BYTE(34)) u_source_port (
      .clk_i, .data_i(data_q), .valid_i(valid_q[0]), .first_i(first_q), .second_i(second_q),
      .position_i(position_q), .word_o(source_port), .in_first_o(unused_in_first[0]));
  header_word #(.BYTE(36)) u_destination_port (
      .clk_i, .data_i(data_q), .valid_i(valid_q[0]), .first_i(first_q), .second_i(second_q),
      .position_i(position_q), .word_o(destination_port), .in_first_o(unused_in_first[1]));
  header_word #(.BYTE(38)) u_udp_length (
      .clk_i, .data_i(data_q), .valid_i(valid_q[0]), .first_i(first_q), .second_i(second_q),
      .position_i(position_q), .word_o(udp_length), .in_first_o(udp_length_in_first));
  header_word #(.BYTE(40)) u_udp_checksum (
      .clk_i, .data_i(data_q), .valid_i(valid_q[0]), .first_i(first_q), .second_i(second_q),
      .position_i(position_q), .word_o(udp_checksum), .in_first_o(unused_in_first[2]));
  header_word #(.BYTE(46)) u_tcp_offset (
      .clk_i, .data_i(data_q), .valid_i(valid_q[0]), .first_i(first_q), .second_i(second_q),
      .position_i(position_q), .word_o({tcp_words, unused_flags}), .in_first_o(unused_in_first[3]));

  logic [15:0] transport_bytes_q;  // total length without the IPv4 header
  logic [16:0] network_end_q;      // bytes from the frame's start
  logic [6:0] l4_offset_q;
  logic [14:0] frame_bytes_q;
  logic total_short_q, udp_end_open_q;
  always_ff @(posedge clk_i) begin
    if (valid_q[0]) begin
      data_2_q          <= data_q;
      number_2_q        <= number_q;
      first_2_q         <= first_q;
      second_2_q        <= second_q;
      bad_2_q           <= bad_q;
      timestamp_2_q     <= timestamp_q;
      network_2_q       <= network_q;
      transport_bytes_q <= total_length_q - {10'd0, ihl_q, 2'b00};
      total_short_q     <= total_length_q < {10'd0, ihl_q, 2'b00};
      network_end_q     <= {1'b0, total_length_q} + (network_q.vlan ? 17'd18 : 17'd14);
      l4_offset_q       <= 7'd34 + {1'b0, position_q, 2'b00};
      udp_end_open_q    <= first_q && !udp_length_in_first;
      frame_bytes_q     <= {number_q, 6'd0} + {8'd0, bytes_q};
    end
  end

  // Stage 3: what the claims are worth, and where the transport checksum ends.
  logic is_tcp_2, is_udp_2;
  assign is_tcp_2 = network_2_q.protocol == 8'd6;
  assign is_udp_2 = network_2_q.protocol == 8'd17;

  rx_offload_pkg::sum_range_t range_q;
  fourtuple_nic_pkg::tuple_t tuple_3_q;
  logic arp_3_q, ipv4_3_q, fragment_3_q, network_bad_3_q;
  logic tcp_3_q, udp_3_q, tcp_bad_3_q, udp_bad_3_q, udp_unsummed_3_q;
  logic [3:0] tcp_words_3_q;
  logic mac_error_3_q, short_3_q, long_3_q, accepted_3_q;
  logic [13:0] length_3_q;
  logic [47:0] timestamp_3_q;

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      data_3_q            <= data_2_q;
      number_3_q          <= number_2_q;
      first_3_q           <= first_2_q;
      second_3_q          <= second_2_q;
      arp_3_q             <= network_2_q.arp;
      ipv4_3_q            <= network_2_q.ipv4;
      fragment_3_q        <= network_2_q.fragment;
      accepted_3_q        <= network_2_q.accepted;
      mac_error_3_q       <= bad_2_q;
      short_3_q           <= frame_bytes_q < 15'd60;
      long_3_q            <= frame_bytes_q > {1'b0, max_frame_i};
      length_3_q          <= frame_bytes_q[14] ? '1 : frame_bytes_q[13:0];
      timestamp_3_q       <= timestamp_2_q;
      range_q.vlan        <= network_2_q.vlan;
      range_q.l4_offset   <= l4_offset_q;
      range_q.l4_end_open <= is_udp_2 && udp_end_open_q;
      range_q.l4_end      <= is_udp_2 ? {2'b00, udp_length} + {11'd0, l4_offset_q}
                                      : {1'b0, network_end_q};
      range_q.source      <= network_2_q.source;
      range_q.destination <= network_2_q.destination;
      range_q.protocol    <= network_2_q.protocol;
      range_q.l4_length   <= is_udp_2 ? udp_length : transport_bytes_q;
      network_bad_3_q     <= network_2_q.header_bad || total_short_q ||
                             network_end_q > {2'b00, frame_bytes_q};
      tcp_bad_3_q         <= transport_bytes_q < 16'd20 || tcp_words < 4'd5 ||
                             {10'd0, tcp_words, 2'b00} > transport_bytes_q;
      udp_bad_3_q         <= transport_bytes_q < 16'd8 || udp_length < 16'd8 ||
                             udp_length > transport_bytes_q;
      udp_unsummed_3_q    <= udp_checksum == '0;
      tcp_3_q             <= is_tcp_2;
      udp_3_q             <= is_udp_2;
      tcp_words_3_q       <= tcp_words;
      tuple_3_q           <= {network_2_q.destination, network_2_q.source, destination_port,
                              source_port[7:0], source_port[15:8]};
    end
  end

  // Stage 4: the verdict, once for each frame.
  logic [3:0] packet_class;
  logic has_transport;
  always_comb begin
    packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_OTHER;
    if (arp_3_q) packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_ARP;
    else if (ipv4_3_q) begin
      packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_OTHER;
      if (tcp_3_q) packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_TCP;
      if (udp_3_q) packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_UDP;
      if ((tcp_3_q && tcp_bad_3_q) || (udp_3_q && udp_bad_3_q)) begin
        packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_BAD;
      end
      if (fragment_3_q) packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_FRAGMENT;
      if (network_bad_3_q) packet_class = fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_BAD;
    end
    has_transport = packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_TCP ||
                    packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_UDP;
  end

  logic facts_valid_q;
  rx_offload_pkg::frame_facts_t facts_d, facts_q;
  fourtuple_nic_pkg::tuple_t tuple_q;
  always_comb begin
    facts_d.mac_error      = mac_error_3_q;
    facts_d.too_short      = !mac_error_3_q && short_3_q;
    facts_d.too_long       = !mac_error_3_q && !short_3_q && long_3_q;
    facts_d.filtered       = !mac_error_3_q && !short_3_q && !long_3_q && !accepted_3_q;
    facts_d.length         = length_3_q;
    facts_d.l3_offset      = range_q.vlan ? 8'd18 : 8'd14;
    facts_d.l4_offset      = has_transport ? {1'b0, range_q.l4_offset} : '0;
    facts_d.payload_offset = '0;
    if (has_transport) begin
      facts_d.payload_offset = {1'b0, range_q.l4_offset} +
                               (udp_3_q ? 8'd8 : {2'b00, tcp_words_3_q, 2'b00});
    end
    facts_d.packet_class = packet_class;
    facts_d.vlan         = range_q.vlan;
    facts_d.ip_checked   = has_transport ||
                           packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_OTHER ||
                           packet_class == fourtuple_nic_regs_pkg::PACKET_CLASS_IPV4_FRAGMENT;
    facts_d.l4_checked   = has_transport && !(udp_3_q && udp_unsummed_3_q);
    facts_d.timestamp    = timestamp_3_q;
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[2] && last_q[2]) begin
      facts_q <= facts_d;
      tuple_q <= tuple_3_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q       <= '0;
      last_q        <= '0;
      facts_valid_q <= 1'b0;
    end else begin
      valid_q       <= {valid_q[1:0], s_valid_i};
      last_q        <= {last_q[1:0], s_valid_i && s_last_i};
      facts_valid_q <= valid_q[2] && last_q[2];
    end
  end

  assign m_data_o      = data_3_q;
  assign m_number_o    = number_3_q;
  assign m_first_o     = first_3_q;
  assign m_second_o    = second_3_q;
  assign m_valid_o     = valid_q[2];
  assign m_last_o      = last_q[2];
  assign m_range_o     = range_q;
  assign facts_valid_o = facts_valid_q;
  assign facts_o       = facts_q;
  assign tuple_o       = tuple_q;
  assign quiet_o       = valid_q == '0 && !facts_valid_q;
endmodule

`default_nettype wire
