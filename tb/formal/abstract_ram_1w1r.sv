// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Instead of ram_1w1r: a read gives any word, whatever was written. What holds then holds for every content.
module ram_1w1r #(
    parameter int unsigned WIDTH = 512,
    parameter int unsigned DEPTH_LOG2 = 10,
    parameter bit COLLISIONS = 1'b0
) (
    input  wire logic                  clk_i,
    input  wire logic                  write_enable_i,
    input  wire logic [DEPTH_LOG2-1:0] write_address_i,
    input  wire logic [WIDTH-1:0]      write_data_i,
    input  wire logic                  read_enable_i,
    input  wire logic [DEPTH_LOG2-1:0] read_address_i,
    output logic      [WIDTH-1:0]      read_data_o
);
  (* anyseq *) logic [WIDTH-1:0] any_word;
  always_ff @(posedge clk_i) if (read_enable_i) read_data_o <= any_word;

  // Stands for the content: something else once there is a write.
  (* anyseq *) logic any_content;
  (* keep *) logic content_q;
  always_ff @(posedge clk_i) if (write_enable_i) content_q <= any_content;

  logic unused;
  assign unused = ^{write_address_i, write_data_i, read_address_i, COLLISIONS};
endmodule

`default_nettype wire
