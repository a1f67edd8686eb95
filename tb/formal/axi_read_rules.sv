// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// What AXI4 asks of a master's read channels, and docs/device.md of this one: the handshake of AR; INCR bursts of full
/// beats that stay within 4096 bytes (A3.4.1); no beat is accepted that was not asked for.
///
/// The environment answers bursts in order, each with as many beats as its ARLEN says, and holds what it offers.
module axi_read_rules #(
    parameter int unsigned COUNT_BITS = 10  // enough for the bursts that are outstanding
) (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic [63:0] araddr_i,
    input wire logic [7:0]  arlen_i,
    input wire logic        arvalid_i,
    input wire logic        arready_i,
    input wire logic        rlast_i,
    input wire logic        rvalid_i,
    input wire logic        rready_i
);
  stream_rules #(
      .WIDTH(72)
  ) i_ar (
      .clk_i,
      .rst_ni,
      .valid_i(arvalid_i),
      .ready_i(arready_i),
      .payload_i({araddr_i, arlen_i})
  );

  `FOURTUPLE_ASSERT(Aligned, !arvalid_i || araddr_i[5:0] == '0);
  `FOURTUPLE_ASSERT(WithinPage, !arvalid_i || 32'(araddr_i[11:6]) + 32'(arlen_i) <= 32'd63);

  logic [COUNT_BITS-1:0] bursts_q;  // asked for, last beat not taken
  logic waits_q, waits_last_q;
  always_ff @(posedge clk_i) begin
    waits_q      <= rst_ni && rvalid_i && !rready_i;
    waits_last_q <= rlast_i;
    if (!rst_ni) bursts_q <= '0;
    else bursts_q <= bursts_q + COUNT_BITS'(arvalid_i && arready_i) - COUNT_BITS'(rvalid_i && rready_i && rlast_i);
  end
  `FOURTUPLE_ASSUME(BeatWasAskedFor, !rvalid_i || bursts_q != '0);
  `FOURTUPLE_ASSUME(BeatIsHeld, !waits_q || (rvalid_i && rlast_i == waits_last_q));
  `FOURTUPLE_COVER(TwoOutstanding, arvalid_i && arready_i && bursts_q != '0);
endmodule

`default_nettype wire
