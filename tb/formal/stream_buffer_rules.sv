// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What every buffer between two streams has to do: what is taken comes out once, unchanged and in order
/// (stream_scoreboard), and what is offered keeps to the handshake (stream_rules). For a proof, traces begin with reset.
module stream_buffer_rules #(
    parameter int unsigned WIDTH = 8,       // bits of a word
    parameter int unsigned COUNT_BITS = 8   // enough for what can be inside
) (
    input  wire logic                  clk_i,
    input  wire logic                  rst_ni,
    input  wire logic                  push_i,       // a word is taken
    input  wire logic [WIDTH-1:0]      push_data_i,
    input  wire logic                  pop_i,        // a word leaves
    input  wire logic                  m_valid_i,
    input  wire logic                  m_ready_i,
    input  wire logic [WIDTH-1:0]      m_data_i,
    input  wire logic                  mark_i,       // follows the word that is taken now; the solver chooses
    output logic      [COUNT_BITS-1:0] inside_o,     // words that were taken and have not left
    output logic                       marked_o,     // the marked word is inside
    output logic      [COUNT_BITS-1:0] ahead_o,      // words that leave before it
    output logic      [WIDTH-1:0]      value_o       // its content
);
  stream_scoreboard #(
      .WIDTH(WIDTH),
      .COUNT_BITS(COUNT_BITS)
  ) i_scoreboard (
      .clk_i,
      .rst_ni,
      .push_i,
      .push_data_i,
      .pop_i,
      .pop_data_i(m_data_i),
      .mark_i,
      .inside_o,
      .marked_o,
      .ahead_o,
      .value_o
  );
  stream_rules #(
      .WIDTH(WIDTH)
  ) i_rules (
      .clk_i,
      .rst_ni,
      .valid_i(m_valid_i),
      .ready_i(m_ready_i),
      .payload_i(m_data_i)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );
endmodule

`default_nettype wire
