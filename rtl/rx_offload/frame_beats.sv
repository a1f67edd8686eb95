// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Says of each beat where in its frame it stands, and clears the bytes that keep leaves out.
///
/// latency       2 clocks
/// throughput    1 beat per clock, with gaps anywhere
/// backpressure  none
/// reset         drops what is inside; the next beat begins a frame
module frame_beats (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic [511:0] s_data_i,
    input  wire logic [ 63:0] s_keep_i,       // contiguous from bit 0
    input  wire logic         s_valid_i,
    input  wire logic         s_last_i,
    input  wire logic         s_bad_i,        // with s_last_i
    input  wire logic [ 47:0] timestamp_i,
    output logic      [511:0] m_data_o,
    output logic      [  6:0] m_bytes_o,      // in this beat
    output logic      [  8:0] m_number_o,     // beats of the frame before this one; stays at 256
    output logic              m_first_o,
    output logic              m_second_o,
    output logic              m_valid_o,
    output logic              m_last_o,
    output logic              m_bad_o,
    output logic      [ 47:0] m_timestamp_o,  // timestamp_i when this beat arrived
    output logic              quiet_o
);
  logic [511:0] in_data_q, out_data_q;
  logic [63:0] in_keep_q;
  logic [47:0] in_timestamp_q, out_timestamp_q;
  logic [8:0] next_number_q, in_number_q, out_number_q;
  logic [6:0] out_bytes_q;
  logic in_valid_q, in_last_q, in_bad_q;
  logic out_valid_q, out_last_q, out_bad_q, out_first_q, out_second_q;

  // Bytes by halving: a half that is full counts, and the rest is in the other half.
  logic [31:0] keep_32;
  logic [15:0] keep_16;
  logic [7:0] keep_8;
  logic [3:0] keep_4;
  logic [6:0] bytes;
  always_comb begin
    keep_32 = in_keep_q[31] ? in_keep_q[63:32] : in_keep_q[31:0];
    keep_16 = keep_32[15] ? keep_32[31:16] : keep_32[15:0];
    keep_8  = keep_16[7] ? keep_16[15:8] : keep_16[7:0];
    keep_4  = keep_8[3] ? keep_8[7:4] : keep_8[3:0];
    bytes   = {1'b0, in_keep_q[31], keep_32[15], keep_16[7], keep_8[3], 2'b00} +
              7'(keep_4[0]) + 7'(keep_4[1]) + 7'(keep_4[2]) + 7'(keep_4[3]);
  end

  logic [511:0] kept;
  always_comb begin
    for (int unsigned lane = 0; lane < 64; lane++) begin
      kept[8*lane+:8] = in_data_q[8*lane+:8] & {8{in_keep_q[lane]}};
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_valid_i) begin
      in_data_q      <= s_data_i;
      in_keep_q      <= s_keep_i;
      in_last_q      <= s_last_i;
      in_bad_q       <= s_bad_i;
      in_timestamp_q <= timestamp_i;
      in_number_q    <= next_number_q;
    end
    if (in_valid_q) begin
      out_data_q      <= kept;
      out_bytes_q     <= bytes;
      out_last_q      <= in_last_q;
      out_bad_q       <= in_bad_q;
      out_timestamp_q <= in_timestamp_q;
      out_number_q    <= in_number_q;
      out_first_q     <= in_number_q == 9'd0;
      out_second_q    <= in_number_q == 9'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_valid_q    <= 1'b0;
      out_valid_q   <= 1'b0;
      next_number_q <= '0;
    end else begin
      in_valid_q  <= s_valid_i;
      out_valid_q <= in_valid_q;
      if (s_valid_i && s_last_i) next_number_q <= '0;
      else if (s_valid_i && !next_number_q[8]) next_number_q <= next_number_q + 1'b1;
    end
  end

  assign m_data_o      = out_data_q;
  assign m_bytes_o     = out_bytes_q;
  assign m_number_o    = out_number_q;
  assign m_first_o     = out_first_q;
  assign m_second_o    = out_second_q;
  assign m_valid_o     = out_valid_q;
  assign m_last_o      = out_last_q;
  assign m_bad_o       = out_bad_q;
  assign m_timestamp_o = out_timestamp_q;
  assign quiet_o       = !in_valid_q && !out_valid_q;
endmodule

`default_nettype wire
