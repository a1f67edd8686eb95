// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Delays words by a fixed number of clocks, keeping the gaps between them.
///
/// latency       CLOCKS
/// throughput    1 word per clock
/// backpressure  none: what goes in comes out
/// reset         drops what is inside
/// quiet         empty_o: nothing is inside. The words lie still in a memory and only pointers
///               move, and only with words, so an idle delay line has no register that changes.
module delay_line #(
    parameter int unsigned WIDTH  = 64,  // bits of a word
    parameter int unsigned CLOCKS = 16   // delay, at least 2
) (
    input  wire logic             clk_i,
    input  wire logic             rst_ni,
    input  wire logic [WIDTH-1:0] s_data_i,
    input  wire logic             s_valid_i,
    output logic      [WIDTH-1:0] m_data_o,
    output logic                  m_valid_o,
    output logic                  empty_o
);
  localparam int unsigned ADDRESS_BITS = $clog2(CLOCKS);

  if (CLOCKS < 2) begin : gen_check
    $error("delay_line: CLOCKS must be at least 2");
  end

  (* no_rw_check *)
  logic [WIDTH-1:0] memory[1<<ADDRESS_BITS];
  logic [ADDRESS_BITS-1:0] write_q, read_q;
  logic [CLOCKS-1:0] valid_q;
  logic [WIDTH-1:0] out_q;
  logic take;
  assign take = valid_q[CLOCKS-2];

  always_ff @(posedge clk_i) begin
    if (s_valid_i) memory[write_q] <= s_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (take) out_q <= memory[read_q];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      valid_q <= '0;
    end else begin
      valid_q <= {valid_q[CLOCKS-2:0], s_valid_i};
      if (s_valid_i) write_q <= write_q + 1'b1;
      if (take) read_q <= read_q + 1'b1;
    end
  end

  assign m_data_o  = out_q;
  assign m_valid_o = valid_q[CLOCKS-1];
  assign empty_o   = valid_q == '0;

  // At most CLOCKS - 1 words are in the memory.
  always_ff @(posedge clk_i) begin
    if (rst_ni) NoCollision : assert (!(s_valid_i && take) || write_q != read_q);
  end
endmodule

`default_nettype wire
