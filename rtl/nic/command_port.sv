// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Takes connection table commands from the registers and counts them until they are answered.
///
/// latency       2 clocks from written_i to command_valid_o
/// throughput    1 command per clock
/// backpressure  a command beyond COMMAND_DEPTH unanswered ones is dropped: dropped_o
/// reset         no command
module command_port #(
    parameter int unsigned COMMAND_DEPTH = 16  // a power of two, 2 to 128
) (
    input  wire logic                              clk_i,
    input  wire logic                              rst_ni,
    input  wire logic                              written_i,
    input  wire fourtuple_nic_pkg::table_command_t written_command_i,
    output logic                                   command_valid_o,
    input  wire logic                              command_ready_i,
    output fourtuple_nic_pkg::table_command_t      command_o,
    input  wire logic                              answered_i,     // one of them
    output logic [7:0]                             outstanding_o,
    output logic                                   dropped_o,      // a pulse
    output logic                                   quiet_o
);
  localparam int unsigned DepthLog2 = $clog2(COMMAND_DEPTH);
  if (COMMAND_DEPTH != 2 ** DepthLog2 || COMMAND_DEPTH < 2 || COMMAND_DEPTH > 128) begin : gen_check
    $error("command_port: COMMAND_DEPTH must be a power of two from 2 to 128");
  end

  logic accept, fifo_room, fifo_empty;
  assign accept = written_i && outstanding_o != 8'(COMMAND_DEPTH);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      outstanding_o <= '0;
      dropped_o     <= 1'b0;
    end else begin
      dropped_o <= written_i && !accept;
      if (accept && !answered_i) outstanding_o <= outstanding_o + 1'b1;
      else if (answered_i && !accept) outstanding_o <= outstanding_o - 1'b1;
    end
  end

  sync_fifo #(
      .WIDTH($bits(written_command_i)),
      .DEPTH_LOG2(DepthLog2)
  ) i_commands (
      .clk_i,
      .rst_ni,
      .s_data_i(written_command_i),
      .s_valid_i(accept),
      .s_ready_o(fifo_room),
      .m_data_o(command_o),
      .m_valid_o(command_valid_o),
      .m_ready_i(command_ready_i),
      .empty_o(fifo_empty)
  );
  assign quiet_o = fifo_empty && !written_i && !dropped_o;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      AcceptedHasRoom : assert (!accept || fifo_room);
      AnsweredWasOutstanding : assert (!answered_i || outstanding_o != '0);
    end
  end
endmodule

`default_nettype wire
