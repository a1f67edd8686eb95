// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What one queue is doing: on, off, halted, how far it has got.
///
/// latency       1 clock from an event to what is shown of it
/// throughput    every event in every clock
/// backpressure  none
/// reset         off
/// off           after enable_i has gone to 0 nothing is asked for any more; active_o goes to 0 when
///               what was asked for has come and every frame that it made is done with
module tx_queue_state (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        enable_i,
    input  wire logic        fetching_i,       // a request is being made up
    input  wire logic        asked_i,          // it was made, for
    input  wire logic [ 2:0] asked_lines_i,    // lines of descriptors
    input  wire logic        line_taken_i,     // one of them has been looked through
    input  wire logic        refused_i,        // one of them could not be read
    input  wire logic        stored_i,         // a frame's descriptors are complete
    input  wire logic        ended_i,          // a frame is done with
    input  wire logic        head_valid_i,     // with ended_i: it moves the head
    input  wire logic [15:0] next_index_i,     // to here
    output logic             clear_o,          // starts at index 0
    output logic             run_o,            // may ask for descriptors
    output logic             halted_o,
    output logic             active_o,
    output logic      [15:0] head_o,
    output logic             moves_o           // will change state by itself
);
  // From the last look at a line to the frame that it ends: longer than the checks take.
  localparam int unsigned SETTLE_CLOCKS = 7;

  typedef enum logic [1:0] {
    OFF,
    START,
    ON,
    FINISH
  } state_e;
  state_e state_q;
  logic [6:0] lines_q;
  logic [10:0] frames_q;
  logic [2:0] settle_q;
  logic [15:0] head_q;
  logic halted_q, idle;
  assign idle = lines_q == '0 && frames_q == '0 && !fetching_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q  <= OFF;
      settle_q <= '0;
    end else begin
      if (state_q != FINISH || !idle) settle_q <= '0;
      else settle_q <= settle_q + 1'b1;
      unique case (state_q)
        OFF: if (enable_i) state_q <= START;
        START: state_q <= ON;
        ON: if (!enable_i) state_q <= FINISH;
        FINISH: if (settle_q == 3'(SETTLE_CLOCKS)) state_q <= OFF;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || state_q == START) begin
      lines_q  <= '0;
      frames_q <= '0;
      halted_q <= 1'b0;
      head_q   <= '0;
    end else begin
      lines_q  <= lines_q + (asked_i ? 7'(asked_lines_i) : 7'd0) - 7'(line_taken_i);
      frames_q <= frames_q + 11'(stored_i) - 11'(ended_i);
      if (refused_i) halted_q <= 1'b1;
      if (ended_i && head_valid_i) head_q <= next_index_i;
    end
  end

  assign clear_o  = state_q == START;
  assign run_o    = state_q == ON && !halted_q;
  assign halted_o = halted_q;
  assign active_o = state_q != OFF;
  assign head_o   = head_q;
  assign moves_o  = state_q == START || (state_q == FINISH && (idle || enable_i)) ||
      (state_q == OFF && enable_i) || (state_q == ON && !enable_i);
endmodule

`default_nettype wire
