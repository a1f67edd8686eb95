// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// What AXI4 asks of a master's write channels, and docs/device.md of this one: the handshakes; INCR bursts of full
/// beats that stay within 4096 bytes (A3.4.1); as many beats as AWLEN says, WLAST with the last of them.
module axi_write_rules #(
    parameter int unsigned COUNT_BITS = 8  // enough for the bursts whose address and data are apart, both ways
) (
    input wire logic         clk_i,
    input wire logic         rst_ni,
    input wire logic [63:0]  awaddr_i,
    input wire logic [7:0]   awlen_i,
    input wire logic         awvalid_i,
    input wire logic         awready_i,
    input wire logic [511:0] wdata_i,
    input wire logic [63:0]  wstrb_i,
    input wire logic         wlast_i,
    input wire logic         wvalid_i,
    input wire logic         wready_i,
    input wire logic         mark_i    // follows the burst whose address goes now; the solver or a bench chooses
);
  stream_rules #(
      .WIDTH(72)
  ) i_aw (
      .clk_i,
      .rst_ni,
      .valid_i(awvalid_i),
      .ready_i(awready_i),
      .payload_i({awaddr_i, awlen_i})
  );
  stream_rules #(
      .WIDTH(577)
  ) i_w (
      .clk_i,
      .rst_ni,
      .valid_i(wvalid_i),
      .ready_i(wready_i),
      .payload_i({wdata_i, wstrb_i, wlast_i})
  );

  `FOURTUPLE_ASSERT(Aligned, !awvalid_i || awaddr_i[5:0] == '0);
  `FOURTUPLE_ASSERT(WithinPage, !awvalid_i || 32'(awaddr_i[11:6]) + 32'(awlen_i) <= 32'd63);

  // An address and its data may go in any order. Two bursts are followed: one whose address goes before the end of its
  // data, one whose data go first.
  logic aw, w_end;
  logic signed [COUNT_BITS-1:0] lead_q;  // addresses that have gone less bursts whose data have
  logic [7:0] beats_q;                   // beats of the present burst that have gone
  assign aw    = awvalid_i && awready_i;
  assign w_end = wvalid_i && wready_i && wlast_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      lead_q  <= '0;
      beats_q <= '0;
    end else begin
      lead_q <= lead_q + COUNT_BITS'(aw) - COUNT_BITS'(w_end);
      if (wvalid_i && wready_i) beats_q <= wlast_i ? '0 : beats_q + 1'b1;
    end
  end
  `FOURTUPLE_ASSERT(BothInOneClock, !(aw && w_end && lead_q == '0) || awlen_i == beats_q);

  logic address_first_q;
  logic [COUNT_BITS-1:0] data_ahead_q;
  logic [7:0] len_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_first_q <= 1'b0;
    end else if (!address_first_q && aw && mark_i && lead_q >= 0 && !(w_end && lead_q == '0)) begin
      address_first_q <= 1'b1;
      data_ahead_q    <= lead_q - COUNT_BITS'(w_end);
      len_q           <= awlen_i;
    end else if (address_first_q && w_end) begin
      if (data_ahead_q == '0) address_first_q <= 1'b0;
      else data_ahead_q <= data_ahead_q - 1'b1;
    end
  end
  logic at_marked;
  assign at_marked = address_first_q && data_ahead_q == '0 && wvalid_i;
  `FOURTUPLE_ASSERT(LastWhereLenSays, !at_marked || wlast_i == (beats_q == len_q));

  logic data_first_q;
  logic [COUNT_BITS-1:0] addresses_ahead_q;
  logic [7:0] data_len_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      data_first_q <= 1'b0;
    end else if (!data_first_q && w_end && mark_i && lead_q <= 0 && !(aw && lead_q == '0)) begin
      data_first_q      <= 1'b1;
      addresses_ahead_q <= -lead_q - COUNT_BITS'(aw);
      data_len_q        <= beats_q;
    end else if (data_first_q && aw) begin
      if (addresses_ahead_q == '0) data_first_q <= 1'b0;
      else addresses_ahead_q <= addresses_ahead_q - 1'b1;
    end
  end
  `FOURTUPLE_ASSERT(LenOfWhatWent, !(data_first_q && aw && addresses_ahead_q == '0) || awlen_i == data_len_q);

  `FOURTUPLE_COVER(AddressFirst, at_marked && wready_i && wlast_i && len_q == 8'd1);
  `FOURTUPLE_COVER(DataFirst, data_first_q && aw && addresses_ahead_q == '0 && awlen_i == 8'd1);
endmodule

`default_nettype wire
