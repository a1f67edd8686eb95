// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Stores whole frames and their sums; a frame that is to be dropped is taken back before anything
/// of it has been seen.
///
/// latency       12 clocks from a frame's last beat to its description
/// throughput    1 beat in and 1 beat out per clock
/// backpressure  space_o goes low while 32 more beats may still come
/// reset         empty
module tx_frame_buffer #(
    parameter int unsigned BEATS_LOG2 = 9  // log2 of the beats stored; the longest frame has 256
) (
    input  wire logic                    clk_i,
    input  wire logic                    rst_ni,
    input  wire logic            [511:0] data_i,
    input  wire logic                    valid_i,
    input  wire logic                    end_i,
    input  wire logic                    refused_i,
    input  wire tx_pkg::cut_t            cut_i,      // with end_i
    output logic                         space_o,
    output tx_pkg::stored_t              stored_o,
    output logic            [ 15:0]      stored_sum_o,     // over all bytes of the frame
    output logic                         stored_valid_o,
    input  wire logic                    stored_ready_i,
    input  wire logic                    read_i,           // the next beat, in order
    output logic            [511:0]      read_data_o,      // 1 clock later
    output logic                         empty_o,
    output logic                         busy_o
);
  if (BEATS_LOG2 < 9) begin : gen_check
    $error("tx_frame_buffer: the longest frame and 32 beats must fit");
  end

  logic [BEATS_LOG2:0] write_q, start_q, read_q;
  logic space_q, first_q;
  logic drop, keep;
  assign drop = refused_i;
  assign keep = end_i && !drop;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      start_q <= '0;
      read_q  <= '0;
      first_q <= 1'b1;
      space_q <= 1'b0;
    end else begin
      if (end_i && drop) write_q <= start_q;
      else if (valid_i) write_q <= write_q + 1'b1;
      if (keep) start_q <= write_q + 1'b1;
      if (end_i) first_q <= 1'b1;
      else if (valid_i) first_q <= 1'b0;
      if (read_i) read_q <= read_q + 1'b1;
      space_q <= (write_q - read_q) <= (BEATS_LOG2 + 1)'(2 ** BEATS_LOG2 - 32);
    end
  end

  ram_1w1r #(
      .WIDTH(512),
      .DEPTH_LOG2(BEATS_LOG2)
  ) i_ram (
      .clk_i,
      .write_enable_i(valid_i),
      .write_address_i(write_q[BEATS_LOG2-1:0]),
      .write_data_i(data_i),
      .read_enable_i(read_i),
      .read_address_i(read_q[BEATS_LOG2-1:0]),
      .read_data_o
  );

  // The padding is zeros that are in the beat already.
  tx_pkg::stored_t stored, summed;
  always_comb begin
    stored.length         = cut_i.length < 14'd60 ? 14'd60 : cut_i.length;
    stored.checksum       = cut_i.checksum;
    stored.checksum_start = cut_i.checksum_start;
    stored.checksum_field = cut_i.checksum_field;
    stored.tso            = cut_i.tso;
    stored.last           = cut_i.last;
  end

  logic [15:0] sum;
  logic sum_valid, sum_busy;
  tx_frame_sum #(
      .SIDEBAND($bits(stored))
  ) i_sum (
      .clk_i,
      .rst_ni,
      .data_i,
      .valid_i,
      .first_i(first_q),
      .last_i(keep),
      .sideband_i(stored),
      .sum_o(sum),
      .sideband_o(summed),
      .valid_o(sum_valid),
      .busy_o(sum_busy)
  );

  // Each frame has a beat at least, so there are never more frames than beats.
  logic stored_ready;
  sync_fifo #(
      .WIDTH($bits(stored) + 16),
      .DEPTH_LOG2(BEATS_LOG2)
  ) i_stored (
      .clk_i,
      .rst_ni,
      .s_data_i({summed, sum}),
      .s_valid_i(sum_valid),
      .s_ready_o(stored_ready),
      .m_data_o({stored_o, stored_sum_o}),
      .m_valid_o(stored_valid_o),
      .m_ready_i(stored_ready_i),
      .empty_o
  );

  assign space_o = space_q;
  assign busy_o  = sum_busy || valid_i || end_i || read_i;

  // The rest of cut_i has done its work.
  logic unused;
  assign unused = &{1'b0, cut_i};

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      BeatsFit : assert (!(valid_i && (write_q - read_q) == (BEATS_LOG2 + 1)'(2 ** BEATS_LOG2)));
      NoCollision : assert (!(valid_i && read_i) || write_q[BEATS_LOG2-1:0] != read_q[BEATS_LOG2-1:0]);
      FramesFit : assert (!(sum_valid && !stored_ready));
      KeptFrameHasItsLastBeat : assert (!(keep && !valid_i));
    end
  end
endmodule

`default_nettype wire
