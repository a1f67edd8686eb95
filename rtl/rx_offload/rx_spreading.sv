// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The indirection table: which queue a frame with this hash goes to. docs/device.md, Queues.
///
/// latency       LATENCY_CLOCKS from hash_valid_i to queue_o
/// throughput    1 hash per clock
/// backpressure  none
/// reset         none: there is no valid bit in here
module rx_spreading #(
    parameter int unsigned LATENCY_CLOCKS = 7  // 3 or more
) (
    input  wire logic         clk_i,
    input  wire logic [511:0] indirection_i,  // entry n in bits 4n+3:4n; whoever changes it takes what comes meanwhile
    input  wire logic         hash_valid_i,
    input  wire logic [6:0]   hash_i,         // the lowest bits
    output logic      [3:0]   queue_o
);
  if (LATENCY_CLOCKS < 3) begin : gen_check
    $error("rx_spreading: LATENCY_CLOCKS must be at least 3");
  end

  // First the entry of each eight, then the one of sixteen that it is; then it waits.
  logic valid_q;
  logic [3:0] word_q;
  logic [63:0] entries_q;
  logic [4*(LATENCY_CLOCKS-1)-1:0] waiting_q;

  always_ff @(posedge clk_i) begin
    valid_q <= hash_valid_i;
    if (hash_valid_i) begin
      word_q <= hash_i[6:3];
      for (int unsigned i = 0; i < 16; i++) entries_q[4*i+:4] <= indirection_i[32*i+4*hash_i[2:0]+:4];
    end
    if (valid_q) waiting_q[3:0] <= entries_q[4*word_q+:4];
    waiting_q[4*(LATENCY_CLOCKS-1)-1:4] <= waiting_q[4*(LATENCY_CLOCKS-2)-1:0];
  end

  assign queue_o = waiting_q[4*(LATENCY_CLOCKS-1)-1-:4];
endmodule

`default_nettype wire
