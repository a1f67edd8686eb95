// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// interrupt_moderation fires only while armed, once for each arming, and only after a completion that is not below the
/// armed index has been handed to the bus: with axi_write_master_proof, an interrupt is written behind its completion. Its
/// limit of time comes nearer by n + 1 in a clock with skip n.
module interrupt_moderation_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic        start_i,
    input wire logic        arm_i,
    input wire logic [15:0] arm_index_i,
    input wire logic [15:0] tail_i,
    input wire logic [15:0] completions_i,
    input wire logic [15:0] clocks_i,
    input wire logic [15:0] skip_i
);
  logic fire, timing, quiet;
  logic [15:0] quiet_clocks;
  interrupt_moderation i_moderation (
      .clk_i,
      .rst_ni,
      .start_i,
`ifdef BUG_ARMS_ITSELF
      .arm_i(arm_i || tail_i == 16'd7),
`else
      .arm_i,
`endif
      .arm_index_i,
      .tail_i,
      .completions_i,
      .clocks_i,
      .fire_o(fire),
`ifdef BUG_SKIPS_ONE_MORE
      .skip_i(skip_i == '0 ? skip_i : skip_i + 1'b1),
`else
      .skip_i,
`endif
      .timing_o(timing),
      .quiet_clocks_o(quiet_clocks),
      .quiet_o(quiet)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );
  `FOURTUPLE_ASSUME(SkipsOnlyWhenQuiet, skip_i == '0 || (quiet && (!timing || skip_i <= quiet_clocks)));

  logic armed_q, new_q, some;
  logic [15:0] index_q, ahead;
  assign ahead = tail_i - index_q;
  assign some  = ahead != '0 && ahead <= 16'h8000;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      armed_q <= 1'b0;
      new_q   <= 1'b0;
    end else if (arm_i) begin
      armed_q <= 1'b1;
      new_q   <= 1'b0;
    end else begin
      if (fire) armed_q <= 1'b0;
      if (armed_q && some) new_q <= 1'b1;
    end
    if (arm_i) index_q <= arm_index_i;
  end
  `FOURTUPLE_ASSERT(FiresWhenArmed, !fire || armed_q);
  `FOURTUPLE_ASSERT(FiresBehindCompletion, !fire || new_q);
  `FOURTUPLE_COVER(Fires, fire);

  logic [16:0] elapsed_q;
  logic [15:0] limit_q;
  always_ff @(posedge clk_i) begin
    if (!timing) limit_q <= clocks_i;
    elapsed_q <= timing ? elapsed_q + 17'(skip_i) + 17'd1 : '0;
  end
  `FOURTUPLE_ASSERT(TimeIsExact,
                    !timing || (17'(limit_q) > elapsed_q ? 17'(quiet_clocks) + elapsed_q + 17'd1 == 17'(limit_q)
                                                         : quiet_clocks == 16'hffff));
  `FOURTUPLE_COVER(FiresAfterSkip, fire && limit_q == 16'd40);
endmodule

`default_nettype wire
