// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// DMA errors and events: keeps the first error's address and source, and asks for the event vector's message when an
/// enabled bit of event_status goes from 0 to 1.
///
/// latency  1 clock to the registers; the message is asked for 1 clock after the bit has risen
/// reset    no error, no event
module event_unit (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        write_error_i,  // pulses
    input  wire logic [2:0]  write_error_source_i,
    input  wire logic [63:0] write_error_address_i,
    input  wire logic        read_error_i,
    input  wire logic [2:0]  read_error_source_i,
    input  wire logic [63:0] read_error_address_i,
    input  wire logic [4:0]  status_i,       // event_status; bits 0 and 1 are the DMA errors
    input  wire logic [4:0]  enable_i,
    output logic             message_o,      // a pulse
    output logic [63:0]      error_address_o,
    output logic [2:0]       error_source_o,
    output logic             quiet_o
);
  // The bits of event_status follow an error after a few clocks; until then a second error is not the first.
  localparam int unsigned SettleClocks = 3;

  logic kept_q, any_error;
  logic [1:0] settle_q;
  logic [4:0] status_q;
  assign any_error = write_error_i || read_error_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      kept_q          <= 1'b0;
      settle_q        <= '0;
      error_address_o <= '0;
      error_source_o  <= '0;
    end else begin
      if (any_error) begin
        kept_q   <= 1'b1;
        settle_q <= 2'(SettleClocks);
      end else if (settle_q != '0) begin
        settle_q <= settle_q - 1'b1;
      end else if (status_i[1:0] == '0) begin
        kept_q <= 1'b0;
      end
      if (any_error && !kept_q) begin
        error_address_o <= write_error_i ? write_error_address_i : read_error_address_i;
        error_source_o  <= write_error_i ? write_error_source_i : read_error_source_i;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      status_q  <= '0;
      message_o <= 1'b0;
    end else begin
      status_q  <= status_i;
      message_o <= |(status_i & ~status_q & enable_i);
    end
  end

  assign quiet_o = !any_error && settle_q == '0 && status_q == status_i && !message_o &&
                   (!kept_q || status_i[1:0] != '0);
endmodule

`default_nettype wire
