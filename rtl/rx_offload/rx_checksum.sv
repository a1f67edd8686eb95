// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Sums each frame three times: all bytes from 14 on, the IPv4 header, and the transport segment
/// with its pseudo-header. What the sums are worth is not known here: they mean something where the
/// parser says so.
///
/// latency       13 clocks from a frame's last beat to its sums
/// throughput    1 beat per clock, frames of any length
/// backpressure  none
/// reset         drops what is inside
module rx_checksum (
    input  wire logic                               clk_i,
    input  wire logic                               rst_ni,
    input  wire logic                       [511:0] data_i,     // 0 behind the frame's end
    input  wire logic                       [  8:0] number_i,   // beats of it before this one
    input  wire logic                               first_i,
    input  wire logic                               second_i,
    input  wire logic                               valid_i,
    input  wire logic                               last_i,
    input  wire rx_offload_pkg::sum_range_t         range_i,
    output logic                                    sums_valid_o,
    output logic                            [ 15:0] raw_sum_o,    // folded, not inverted
    output logic                                    ip_good_o,
    output logic                                    l4_good_o,
    output logic                                    quiet_o
);
  // Stage 1: where the two headers and the segment begin and end within this beat, 0 to 64. The segment's end is in an
  // earlier beat, in this one, or in a later one.
  logic l4_open_q, l4_ended_q, l4_ends_here_q;
  logic [5:0] l4_to_q;  // if it ends here
  logic [511:0] data_q, data_2_q;
  logic valid_q, first_q, last_q, valid_2_q, first_2_q, last_2_q;
  logic [6:0] header_from_q, header_to_q, l4_from_q;
  logic [16:0] source_sum_q, destination_sum_q, rest_sum_q;
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      data_q        <= data_i;
      header_from_q <= first_i ? (range_i.vlan ? 7'd18 : 7'd14) : 7'd0;
      l4_from_q     <= 7'd0;
      if (first_i) l4_from_q <= range_i.l4_offset[6] ? 7'd64 : range_i.l4_offset;
      if (second_i && range_i.l4_offset[6]) l4_from_q <= {1'b0, range_i.l4_offset[5:0]};
      l4_open_q      <= range_i.l4_end_open;
      l4_ended_q     <= range_i.l4_end[17:6] < {3'd0, number_i};
      l4_ends_here_q <= range_i.l4_end[17:6] == {3'd0, number_i};
      l4_to_q        <= range_i.l4_end[5:0];
      // The header ends where the segment begins, and never lies behind the second beat.
      header_to_q <= 7'd0;
      if (first_i) header_to_q <= range_i.l4_offset[6] ? 7'd64 : range_i.l4_offset;
      if (second_i && range_i.l4_offset[6]) header_to_q <= {1'b0, range_i.l4_offset[5:0]};
      // The pseudo-header's words. Whether their bytes are swapped must be as in the sums.
      source_sum_q      <= {1'b0, range_i.source[7:0], range_i.source[15:8]} +
                           {1'b0, range_i.source[23:16], range_i.source[31:24]};
      destination_sum_q <= {1'b0, range_i.destination[7:0], range_i.destination[15:8]} +
                           {1'b0, range_i.destination[23:16], range_i.destination[31:24]};
      rest_sum_q        <= {1'b0, range_i.l4_length} + {9'd0, range_i.protocol};
    end
  end

  // Stage 2: the masks.
  logic [63:0] raw_mask_q, header_mask_q, l4_mask_q;
  logic [17:0] addresses_sum_q;
  logic [16:0] rest_sum_2_q;
  always_ff @(posedge clk_i) begin
    if (valid_q) begin
      data_2_q        <= data_q;
      addresses_sum_q <= {1'b0, source_sum_q} + {1'b0, destination_sum_q};
      rest_sum_2_q    <= rest_sum_q;
      for (int unsigned lane = 0; lane < 64; lane++) begin
        raw_mask_q[lane]    <= !first_q || lane >= 14;
        header_mask_q[lane] <= 7'(lane) >= header_from_q && 7'(lane) < header_to_q;
        l4_mask_q[lane]     <= 7'(lane) >= l4_from_q &&
                               (l4_open_q || (l4_ends_here_q ? 6'(lane) < l4_to_q : !l4_ended_q));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q   <= 1'b0;
      valid_2_q <= 1'b0;
    end else begin
      valid_q   <= valid_i;
      valid_2_q <= valid_q;
    end
    if (valid_i) begin
      first_q <= first_i;
      last_q  <= last_i;
    end
    if (valid_q) begin
      first_2_q <= first_q;
      last_2_q  <= last_q;
    end
  end

  // The sums.
  logic raw_valid, header_valid, l4_valid, raw_quiet, header_quiet, l4_quiet;
  logic [15:0] raw_sum, header_sum, l4_sum;
  logic [18:0] pseudo_header_sum;
  assign pseudo_header_sum = {1'b0, addresses_sum_q} + {2'b00, rest_sum_2_q};
  internet_sum u_raw (
      .clk_i,
      .rst_ni,
      .data_i     (data_2_q),
      .mask_i     (raw_mask_q),
      .valid_i    (valid_2_q),
      .first_i    (first_2_q),
      .last_i     (last_2_q),
      .addend_i   (19'd0),
      .sum_valid_o(raw_valid),
      .sum_o      (raw_sum),
      .quiet_o    (raw_quiet));
  internet_sum u_header (
      .clk_i,
      .rst_ni,
      .data_i     (data_2_q),
      .mask_i     (header_mask_q),
      .valid_i    (valid_2_q),
      .first_i    (first_2_q),
      .last_i     (last_2_q),
      .addend_i   (19'd0),
      .sum_valid_o(header_valid),
      .sum_o      (header_sum),
      .quiet_o    (header_quiet));
  internet_sum u_l4 (
      .clk_i,
      .rst_ni,
      .data_i     (data_2_q),
      .mask_i     (l4_mask_q),
      .valid_i    (valid_2_q),
      .first_i    (first_2_q),
      .last_i     (last_2_q),
      .addend_i   (pseudo_header_sum),
      .sum_valid_o(l4_valid),
      .sum_o      (l4_sum),
      .quiet_o    (l4_quiet));

  // A sum that holds its own inverted checksum is all ones (RFC 1071 section 1).
  logic sums_valid_q, ip_good_q, l4_good_q;
  logic [15:0] raw_sum_q;
  always_ff @(posedge clk_i) begin
    if (raw_valid) begin
      raw_sum_q <= raw_sum;
      ip_good_q <= header_sum == 16'hffff;
      l4_good_q <= l4_sum == 16'hffff;
    end
    if (!rst_ni) sums_valid_q <= 1'b0;
    else sums_valid_q <= raw_valid;
  end

  assign sums_valid_o = sums_valid_q;
  assign raw_sum_o    = raw_sum_q;
  assign ip_good_o    = ip_good_q;
  assign l4_good_o    = l4_good_q;
  assign quiet_o      = !valid_q && !valid_2_q && !sums_valid_q && raw_quiet && header_quiet &&
                        l4_quiet;

  // The three sums of a frame leave together.
  always_ff @(posedge clk_i) begin
    if (rst_ni) SumsTogether : assert (raw_valid == header_valid && raw_valid == l4_valid);
  end
endmodule

`default_nettype wire
