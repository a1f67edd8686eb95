// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The overflow lines that no bucket uses. Lines that were never used since clear_i are counted up;
/// lines that were given back lie on a stack and go out first.
///
/// latency       line_o and available_o are right 3 clocks after take_i, give_i or clear_i; until 2 clocks after
///               take_i line_o is the line that was taken
/// throughput    one of take_i, give_i, clear_i every 3 clocks
/// backpressure  available_o; take_i without it is not allowed
/// reset         needs clear_i afterwards
module overflow_pool #(
    parameter int unsigned LINES_LOG2 = 8  // log2 of the lines
) (
    input  wire logic                  clk_i,
    input  wire logic                  clear_i,      // every line is free
    input  wire logic                  take_i,       // line_o is in use from now on
    input  wire logic                  give_i,       // given_line_i is free from now on
    input  wire logic [LINES_LOG2-1:0] given_line_i,
    output logic                       available_o,
    output logic      [LINES_LOG2-1:0] line_o,
    output logic      [  LINES_LOG2:0] used_o,       // lines in use
    output logic                       quiet_o
);
  logic [LINES_LOG2-1:0] stack[1<<LINES_LOG2];
  logic [LINES_LOG2-1:0] top_q;
  logic [LINES_LOG2:0] fresh_q, stacked_q, used_q;
  logic stack_empty, refresh_q, available_q;
  logic [LINES_LOG2-1:0] line_q;
  logic settle_q;

  logic [LINES_LOG2-1:0] top_address;
  assign stack_empty = stacked_q == '0;
  assign top_address = stacked_q[LINES_LOG2-1:0] - 1'b1;

  always_ff @(posedge clk_i) begin
    if (give_i) stack[stacked_q[LINES_LOG2-1:0]] <= given_line_i;
  end

  always_ff @(posedge clk_i) begin
    if (refresh_q) top_q <= stack[top_address];
  end

  always_ff @(posedge clk_i) begin
    refresh_q <= take_i || give_i || clear_i;
    settle_q  <= refresh_q;
    if (clear_i) begin
      fresh_q   <= '0;
      stacked_q <= '0;
      used_q    <= '0;
    end else if (give_i) begin
      stacked_q <= stacked_q + 1'b1;
      used_q    <= used_q - 1'b1;
    end else if (take_i) begin
      used_q <= used_q + 1'b1;
      if (stack_empty) fresh_q <= fresh_q + 1'b1;
      else stacked_q <= stacked_q - 1'b1;
    end
    if (settle_q) begin
      available_q <= !stack_empty || !fresh_q[LINES_LOG2];
      line_q      <= stack_empty ? fresh_q[LINES_LOG2-1:0] : top_q;
    end
  end

  assign available_o = available_q;
  assign line_o      = line_q;
  assign used_o      = used_q;
  assign quiet_o     = !refresh_q && !settle_q;

  always_ff @(posedge clk_i) begin
    if (take_i) TakenIsThere : assert (available_q && !refresh_q && !settle_q);
  end
endmodule

`default_nettype wire
