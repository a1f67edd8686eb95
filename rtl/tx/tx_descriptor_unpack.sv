// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Takes descriptors out of their lines, one after another, and counts them.
///
/// latency       1 clock
/// throughput    1 descriptor per clock
/// backpressure  holds its descriptor until m_ready_i
/// errors        a line that could not be read halts the queue: it and everything behind it is
///               thrown away until clear_i
/// reset         empty, index 0, not halted; clear_i likewise
module tx_descriptor_unpack (
    input  wire logic                                          clk_i,
    input  wire logic                                          rst_ni,
    input  wire logic                                          clear_i,
    input  wire tx_pkg::line_t                                 s_line_i,
    input  wire logic                                          s_valid_i,
    output logic                                               s_ready_o,
    output fourtuple_nic_regs_pkg::transmit_descriptor_t       m_descriptor_o,
    output logic                                        [15:0] m_next_index_o,  // behind it
    output logic                                               m_valid_o,
    input  wire logic                                          m_ready_i,
    output logic                                               halted_o,
    output logic                                               halted_pulse_o
);
  logic [127:0] descriptor_q;
  logic [15:0] index_q;
  logic [1:0] lane_q;
  logic valid_q, inside_q, halted_q, pulse_q;

  logic [1:0] lane;
  logic [127:0] chosen;
  logic advance, take, refused;
  assign lane = inside_q ? lane_q : s_line_i.first_lane;
  assign advance = !valid_q || m_ready_i;
  assign refused = s_valid_i && s_line_i.refused && !halted_q;
  assign take = s_valid_i && advance && !s_line_i.refused && !halted_q;
  assign s_ready_o = halted_q || s_line_i.refused || (advance && lane == s_line_i.last_lane);

  always_comb begin
    chosen = s_line_i.data[127:0];
    unique case (lane)
      2'd0: chosen = s_line_i.data[127:0];
      2'd1: chosen = s_line_i.data[255:128];
      2'd2: chosen = s_line_i.data[383:256];
      2'd3: chosen = s_line_i.data[511:384];
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      valid_q  <= 1'b0;
      inside_q <= 1'b0;
      halted_q <= 1'b0;
      pulse_q  <= 1'b0;
      index_q  <= 16'd0;
    end else begin
      if (advance) valid_q <= take;
      if (take) begin
        inside_q <= lane != s_line_i.last_lane;
        index_q  <= index_q + 16'd1;
      end
      if (refused) halted_q <= 1'b1;
      pulse_q <= refused;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      lane_q <= lane + 2'd1;
      descriptor_q <= chosen;
    end
  end

  assign m_descriptor_o = descriptor_q;
  assign m_next_index_o = index_q;
  assign m_valid_o      = valid_q;
  assign halted_o       = halted_q;
  assign halted_pulse_o = pulse_q;
endmodule

`default_nettype wire
