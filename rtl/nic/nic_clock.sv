// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The device's clock counter.
///
/// now_o is the number of clocks since reset at the clock before: one clock late, to keep the carry short. Who
/// registers its inputs and uses now_o for them has the exact time, also in the clock after one that stood for skip_i
/// + 1 clocks.
///
/// reset  0
module nic_clock (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic [47:0] skip_i,
    output logic      [63:0] now_o
);
  logic [31:0] low_q, low_shown_q, high_q;
  logic [15:0] skip_high_q;
  logic carry_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      low_q       <= '0;
      low_shown_q <= '0;
      high_q      <= '0;
      carry_q     <= 1'b0;
      skip_high_q <= '0;
    end else begin
      {carry_q, low_q} <= {1'b0, low_q} - {1'b1, ~skip_i[31:0]};  // + skip_i + 1
      skip_high_q      <= skip_i[47:32];
      low_shown_q      <= low_q;
      high_q           <= high_q + {16'b0, skip_high_q} + 32'(carry_q);
    end
  end

  assign now_o = {high_q, low_shown_q};
endmodule

`default_nettype wire
