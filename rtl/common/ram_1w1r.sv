// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Memory with one write and one read port on one clock. Infers block RAM, or distributed RAM if it is small.
///
/// latency       a read is answered 1 clock after read_enable_i; the answer stays until the next read
/// throughput    one write and one read per clock
/// collision     what a read of the address that is written in the same clock gives is undefined: users do not read it, or
///               do not use it, and say so in an assertion. (The old content would cost registers and a multiplexer around
///               block RAM that does not do so itself.) With RAM_COLLISIONS_INVERT, for simulation and proofs, it is the old
///               content inverted.
/// reset         none: the content is undefined until it is written
module ram_1w1r #(
    parameter int unsigned WIDTH = 512,     // bits of a word
    parameter int unsigned DEPTH_LOG2 = 10  // log2 of the words
) (
    input  wire logic                  clk_i,
    input  wire logic                  write_enable_i,
    input  wire logic [DEPTH_LOG2-1:0] write_address_i,
    input  wire logic [WIDTH-1:0]      write_data_i,
    input  wire logic                  read_enable_i,
    input  wire logic [DEPTH_LOG2-1:0] read_address_i,
    output logic      [WIDTH-1:0]      read_data_o
);
  if (WIDTH == 0 || DEPTH_LOG2 == 0) begin : gen_check
    $error("ram_1w1r: WIDTH and DEPTH_LOG2 must be at least 1");
  end

  (* no_rw_check *)
  logic [WIDTH-1:0] memory[2**DEPTH_LOG2];

  always_ff @(posedge clk_i) begin
    if (write_enable_i) memory[write_address_i] <= write_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (read_enable_i) read_data_o <= memory[read_address_i];
`ifdef RAM_COLLISIONS_INVERT
    if (read_enable_i && write_enable_i && read_address_i == write_address_i) read_data_o <= ~memory[read_address_i];
`endif
  end
endmodule

`default_nettype wire
