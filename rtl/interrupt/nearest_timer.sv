// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Says how many clocks may be skipped before the first of several timers acts. It looks for that one whenever a timer
/// has started or stopped, and then counts down with it.
///
/// latency       quiet_o is 0 for LATENCY + 1 clocks after timing_i has changed
/// timing_i      0 for a clock at least between two runs of a timer
/// skip_i        time goes on by skip_i + 1 clocks; 0 unless quiet_o, and at most quiet_clocks_o
/// reset         no timer
module nearest_timer #(
    parameter int unsigned TIMERS = 16  // a power of two
) (
    input  wire logic                 clk_i,
    input  wire logic                 rst_ni,
    input  wire logic [TIMERS-1:0]    timing_i,
    input  wire logic [TIMERS*16-1:0] quiet_clocks_i,  // of each one, while it is timing; less by 1 a clock
    input  wire logic [15:0]          skip_i,
    output logic      [47:0]          quiet_clocks_o,  // with quiet_o; all ones if none is timing
    output logic                      quiet_o
);
  // From the timers to shortest_q: a clock for taking them, one for each level of the tree, one for counting.
  localparam int unsigned LATENCY = $clog2(TIMERS) + 2;

  logic [TIMERS-1:0] timing_q;
  logic [3:0] settle_q;
  logic changed, settling;
  assign changed  = timing_i != timing_q;
  assign settling = settle_q != '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      timing_q <= '0;
      settle_q <= '0;
    end else begin
      timing_q <= timing_i;
      if (changed) settle_q <= 4'(LATENCY);
      else if (settling) settle_q <= settle_q - 1'b1;
    end
  end

  // A tree as in a heap: below word n lie words 2 n + 1 and 2 n + 2, and the timers at its foot.
  logic [16*(2*TIMERS-1)-1:0] tree_q;
  for (genvar n = 0; n < TIMERS - 1; n++) begin : gen_node
    logic [15:0] one, other;
    assign one   = tree_q[16*(2*n+1)+:16];
    assign other = tree_q[16*(2*n+2)+:16];
    always_ff @(posedge clk_i) begin
      if (settling) tree_q[16*n+:16] <= one < other ? one : other;
    end
  end
  for (genvar i = 0; i < TIMERS; i++) begin : gen_timer
    always_ff @(posedge clk_i) begin
      if (settling) tree_q[16*(TIMERS-1+i)+:16] <= timing_i[i] ? quiet_clocks_i[16*i+:16] : '1;
    end
  end

  logic [15:0] shortest_q;
  always_ff @(posedge clk_i) begin
    if (settling) shortest_q <= tree_q[15:0] - 16'(LATENCY);
    else if (timing_i != '0) shortest_q <= shortest_q + ~skip_i;  // - (skip_i + 1)
  end

  assign quiet_clocks_o = timing_i == '0 ? '1 : {32'b0, shortest_q};
  assign quiet_o        = !changed && !settling;
endmodule

`default_nettype wire
