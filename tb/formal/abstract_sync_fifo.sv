// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Instead of sync_fifo: gives any words at any time once one was put in, but what all words had in common that were put in is so in
/// them too. Takes the first one at once. sync_fifo_proof shows more than that of the FIFO.
module sync_fifo #(
    parameter int unsigned WIDTH = 64,
    parameter int unsigned DEPTH_LOG2 = 4
) (
    input  wire logic             clk_i,
    input  wire logic             rst_ni,
    input  wire logic [WIDTH-1:0] s_data_i,
    input  wire logic             s_valid_i,
    output logic                  s_ready_o,
    output logic      [WIDTH-1:0] m_data_o,
    output logic                  m_valid_o,
    input  wire logic             m_ready_i,
    output logic                  empty_o
);
  (* anyseq *) logic [WIDTH-1:0] any_word;
  (* anyseq *) logic any_ready, any_valid, any_empty;
  logic put_q;
  logic [WIDTH-1:0] one_in_all_q, one_in_some_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      put_q         <= 1'b0;
      one_in_all_q  <= '1;
      one_in_some_q <= '0;
    end else if (s_valid_i && s_ready_o) begin
      put_q         <= 1'b1;
      one_in_all_q  <= one_in_all_q & s_data_i;
      one_in_some_q <= one_in_some_q | s_data_i;
    end
  end
  assign s_ready_o = any_ready || !put_q;
  assign m_valid_o = any_valid && put_q;
  assign m_data_o  = m_valid_o ? (any_word & one_in_some_q) | one_in_all_q : any_word;
  assign empty_o   = any_empty;

  logic unused;
  assign unused = ^{m_ready_i, DEPTH_LOG2};
endmodule

`default_nettype wire
