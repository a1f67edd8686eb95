// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Lines of the connection table: four entries and a tag. Each of the five is a memory of its own, so
/// one can be written without a word about the others, and nothing has to lead what is read back to
/// where it is written: those would be the widest wires of the table.
///
/// latency       2 clocks from a read to its line; the line stays until the port's next read
/// throughput    1 access per clock on each port
/// collisions    what port a reads of an entry or a tag that port b writes in the same clock is undefined
/// reset         none: the content is unknown until it is written
module connection_memory #(
    parameter int unsigned TAG_BITS   = 9,  // what the line carries besides its entries
    parameter int unsigned LINES_LOG2 = 8   // log2 of the lines
) (
    input  wire logic                  clk_i,
    input  wire logic                  a_read_i,
    input  wire logic [LINES_LOG2-1:0] a_address_i,
    output logic      [         535:0] a_entries_o,
    output logic      [  TAG_BITS-1:0] a_tag_o,
    input  wire logic                  b_read_i,           // not together with a write
    input  wire logic [           3:0] b_write_entries_i,  // each its own
    input  wire logic                  b_write_tag_i,
    input  wire logic [LINES_LOG2-1:0] b_address_i,
    input  wire logic [         535:0] b_entries_i,
    input  wire logic [  TAG_BITS-1:0] b_tag_i,
    output logic      [         535:0] b_entries_o,
    output logic      [  TAG_BITS-1:0] b_tag_o,
    output logic                       quiet_o
);
  // All of them are read together.
  logic [3:0] unused_quiet;

  for (genvar entry = 0; entry < 4; entry++) begin : gen_entry
    ram_1rw1r #(
        .WIDTH     (134),
        .WORDS_LOG2(LINES_LOG2)
    ) i_ram (
        .clk_i,
        .a_read_i,
        .a_address_i,
        .a_data_o   (a_entries_o[134*entry+:134]),
        .b_read_i,
        .b_write_i  (b_write_entries_i[entry]),
        .b_address_i,
        .b_data_i   (b_entries_i[134*entry+:134]),
        .b_data_o   (b_entries_o[134*entry+:134]),
        .quiet_o    (unused_quiet[entry]));
  end

  ram_1rw1r #(
      .WIDTH     (TAG_BITS),
      .WORDS_LOG2(LINES_LOG2)
  ) i_tags (
      .clk_i,
      .a_read_i,
      .a_address_i,
      .a_data_o   (a_tag_o),
      .b_read_i,
      .b_write_i  (b_write_tag_i),
      .b_address_i,
      .b_data_i   (b_tag_i),
      .b_data_o   (b_tag_o),
      .quiet_o);
endmodule

`default_nettype wire
