// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// FIFO on one clock. The oldest word is shown (first word falls through) in the memory's own output register.
///
/// latency       2 clocks when empty
/// throughput    1 word in and 1 word out per clock
/// capacity      2**DEPTH_LOG2 words in memory and the one that is shown
/// backpressure  s_ready_o is a register, low while the memory is full; m_valid_o is a register
/// reset         empties it
/// empty_o       nothing is inside: from registers only
module sync_fifo #(
    parameter int unsigned WIDTH = 64,     // bits of a word
    parameter int unsigned DEPTH_LOG2 = 4  // log2 of the words in memory
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
  logic [DEPTH_LOG2-1:0] write_q, read_q;
  logic [DEPTH_LOG2:0] level_q;  // words in memory; full exactly when the highest bit is set
  logic stored_q;  // level_q is not 0
  logic shown_q;

  logic push, fetch;
  assign push  = s_valid_i && s_ready_o;
  assign fetch = stored_q && (m_ready_i || !shown_q);

  ram_1w1r #(
      .WIDTH(WIDTH),
      .DEPTH_LOG2(DEPTH_LOG2)
  ) i_ram (
      .clk_i,
      .write_enable_i(push),
      .write_address_i(write_q),
      .write_data_i(s_data_i),
      .read_enable_i(fetch),
      .read_address_i(read_q),
      .read_data_o(m_data_o)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q  <= '0;
      read_q   <= '0;
      level_q  <= '0;
      stored_q <= 1'b0;
      shown_q  <= 1'b0;
    end else begin
      if (push) write_q <= write_q + 1'b1;
      if (fetch) read_q <= read_q + 1'b1;
      if (push && !fetch) begin
        level_q  <= level_q + 1'b1;
        stored_q <= 1'b1;
      end else if (fetch && !push) begin
        level_q  <= level_q - 1'b1;
        stored_q <= level_q != (DEPTH_LOG2 + 1)'(1);
      end
      if (fetch) shown_q <= 1'b1;
      else if (m_ready_i) shown_q <= 1'b0;
    end
  end

  assign s_ready_o = !level_q[DEPTH_LOG2];
  assign m_valid_o = shown_q;
  assign empty_o   = !stored_q && !shown_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) NoCollision : assert (!(push && fetch) || write_q != read_q);
  end
endmodule

`default_nettype wire
