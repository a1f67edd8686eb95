// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Register slice for a ready/valid stream: no path from an input to an output.
///
/// latency       1 clock
/// throughput    1 beat per clock
/// backpressure  s_ready_o is a register; it is low only while both places are taken
/// reset         drops what is inside
/// order, loss   beats leave as they came, each exactly once
module axis_skid #(
    parameter int unsigned WIDTH = 512  // bits of payload: data, keep, last, user together
) (
    input  wire logic             clk_i,
    input  wire logic             rst_ni,
    input  wire logic [WIDTH-1:0] s_data_i,
    input  wire logic             s_valid_i,
    output logic                  s_ready_o,
    output logic      [WIDTH-1:0] m_data_o,
    output logic                  m_valid_o,
    input  wire logic             m_ready_i
);
  if (WIDTH == 0) begin : gen_check
    $error("axis_skid: WIDTH must be at least 1 bit");
  end

  // Two places: the one that is shown, and a spare one for the beat that comes in the clock in which the sink stops.
  logic [WIDTH-1:0] shown_q, spare_q;
  logic shown_valid_q, spare_valid_q;

  logic push, advance;
  assign push    = s_valid_i && s_ready_o;
  assign advance = m_ready_i || !shown_valid_q;

  always_ff @(posedge clk_i) begin
    if (advance && spare_valid_q) shown_q <= spare_q;
    else if (advance && push) shown_q <= s_data_i;
    if (push && !advance) spare_q <= s_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      shown_valid_q <= 1'b0;
      spare_valid_q <= 1'b0;
    end else begin
      if (advance) begin
        shown_valid_q <= spare_valid_q || push;
        spare_valid_q <= 1'b0;
      end else if (push) begin
        spare_valid_q <= 1'b1;
      end
    end
  end

  assign s_ready_o = !spare_valid_q;
  assign m_data_o  = shown_q;
  assign m_valid_o = shown_valid_q;
endmodule

`default_nettype wire
