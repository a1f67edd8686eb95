// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Instead of ram_1rw1r: as abstract_ram_1w1r.sv.
module ram_1rw1r #(
    parameter int unsigned WIDTH = 64,
    parameter int unsigned WORDS_LOG2 = 10
) (
    input  wire logic                  clk_i,
    input  wire logic                  a_read_i,
    input  wire logic [WORDS_LOG2-1:0] a_address_i,
    output logic      [     WIDTH-1:0] a_data_o,
    input  wire logic                  b_read_i,
    input  wire logic                  b_write_i,
    input  wire logic [WORDS_LOG2-1:0] b_address_i,
    input  wire logic [     WIDTH-1:0] b_data_i,
    output logic      [     WIDTH-1:0] b_data_o,
    output logic                       quiet_o
);
  (* anyseq *) logic [WIDTH-1:0] any_a, any_b;
  logic a_read_q, b_read_q;
  always_ff @(posedge clk_i) begin
    a_read_q <= a_read_i;
    b_read_q <= b_read_i;
    if (a_read_q) a_data_o <= any_a;
    if (b_read_q) b_data_o <= any_b;
  end
  assign quiet_o = !a_read_q && !b_read_q;

  // Stands for the content: something else once there is a write.
  (* anyseq *) logic any_content;
  (* keep *) logic content_q;
  always_ff @(posedge clk_i) if (b_write_i) content_q <= any_content;

  logic unused;
  assign unused = ^{a_address_i, b_address_i, b_data_i};
endmodule

`default_nettype wire
