// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Interrupts: each queue's moderation, the events, and the MSI-X vectors of both. docs/device.md, Interrupts.
///
/// latency         of interrupt_moderation or event_unit, and 1 clock more to the message
/// quiet_clocks_o  the clocks that may be skipped before the first of the queues' timers; all ones if none runs
/// reset           nothing is armed, no event
module nic_interrupts #(
    parameter int unsigned QUEUES = 16  // vector q is queue q's, vector QUEUES the events'
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic [QUEUES-1:0]    start_i,
    input  wire logic [QUEUES-1:0]    arm_i,           // with the queue's arm_index_i
    input  wire logic [QUEUES*16-1:0] arm_index_i,
    input  wire logic [QUEUES*16-1:0] tail_i,          // completions written
    input  wire logic [QUEUES*16-1:0] completions_i,   // moderation
    input  wire logic [QUEUES*16-1:0] clocks_i,

    input  wire logic        write_error_i,  // pulses
    input  wire logic [2:0]  write_error_source_i,
    input  wire logic [63:0] write_error_address_i,
    input  wire logic        read_error_i,
    input  wire logic [2:0]  read_error_source_i,
    input  wire logic [63:0] read_error_address_i,
    input  wire logic [4:0]  event_status_i,
    input  wire logic [4:0]  event_enable_i,
    output logic      [63:0] error_address_o,
    output logic      [2:0]  error_source_o,

    input  wire logic [(QUEUES+1)*97-1:0] entries_i,  // as msix
    output logic      [QUEUES:0]          pending_o,
    output logic                          message_valid_o,
    input  wire logic                     message_ready_i,
    output logic      [61:0]              message_address_o,
    output logic      [31:0]              message_data_o,
    output logic                          message_sent_o,  // a pulse for each

    input  wire logic [15:0] skip_i,
    output logic      [47:0] quiet_clocks_o,
    output logic             quiet_o
);
  logic [QUEUES-1:0] fires, timing, moderation_quiet;
  logic [QUEUES*16-1:0] quiet_clocks;
  for (genvar i = 0; i < QUEUES; i++) begin : gen_queue
    interrupt_moderation i_moderation (
        .clk_i,
        .rst_ni,
        .start_i(start_i[i]),
        .arm_i(arm_i[i]),
        .arm_index_i(arm_index_i[16*i+:16]),
        .tail_i(tail_i[16*i+:16]),
        .completions_i(completions_i[16*i+:16]),
        .clocks_i(clocks_i[16*i+:16]),
        .fire_o(fires[i]),
        .skip_i,
        .timing_o(timing[i]),
        .quiet_clocks_o(quiet_clocks[16*i+:16]),
        .quiet_o(moderation_quiet[i])
    );
  end

  logic timer_quiet;
  nearest_timer #(
      .TIMERS(QUEUES)
  ) i_nearest_timer (
      .clk_i,
      .rst_ni,
      .timing_i(timing),
      .quiet_clocks_i(quiet_clocks),
      .skip_i,
      .quiet_clocks_o,
      .quiet_o(timer_quiet)
  );

  logic event_message, event_quiet, msix_quiet;
  event_unit i_events (
      .clk_i,
      .rst_ni,
      .write_error_i,
      .write_error_source_i,
      .write_error_address_i,
      .read_error_i,
      .read_error_source_i,
      .read_error_address_i,
      .status_i(event_status_i),
      .enable_i(event_enable_i),
      .message_o(event_message),
      .error_address_o,
      .error_source_o,
      .quiet_o(event_quiet)
  );

  msix #(
      .VECTORS(QUEUES + 1)
  ) i_msix (
      .clk_i,
      .rst_ni,
      .request_i({event_message, fires}),
      .entries_i,
      .pending_o,
      .message_valid_o,
      .message_ready_i,
      .message_address_o,
      .message_data_o,
      .sent_o(message_sent_o),
      .quiet_o(msix_quiet)
  );

  assign quiet_o = &moderation_quiet && timer_quiet && event_quiet && msix_quiet;
endmodule

`default_nettype wire
