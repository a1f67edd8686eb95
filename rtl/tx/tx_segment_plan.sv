// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Says what each frame is cut into: one piece, or TCP segments of mss bytes of payload.
///
/// latency       5 clocks
/// throughput    1 cut per clock, frame behind frame
/// backpressure  holds its cut until m_ready_i
/// reset         empty
module tx_segment_plan (
    input  wire logic            clk_i,
    input  wire logic            rst_ni,
    input  wire tx_pkg::frame_t  s_frame_i,
    input  wire logic            s_valid_i,
    output logic                 s_ready_o,
    output tx_pkg::cut_t         m_cut_o,
    output logic                 m_valid_o,
    input  wire logic            m_ready_i,
    output logic                 busy_o       // something moves, but for m_valid_o && m_ready_i
);
  logic advance;
  logic [3:0] valid_q;

  // Whether a cut is its frame's last one is known late in a clock, and does not reach beyond this.
  tx_pkg::frame_t frame;
  logic frame_valid, load;
  axis_skid #(
      .WIDTH($bits(frame))
  ) i_in (
      .clk_i,
      .rst_ni,
      .s_data_i(s_frame_i),
      .s_valid_i,
      .s_ready_o,
      .m_data_o(frame),
      .m_valid_o(frame_valid),
      .m_ready_i(load)
  );

  // The frame at work, and how much of its payload is left.
  tx_pkg::frame_t frame_q;
  logic [16:0] left_q, offset_q;
  logic [15:0] number_q;
  logic first_q, last;
  assign last = !frame_q.tso || left_q <= 17'(frame_q.mss);
  assign load = !valid_q[0] || (advance && last);
  always_ff @(posedge clk_i) begin
    if (load) begin
      frame_q  <= frame;
      left_q   <= frame.length - (frame.tso ? 17'(frame.header_length) : 17'd0);
      offset_q <= '0;
      number_q <= '0;
      first_q  <= 1'b1;
    end else if (advance) begin
      left_q   <= left_q - 17'(frame_q.mss);
      offset_q <= offset_q + 17'(frame_q.mss);
      number_q <= number_q + 16'd1;
      first_q  <= 1'b0;
    end
  end

  // Then its length, then where that is in lines.
  tx_pkg::cut_t cut_1_q, cut_2_q, cut_3_q;
  logic [13:0] payload_1_q;
  logic [16:0] last_byte, behind, last_byte_q, behind_q;
  logic [10:0] begin_line;
  assign last_byte  = cut_2_q.offset + 17'(cut_2_q.length) - 17'd1;
  assign behind     = cut_2_q.offset + 17'(cut_2_q.length);
  assign begin_line = cut_3_q.offset[16:6] + 11'(|cut_3_q.offset[5:0]);

  assign advance = !valid_q[3] || out_ready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else begin
      if (load) valid_q[0] <= frame_valid;
      if (advance) valid_q[3:1] <= valid_q[2:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      cut_1_q                <= '0;
      cut_1_q.tso            <= frame_q.tso;
      cut_1_q.first          <= first_q;
      cut_1_q.last           <= last;
      cut_1_q.offset         <= offset_q;
      cut_1_q.number         <= number_q;
      cut_1_q.header_length  <= frame_q.tso ? frame_q.header_length : 8'd0;
      cut_1_q.checksum       <= frame_q.checksum;
      cut_1_q.checksum_start <= frame_q.checksum_start;
      cut_1_q.checksum_field <= frame_q.checksum_field;
      payload_1_q            <= last ? left_q[13:0] : frame_q.mss;

      cut_2_q        <= cut_1_q;
      cut_2_q.length <= payload_1_q + 14'(cut_1_q.header_length);

      cut_3_q     <= cut_2_q;
      last_byte_q <= last_byte;
      behind_q    <= behind;
    end
  end
  tx_pkg::cut_t cut;
  logic [13:0] last_of_cut;
  logic out_ready;
  assign last_of_cut = cut_3_q.length - 14'd1;
  always_comb begin
    cut            = cut_3_q;
    cut.last_beat  = last_of_cut[13:6];
    cut.need_line  = last_of_cut[13:6] == 8'd0 ? last_byte_q[16:6] : begin_line;
    cut.last_line  = last_byte_q[16:6];
    cut.after_line = cut_3_q.last ? last_byte_q[16:6] + 11'd1 : behind_q[16:6];
  end

  axis_skid #(
      .WIDTH($bits(cut))
  ) i_out (
      .clk_i,
      .rst_ni,
      .s_data_i(cut),
      .s_valid_i(valid_q[3]),
      .s_ready_o(out_ready),
      .m_data_o(m_cut_o),
      .m_valid_o,
      .m_ready_i
  );
  // A frame that is loaded behind another one comes with advance; so busy_o does not wait for last.
  assign busy_o = (s_valid_i && s_ready_o) || (frame_valid && !valid_q[0]) ||
                  (advance && (|valid_q));

  logic unused;
  assign unused = &{1'b0, frame_q, behind_q[5:0], last_byte_q[5:0], last_of_cut[5:0]};
endmodule

`default_nettype wire
