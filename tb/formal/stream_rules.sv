// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// The handshake of AXI4-Stream (2.2.1) and of each AXI4 channel (A3.2.1): valid stays until ready, and what is offered
/// does not change meanwhile; nothing is offered in the clock after reset.
module stream_rules #(
    parameter int unsigned WIDTH = 8  // bits of payload: all signals beside valid and ready
) (
    input wire logic             clk_i,
    input wire logic             rst_ni,
    input wire logic             valid_i,
    input wire logic             ready_i,
    input wire logic [WIDTH-1:0] payload_i
);
  logic waiting_q, reset_q;
  logic [WIDTH-1:0] payload_q;
  initial reset_q = 1'b0;
  always_ff @(posedge clk_i) begin
    waiting_q <= rst_ni && valid_i && !ready_i;
    reset_q   <= !rst_ni;
    payload_q <= payload_i;
  end

  `FOURTUPLE_ASSERT(ValidHolds, !waiting_q || reset_q || valid_i);
  `FOURTUPLE_ASSERT(PayloadIsStable, !waiting_q || reset_q || payload_i == payload_q);
  `FOURTUPLE_ASSERT(NothingAfterReset, !reset_q || !valid_i);
  `FOURTUPLE_COVER(WaitsAndGoes, waiting_q && valid_i && ready_i);
endmodule

`default_nettype wire
