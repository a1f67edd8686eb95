// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Instead of delay_line: any words, in the clocks in which the delayed ones come.
module delay_line #(
    parameter int unsigned WIDTH  = 64,
    parameter int unsigned CLOCKS = 16
) (
    input  wire logic             clk_i,
    input  wire logic             rst_ni,
    input  wire logic [WIDTH-1:0] s_data_i,
    input  wire logic             s_valid_i,
    output logic      [WIDTH-1:0] m_data_o,
    output logic                  m_valid_o,
    output logic                  empty_o
);
  (* anyseq *) logic [WIDTH-1:0] any_word;
  logic [CLOCKS-1:0] valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[CLOCKS-2:0], s_valid_i};
    if (valid_q[CLOCKS-2]) m_data_o <= any_word;
  end
  assign m_valid_o = valid_q[CLOCKS-1];
  assign empty_o   = valid_q == '0;

  // Stands for the words inside: something else once one comes.
  (* anyseq *) logic any_content;
  (* keep *) logic content_q;
  always_ff @(posedge clk_i) if (s_valid_i) content_q <= any_content;

  logic unused;
  assign unused = ^s_data_i;
endmodule

`default_nettype wire
