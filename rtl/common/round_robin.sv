// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Chooses one of several that want something, each in its turn: the next one behind the one that
/// was taken last.
///
/// latency       none: the choice is of the same clock
/// throughput    one choice per clock
/// backpressure  the turn only moves when taken_i says that the choice was used
/// reset         queue 0 is first
module round_robin #(
    parameter int unsigned QUEUES = 16
) (
    input  wire logic              clk_i,
    input  wire logic              rst_ni,
    input  wire logic [QUEUES-1:0] want_i,
    input  wire logic              taken_i,
    output logic      [       4:0] queue_o,  // if any wants
    output logic                   any_o
);
  logic [QUEUES-1:0] behind_q;  // those behind the one that was taken last
  logic [QUEUES-1:0] later;
  logic [4:0] first, first_later;
  assign later = want_i & behind_q;

  always_comb begin
    first       = 5'd0;
    first_later = 5'd0;
    for (int queue = QUEUES - 1; queue >= 0; queue--) begin
      if (want_i[queue]) first = 5'(queue);
      if (later[queue]) first_later = 5'(queue);
    end
  end
  assign queue_o = (|later) ? first_later : first;
  assign any_o   = |want_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) behind_q <= '0;
    else if (taken_i) begin
      for (int unsigned queue = 0; queue < QUEUES; queue++) begin
        behind_q[queue] <= 5'(queue) > queue_o;
      end
    end
  end
endmodule

`default_nettype wire
