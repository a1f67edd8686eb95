// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// One word of state for each queue, in registers, so that all of them can be cleared.
///
/// latency       a write is seen by reads from the next clock on
/// throughput    one read and one write per clock
/// backpressure  none
/// reset         every word is 0; clear_i does the same to the words that it names, before a write
module queue_registers #(
    parameter int unsigned QUEUES = 16,
    parameter int unsigned WIDTH  = 16
) (
    input  wire logic              clk_i,
    input  wire logic              rst_ni,
    input  wire logic [QUEUES-1:0] clear_i,
    input  wire logic              write_enable_i,
    input  wire logic [       4:0] write_queue_i,
    input  wire logic [ WIDTH-1:0] write_data_i,
    input  wire logic [       4:0] read_queue_i,
    output logic      [ WIDTH-1:0] read_data_o,
    output logic      [QUEUES*WIDTH-1:0] all_o  // queue 0 in the lowest bits
);
  if (QUEUES == 0 || QUEUES > 32) begin : gen_check
    $error("queue_registers: 1 to 32 queues");
  end

  logic [QUEUES*WIDTH-1:0] words_q;
  for (genvar queue = 0; queue < QUEUES; queue++) begin : gen_word
    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i[queue]) words_q[WIDTH*queue+:WIDTH] <= '0;
      else if (write_enable_i && write_queue_i == 5'(queue)) begin
        words_q[WIDTH*queue+:WIDTH] <= write_data_i;
      end
    end
  end

  always_comb begin
    read_data_o = '0;
    for (int unsigned queue = 0; queue < QUEUES; queue++) begin
      if (read_queue_i == 5'(queue)) read_data_o |= words_q[WIDTH*queue+:WIDTH];
    end
  end
  assign all_o = words_q;
endmodule

`default_nettype wire
