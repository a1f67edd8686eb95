// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Keeps each queue's latest transmit completion until it gets a place in the queue's completion ring, and offers them
/// by turns.
///
/// latency       2 clocks from valid_i to the offer
/// throughput    1 completion per clock in, 1 per 2 clocks out
/// backpressure  a completion that waits is replaced by the next one of its queue
/// reset         none waits
module rx_transmit_records #(
    parameter int unsigned QUEUES = 16  // a power of two, 1 to 16
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic         valid_i,
    input  wire logic [3:0]   queue_i,
    input  wire logic [15:0]  index_i,
    input  wire logic [47:0]  timestamp_i,
    output logic [QUEUES-1:0] waits_o,
    input  wire logic [QUEUES-1:0] room_i,  // there is a place, or nobody looks at it
    output logic [QUEUES-1:0] offered_o,    // at most one; from a register
    output logic [15:0]       index_o,      // of the one that is offered
    output logic [47:0]       timestamp_o,
    input  wire logic [QUEUES-1:0] taken_i, // the one that is offered, or none
    output logic              quiet_o
);
  // An offer is made anew after each one that was taken, because it may be out of date.
  logic [QUEUES-1:0] waits_q, served_q, offered_q, candidates, first, arriving;
  logic taken;
  assign candidates = waits_q & room_i & ~served_q;
  assign first      = candidates & (~candidates + 1'b1);  // needed only if none is taken
  assign taken      = |taken_i;
  always_comb begin
    for (int unsigned i = 0; i < QUEUES; i++) arriving[i] = valid_i && queue_i == 4'(i);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waits_q   <= '0;
      served_q  <= '0;
      offered_q <= '0;
    end else begin
      waits_q   <= (waits_q & ~taken_i) | arriving;
      offered_q <= taken ? '0 : first;
      // Those that were served wait until the others have been.
      if ((candidates & ~taken_i) == '0) served_q <= '0;
      else served_q <= served_q | taken_i;
    end
  end

  logic [QUEUES*64-1:0] kept_q;
  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < QUEUES; i++) if (arriving[i]) kept_q[64*i+:64] <= {index_i, timestamp_i};
  end
  always_comb begin
    {index_o, timestamp_o} = '0;
    for (int unsigned i = 0; i < QUEUES; i++) begin
      {index_o, timestamp_o} = {index_o, timestamp_o} | (kept_q[64*i+:64] & {64{offered_q[i]}});
    end
  end

  assign waits_o   = waits_q;
  assign offered_o = offered_q;
  // One without a place waits for the host.
  assign quiet_o   = !valid_i && (waits_q & room_i) == '0 && served_q == '0 && offered_q == '0;
endmodule

`default_nettype wire
