// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Sends MSI-X messages (PCIe 6.1.4): holds each vector's request as a pending bit until its vector is not masked and
/// the bus takes the message. The lower vector goes first.
///
/// latency       1 clock from request to message
/// throughput    1 message per 2 clocks
/// reset         nothing pending
module msix #(
    parameter int unsigned VECTORS = 2
) (
    input  wire logic                  clk_i,
    input  wire logic                  rst_ni,
    input  wire logic [VECTORS-1:0]    request_i,  // a pulse for each message; two before it is sent are one
    // The table: as many msix_vector_regs, vector 0 in the lowest bits. Addresses are multiples of 4.
    input  wire logic [VECTORS*97-1:0] entries_i,
    output logic      [VECTORS-1:0]    pending_o,
    output logic                       message_valid_o,
    input  wire logic                  message_ready_i,
    output logic      [61:0]           message_address_o,  // in units of 4 bytes
    output logic      [31:0]           message_data_o,
    output logic                       sent_o,  // a pulse for each message taken by the bus
    output logic                       quiet_o
);
  logic [VECTORS-1:0] mask;
  logic [VECTORS*64-1:0] addresses;
  logic [VECTORS*32-1:0] datas;
  for (genvar i = 0; i < VECTORS; i++) begin : gen_entry
    assign {mask[i], datas[32*i+:32], addresses[64*i+:64]} = entries_i[97*i+:97];
  end

  logic [VECTORS-1:0] pending_q, ready, first;
  assign ready = pending_q & ~mask;
  for (genvar i = 0; i < VECTORS; i++) begin : gen_first
    localparam logic [VECTORS-1:0] LOWER = VECTORS'((33'd1 << i) - 33'd1);
    assign first[i] = ready[i] && (ready & LOWER) == '0;
  end

  logic load;
  assign load = !message_valid_o && |ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      pending_q       <= '0;
      message_valid_o <= 1'b0;
      sent_o          <= 1'b0;
    end else begin
      pending_q <= (load ? pending_q & ~first : pending_q) | request_i;
      if (load) message_valid_o <= 1'b1;
      else if (message_ready_i) message_valid_o <= 1'b0;
      sent_o <= message_valid_o && message_ready_i;
    end
  end

  logic [61:0] address;
  logic [31:0] data;
  logic unused_address;  // a message has 4 bytes: their address' low bits are 0
  always_comb begin
    address        = '0;
    data           = '0;
    unused_address = 1'b0;
    for (int unsigned i = 0; i < VECTORS; i++) begin
      address        = address | (addresses[64*i+2+:62] & {62{first[i]}});
      data           = data | (datas[32*i+:32] & {32{first[i]}});
      unused_address = unused_address ^ ^addresses[64*i+:2];
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      message_address_o <= address;
      message_data_o    <= data;
    end
  end

  assign pending_o = pending_q;
  assign quiet_o   = ready == '0 && request_i == '0 && !message_valid_o && !sent_o;
endmodule

`default_nettype wire
