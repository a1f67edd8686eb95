// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Starts, halts and stops the receive side and the completion ring: docs/device.md, Enabling a queue; DMA errors on
/// receive.
///
/// latency  a change of rx_enable_i or an error shows in the next clock; start_o follows once everything from before
///          has gone
/// reset    stopped
module rx_queue_state (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic rx_enable_i,
    input  wire logic transmit_uses_ring_i,  // the transmit side may still make completions
    input  wire logic busy_i,                // something that was accepted is not yet in host memory
    input  wire logic error_i,               // a write of a frame or a completion was refused
    output logic      start_o,               // a pulse: everything counts from 0
    output logic      accept_frames_o,
    output logic      accept_records_o,      // the completion ring is in use
    output logic      rx_active_o,
    output logic      halted_o,
    output logic      halted_pulse_o,
    output logic      quiet_o
);
  typedef enum logic [2:0] {
    Stopped,
    Clearing,  // enabled; what the transmit side still has in the ring's former life goes first
    Start,
    Running,
    Draining   // disabled; what has been accepted is finished
  } state_e;
  state_e state_q;
  logic ring_used_q, halted_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Stopped;
    end else begin
      unique case (state_q)
        Stopped:  if (rx_enable_i) state_q <= Clearing;
        Clearing: if (!busy_i) state_q <= Start;
        Start:    state_q <= Running;
        Running:  if (!rx_enable_i) state_q <= Draining;
        Draining: if (!busy_i) state_q <= Stopped;
        default:  state_q <= Stopped;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ring_used_q    <= 1'b0;
      halted_q       <= 1'b0;
      halted_pulse_o <= 1'b0;
    end else begin
      halted_pulse_o <= error_i && !halted_q;
      if (error_i) halted_q <= 1'b1;
      else if (start_o) halted_q <= 1'b0;

      if (error_i || state_q == Clearing) ring_used_q <= 1'b0;
      else if (start_o) ring_used_q <= 1'b1;
      else if (state_q == Stopped && !transmit_uses_ring_i) ring_used_q <= 1'b0;
    end
  end

  assign start_o          = state_q == Start;
  assign accept_frames_o  = state_q == Running && rx_enable_i && !halted_q;
  assign accept_records_o = ring_used_q;
  assign rx_active_o      = state_q != Stopped || rx_enable_i;
  assign halted_o         = halted_q;
  assign quiet_o = !error_i && !halted_pulse_o &&
                   ((state_q == Stopped && !rx_enable_i && (!ring_used_q || transmit_uses_ring_i)) ||
                    (state_q == Running && rx_enable_i));
endmodule

`default_nettype wire
