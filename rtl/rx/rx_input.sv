// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Takes beats from the MAC into registers. From here on a beat is one clock old, as is nic_clock's time.
///
/// latency       1 clock
/// throughput    1 beat per clock
/// backpressure  none: s_axis_tready is 1 from the first clock after reset on
/// reset         forgets a frame that has begun
module rx_input (
    input  wire logic         clk_i,
    input  wire logic         rst_ni,
    input  wire logic [511:0] s_axis_tdata,
    input  wire logic [63:0]  s_axis_tkeep,
    input  wire logic         s_axis_tvalid,
    output logic              s_axis_tready,
    input  wire logic         s_axis_tlast,
    input  wire logic         s_axis_tuser,
    output logic      [511:0] m_data_o,
    output logic      [63:0]  m_keep_o,
    output logic              m_valid_o,
    output logic              m_last_o,
    output logic              m_bad_o,
    output logic              m_begins_o  // a pulse for each frame
);
  logic take, in_frame_q;
  assign take = s_axis_tvalid && s_axis_tready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s_axis_tready <= 1'b0;
      m_valid_o     <= 1'b0;
      m_begins_o    <= 1'b0;
      in_frame_q    <= 1'b0;
    end else begin
      s_axis_tready <= 1'b1;
      m_valid_o     <= take;
      m_begins_o    <= take && !in_frame_q;
      if (take) in_frame_q <= !s_axis_tlast;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      m_data_o <= s_axis_tdata;
      m_keep_o <= s_axis_tkeep;
      m_last_o <= s_axis_tlast;
      m_bad_o  <= s_axis_tuser;
    end
  end
endmodule

`default_nettype wire
