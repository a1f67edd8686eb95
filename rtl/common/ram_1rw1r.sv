// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Memory with one port that reads and one that reads or writes, each with an output register: a
/// true dual-port block RAM.
///
/// latency       2 clocks from an enabled read to its data; the data stay until the port's next
///               read
/// throughput    1 access per clock on each port
/// collisions    what port a reads of the word that port b writes in the same clock is undefined: memories
///               differ there, and where they do not do what is asked for, synthesis adds registers and a
///               multiplexer for each bit. With RAM_COLLISIONS_INVERT, for simulation and proofs, it is the
///               old word inverted.
/// reset         none: the content is unknown until it is written
/// quiet         quiet_o: no read is on its way to an output register
module ram_1rw1r #(
    parameter int unsigned WIDTH      = 64,  // bits of a word
    parameter int unsigned WORDS_LOG2 = 10   // log2 of the words
) (
    input  wire logic                  clk_i,
    input  wire logic                  a_read_i,
    input  wire logic [WORDS_LOG2-1:0] a_address_i,
    output logic      [     WIDTH-1:0] a_data_o,
    input  wire logic                  b_read_i,
    input  wire logic                  b_write_i,    // not together with b_read_i
    input  wire logic [WORDS_LOG2-1:0] b_address_i,
    input  wire logic [     WIDTH-1:0] b_data_i,
    output logic      [     WIDTH-1:0] b_data_o,
    output logic                       quiet_o
);
  (* no_rw_check *)
  logic [WIDTH-1:0] memory[1<<WORDS_LOG2];
  logic [WIDTH-1:0] a_word_q, a_out_q, b_word_q, b_out_q;
  logic a_read_q, b_read_q;

  always_ff @(posedge clk_i) begin
    if (a_read_i) a_word_q <= memory[a_address_i];
`ifdef RAM_COLLISIONS_INVERT
    if (a_read_i && b_write_i && a_address_i == b_address_i) a_word_q <= ~memory[a_address_i];
`endif
  end

  // A write reads as well, into a word that nobody takes: so do block RAMs, and no logic is needed
  // around them.
  always_ff @(posedge clk_i) begin
    if (b_read_i || b_write_i) b_word_q <= memory[b_address_i];
    if (b_write_i) memory[b_address_i] <= b_data_i;
  end

  always_ff @(posedge clk_i) begin
    a_read_q <= a_read_i;
    b_read_q <= b_read_i;
    if (a_read_q) a_out_q <= a_word_q;
    if (b_read_q) b_out_q <= b_word_q;
  end

  assign a_data_o = a_out_q;
  assign b_data_o = b_out_q;
  assign quiet_o  = !a_read_q && !b_read_q;
endmodule

`default_nettype wire
