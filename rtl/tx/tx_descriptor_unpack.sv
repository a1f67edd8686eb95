// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Takes descriptors out of their lines, one after another.
///
/// latency       1 clock
/// throughput    1 descriptor per clock
/// backpressure  holds its descriptor until m_ready_i
/// errors        a line that could not be read halts its queue: it and everything behind it is thrown
///               away until the queue is started again
/// reset         empty
module tx_descriptor_unpack #(
    parameter int unsigned QUEUES = 16
) (
    input  wire logic                                          clk_i,
    input  wire logic                                          rst_ni,
    input  wire logic                             [QUEUES-1:0] halted_i,
    input  wire tx_pkg::line_t                                 s_line_i,
    input  wire logic                                          s_valid_i,
    output logic                                               s_ready_o,
    output fourtuple_nic_regs_pkg::transmit_descriptor_t       m_descriptor_o,
    output logic                                        [ 4:0] m_queue_o,
    output logic                                               m_valid_o,
    input  wire logic                                          m_ready_i,
    output logic                                               refused_o  // of s_line_i's queue
);
  logic [127:0] descriptor_q;
  logic [4:0] queue_q;
  logic [1:0] lane_q;
  logic valid_q, inside_q;

  logic [1:0] lane;
  logic [127:0] chosen;
  logic advance, take, halted;
  assign lane = inside_q ? lane_q : s_line_i.first_lane;
  assign advance = !valid_q || m_ready_i;
  assign refused_o = s_valid_i && s_line_i.refused && !halted;
  assign take = s_valid_i && advance && !s_line_i.refused && !halted;
  assign s_ready_o = halted || s_line_i.refused || (advance && lane == s_line_i.last_lane);

  always_comb begin
    halted = 1'b0;
    for (int unsigned queue = 0; queue < QUEUES; queue++) begin
      if (s_line_i.queue_number == 5'(queue)) halted |= halted_i[queue];
    end
  end

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
    if (!rst_ni) begin
      valid_q  <= 1'b0;
      inside_q <= 1'b0;
    end else begin
      if (advance) valid_q <= take;
      if (take) inside_q <= lane != s_line_i.last_lane;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      lane_q       <= lane + 2'd1;
      descriptor_q <= chosen;
      queue_q      <= s_line_i.queue_number;
    end
  end

  assign m_descriptor_o = descriptor_q;
  assign m_queue_o      = queue_q;
  assign m_valid_o      = valid_q;
endmodule

`default_nettype wire
