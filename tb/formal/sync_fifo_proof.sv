// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// sync_fifo loses nothing, doubles nothing, keeps the order, and says truly when it is empty or full.
module sync_fifo_proof #(
    parameter int unsigned WIDTH = 4
) (
    input wire logic             clk_i,
    input wire logic             rst_ni,
    input wire logic             mark_i,
    input wire logic [WIDTH-1:0] s_data_i,
    input wire logic             s_valid_i,
    input wire logic             m_ready_i
);
  localparam int unsigned DepthLog2 = 2;

  logic s_ready, m_valid, empty;
  logic [WIDTH-1:0] m_data;
  sync_fifo #(
      .WIDTH(WIDTH),
      .DEPTH_LOG2(DepthLog2)
  ) i_fifo (
      .clk_i,
      .rst_ni,
      .s_data_i,
      .s_valid_i,
      .s_ready_o(s_ready),
      .m_data_o(m_data),
      .m_valid_o(m_valid),
`ifdef BUG_POPS_TWICE
      .m_ready_i(m_ready_i || (m_data == 4'd9)),
`else
      .m_ready_i,
`endif
      .empty_o(empty)
  );

  logic push, pop;
`ifdef BUG_LOSES_WHEN_FULL
  assign push = s_valid_i;
`else
  assign push = s_valid_i && s_ready;
`endif
  assign pop = m_valid && m_ready_i;

  logic [3:0] inside, ahead;
  logic [WIDTH-1:0] value;
  logic marked;
  stream_buffer_rules #(
      .WIDTH(WIDTH),
      .COUNT_BITS(4)
  ) i_rules (
      .clk_i,
      .rst_ni,
      .push_i(push),
      .push_data_i(s_data_i),
      .pop_i(pop),
      .m_valid_i(m_valid),
      .m_ready_i,
      .m_data_i(m_data),
      .mark_i,
      .inside_o(inside),
      .marked_o(marked),
      .ahead_o(ahead),
      .value_o(value)
  );

  `FOURTUPLE_ASSERT(EmptyIsTrue, empty == (inside == '0));
  `FOURTUPLE_ASSERT(FullIsTrue, s_ready || inside >= 4'd4);
  `FOURTUPLE_ASSERT(NeverTooMany, inside <= 4'd5);
  `FOURTUPLE_COVER(Full, inside == 4'd5);

  // A word that is inside is shown one clock later.
  logic was_inside_q;
  always_ff @(posedge clk_i) was_inside_q <= rst_ni && inside != '0 && !pop;
  `FOURTUPLE_ASSERT(IsShown, !was_inside_q || m_valid);

  // What makes it inductive: where the words are.
  `FOURTUPLE_PROBE(2, write_address, i_fifo.write_q)
  `FOURTUPLE_PROBE(2, read_address, i_fifo.read_q)
  `FOURTUPLE_PROBE(3, level, i_fifo.level_q)
  `FOURTUPLE_PROBE(1, stored, i_fifo.stored_q)
  `FOURTUPLE_PROBE(4, word_0, i_fifo.i_ram.memory[0])
  `FOURTUPLE_PROBE(4, word_1, i_fifo.i_ram.memory[1])
  `FOURTUPLE_PROBE(4, word_2, i_fifo.i_ram.memory[2])
  `FOURTUPLE_PROBE(4, word_3, i_fifo.i_ram.memory[3])
  logic [4*WIDTH-1:0] words;
  logic [1:0] marked_address;
  logic [WIDTH-1:0] marked_word;
  assign words = {word_3, word_2, word_1, word_0};
  assign marked_address = read_address + ahead[1:0] - {1'b0, m_valid};
  assign marked_word = words[WIDTH*marked_address+:WIDTH];
  `FOURTUPLE_ASSERT(LevelIsTrue, 4'(level) + 4'(m_valid) == inside && level <= 3'd4);
  `FOURTUPLE_ASSERT(StoredIsTrue, stored == (level != '0));
  `FOURTUPLE_ASSERT(AddressesAgree, write_address == read_address + level[1:0]);
  `FOURTUPLE_ASSERT(MarkedIsThere, !marked || (m_valid && ahead == '0 ? m_data : marked_word) == value);
endmodule

`default_nettype wire
