// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// What AXI4 asks of an AXI4-Lite slave (A3.2.1, A3.3.1): a response is offered only behind the address and the data of
/// its write, read data only behind their address; one for each; what is offered stays until it is taken.
///
/// The environment: a master that holds what it offers.
module axil_rules #(
    parameter int unsigned COUNT_BITS = 4  // enough for the accesses that are under way
) (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic [18:0] aw_i,       // address and protection
    input wire logic        awvalid_i,
    input wire logic        awready_i,
    input wire logic [35:0] w_i,        // strobes and data
    input wire logic        wvalid_i,
    input wire logic        wready_i,
    input wire logic [1:0]  bresp_i,
    input wire logic        bvalid_i,
    input wire logic        bready_i,
    input wire logic [18:0] ar_i,
    input wire logic        arvalid_i,
    input wire logic        arready_i,
    input wire logic [31:0] rdata_i,
    input wire logic [1:0]  rresp_i,
    input wire logic        rvalid_i,
    input wire logic        rready_i
);
  stream_rules #(
      .WIDTH(2)
  ) i_b (
      .clk_i,
      .rst_ni,
      .valid_i(bvalid_i),
      .ready_i(bready_i),
      .payload_i(bresp_i)
  );
  stream_rules #(
      .WIDTH(34)
  ) i_r (
      .clk_i,
      .rst_ni,
      .valid_i(rvalid_i),
      .ready_i(rready_i),
      .payload_i({rdata_i, rresp_i})
  );

  logic [COUNT_BITS-1:0] addresses_q, words_q, reads_q;  // taken, not answered
  logic aw_waits_q, w_waits_q, ar_waits_q;
  logic [18:0] aw_q, ar_q;
  logic [35:0] w_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addresses_q <= '0;
      words_q     <= '0;
      reads_q     <= '0;
    end else begin
      addresses_q <= addresses_q + COUNT_BITS'(awvalid_i && awready_i) - COUNT_BITS'(bvalid_i && bready_i);
      words_q     <= words_q + COUNT_BITS'(wvalid_i && wready_i) - COUNT_BITS'(bvalid_i && bready_i);
      reads_q     <= reads_q + COUNT_BITS'(arvalid_i && arready_i) - COUNT_BITS'(rvalid_i && rready_i);
    end
    aw_waits_q <= rst_ni && awvalid_i && !awready_i;
    w_waits_q  <= rst_ni && wvalid_i && !wready_i;
    ar_waits_q <= rst_ni && arvalid_i && !arready_i;
    aw_q       <= aw_i;
    w_q        <= w_i;
    ar_q       <= ar_i;
  end
  `FOURTUPLE_ASSUME(AwHeld, !aw_waits_q || (awvalid_i && aw_i == aw_q));
  `FOURTUPLE_ASSUME(WHeld, !w_waits_q || (wvalid_i && w_i == w_q));
  `FOURTUPLE_ASSUME(ArHeld, !ar_waits_q || (arvalid_i && ar_i == ar_q));

  `FOURTUPLE_ASSERT(ResponseHasWrite, !bvalid_i || (addresses_q != '0 && words_q != '0));
  `FOURTUPLE_ASSERT(DataHaveRead, !rvalid_i || reads_q != '0);
  `FOURTUPLE_ASSERT(FewUnderWay, !(&addresses_q) && !(&words_q) && !(&reads_q));
  `FOURTUPLE_ASSERT(ResponseIsOkayOrSlverr, (!bvalid_i || !bresp_i[0]) && (!rvalid_i || !rresp_i[0]));
  `FOURTUPLE_COVER(AddressFirst, addresses_q > words_q && wvalid_i && wready_i);
  `FOURTUPLE_COVER(DataFirst, words_q > addresses_q && awvalid_i && awready_i);
  `FOURTUPLE_COVER(WriteAnswered, bvalid_i && bready_i);
  `FOURTUPLE_COVER(ReadAnswered, rvalid_i && rready_i);
endmodule

`default_nettype wire
