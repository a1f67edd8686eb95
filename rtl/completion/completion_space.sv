// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts the free records of the completion ring: those that are neither promised to a completion nor unread by the
/// host.
///
/// latency       available_o comes from a register; space that the host gives back counts after 2 clocks
/// throughput    1 record per clock
/// reset         no space until start_i
module completion_space (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        start_i,         // count from 0 with all entries free
    input  wire logic [4:0]  entries_log2_i,
    input  wire logic [15:0] head_i,          // free-running, written by the host
    output logic             available_o,
    input  wire logic        take_i,          // one; only while available_o
    output logic             quiet_o
);
  logic [15:0] free_q;
  logic taken_q;  // counted one clock late, to keep the caller's decision and the count apart

  logic returned_valid, returned_quiet;
  logic [15:0] minus_returned, used;
  ring_returned #(
      .WIDTH(16)
  ) i_returned (
      .clk_i,
      .rst_ni,
      .start_i,
      .head_i,
      .valid_o(returned_valid),
      .minus_returned_o(minus_returned),
      .taken_i(returned_valid && !taken_q),
      .quiet_o(returned_quiet)
  );

  assign used = taken_q ? 16'd1 : minus_returned;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) free_q <= '0;
    else if (start_i) free_q <= 16'(32'h1 << entries_log2_i);
    else if (taken_q || returned_valid) free_q <= free_q - used;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) taken_q <= 1'b0;
    else taken_q <= take_i;
  end

  assign available_o = |free_q[15:1] || (free_q[0] && !taken_q);
  assign quiet_o     = returned_quiet && !taken_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) OnlyWhatIsThere : assert (!take_i || available_o);
  end
endmodule

`default_nettype wire
