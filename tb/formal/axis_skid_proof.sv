// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// axis_skid loses nothing, doubles nothing and keeps the order, one beat a clock.
module axis_skid_proof #(
    parameter int unsigned WIDTH = 8
) (
    input wire logic             clk_i,
    input wire logic             rst_ni,
    input wire logic             mark_i,
    input wire logic [WIDTH-1:0] s_data_i,
    input wire logic             s_valid_i,
    input wire logic             m_ready_i
);
  logic s_ready, m_valid;
  logic [WIDTH-1:0] m_data;
  axis_skid #(
      .WIDTH(WIDTH)
  ) i_skid (
      .clk_i,
      .rst_ni,
`ifdef BUG_CHANGES_DATA
      .s_data_i({s_data_i[WIDTH-1:1], s_data_i[0] || !m_ready_i}),
`else
      .s_data_i,
`endif
      .s_valid_i,
      .s_ready_o(s_ready),
      .m_data_o(m_data),
      .m_valid_o(m_valid),
      .m_ready_i
  );

  logic push, pop;
  assign push = s_valid_i && s_ready;
`ifdef BUG_POPS_LATE
  assign pop = m_valid && m_ready_i && !s_valid_i;
`else
  assign pop = m_valid && m_ready_i;
`endif

  logic [1:0] inside, ahead;
  logic [WIDTH-1:0] value;
  logic marked;
  stream_buffer_rules #(
      .WIDTH(WIDTH),
      .COUNT_BITS(2)
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

  `FOURTUPLE_ASSERT(ShownIfInside, m_valid == (inside != '0));
  `FOURTUPLE_ASSERT(ReadyUnlessFull, s_ready == (inside != 2'd2));
  `FOURTUPLE_ASSERT(NeverTooMany, inside <= 2'd2);
  `FOURTUPLE_COVER(Full, inside == 2'd2);

  // What makes it inductive: where the beats are.
  `FOURTUPLE_PROBE(8, spare, i_skid.spare_q)
  `FOURTUPLE_ASSERT(MarkedIsThere, !marked || (ahead == '0 ? m_data : spare) == value);
endmodule

`default_nettype wire
