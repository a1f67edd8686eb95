// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// All counters of the register map, in its order.
///
/// latency     3 clocks
/// throughput  every counter in every clock
/// reset       all 0
module nic_counters #(
    parameter int unsigned COUNTERS = 32,
    parameter int unsigned RX_BYTES = 1,   // which one counts received bytes
    parameter int unsigned TX_BYTES = 24,  // which one counts transmitted bytes
    parameter int unsigned BYTES_WIDTH = 14
) (
    input  wire logic                   clk_i,
    input  wire logic                   rst_ni,
    input  wire logic [COUNTERS-1:0]    count_i,     // add 1; those of bytes: add what is given beside
    input  wire logic [BYTES_WIDTH-1:0] rx_bytes_i,
    input  wire logic [BYTES_WIDTH-1:0] tx_bytes_i,
    output logic      [COUNTERS*64-1:0] values_o,
    output logic                        quiet_o
);
  for (genvar i = 0; i < COUNTERS; i++) begin : gen_counter
    if (i == RX_BYTES || i == TX_BYTES) begin : gen_bytes
      logic [BYTES_WIDTH-1:0] bytes;
      assign bytes = i == RX_BYTES ? rx_bytes_i : tx_bytes_i;
      nic_counter #(
          .WIDTH(BYTES_WIDTH)
      ) i_counter (
          .clk_i,
          .rst_ni,
          .add_i(bytes & {BYTES_WIDTH{count_i[i]}}),
          .value_o(values_o[64*i+:64])
      );
    end else begin : gen_events
      nic_counter #(
          .WIDTH(1)
      ) i_counter (
          .clk_i,
          .rst_ni,
          .add_i(count_i[i]),
          .value_o(values_o[64*i+:64])
      );
    end
  end

  // Something is still being added up.
  logic [2:0] adding_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) adding_q <= '0;
    else adding_q <= {adding_q[1:0], |count_i};
  end
  assign quiet_o = adding_q == '0 && count_i == '0;
endmodule

`default_nettype wire
