// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What a receive queue knows about itself: whether it is enabled, what is free in its two rings, what is on its way to
/// them, and how many frames it has taken and dropped. It decides what becomes of its frames (docs/device.md, Receive,
/// rules 5 to 8).
///
/// latency       1 clock from frame_i to the decision; tail and counts with it
/// throughput    1 frame or record per clock
/// backpressure  a frame is never made to wait for space. return_waits_o, return_i: see rx_ring_space
/// reset         disabled, empty, counts 0
module rx_queue_admission (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic        rx_enable_i,
    input  wire logic [4:0]  ring_bytes_log2_i,
    input  wire logic [25:0] ring_head_i,  // beats
    output logic      [25:0] ring_tail_o,  // beats
    input  wire logic [4:0]  completion_entries_log2_i,
    input  wire logic [15:0] completion_head_i,
    output logic      [15:0] completion_tail_o,
    output logic             start_o,      // a pulse: the indices start again
    output logic             rx_active_o,
    output logic             halted_o,     // nothing more is written
    output logic             halted_pulse_o,

    // A frame is decided. What is said about it holds until the next clock with advance_i.
    input  wire logic        advance_i,
    input  wire logic        frame_i,  // only with advance_i
    input  wire logic [8:0]  frame_beats_i,
    output logic             delivered_o,
    output logic             drop_ring_full_o,
    output logic             drop_completion_full_o,
    output logic             drop_disabled_o,
    output logic      [23:0] frame_place_o,   // of one delivered: beats from the ring's start
    output logic      [25:0] frame_offset_o,  // beats, free-running
    output logic             return_waits_o,
    input  wire logic        return_i,

    // Other records.
    output logic             record_room_o,   // a place for one, or none is written
    output logic             records_used_o,  // the completion ring is in use: records are written
    input  wire logic        record_i,        // one takes its place; not with frame_i, only with record_room_o

    // What happens on the bus to this queue's bursts and records; may be told late by the same time all of them.
    input  wire logic        burst_issued_i,
    input  wire logic        burst_answered_i,
    input  wire logic        error_i,          // one of them was refused
    input  wire logic        records_left_i,   // records have been given to the bus, or were thrown away
    input  wire logic        records_two_i,    // two of them
    input  wire logic        records_written_i,  // and were not thrown away

    input  wire logic        transmit_active_i,   // may still ask for records
    input  wire logic        transmit_waits_i,    // has asked for one
    output logic             transmit_active_o,   // with its records

    output logic      [31:0] delivered_count_o,
    output logic      [31:0] drop_ring_full_count_o,
    output logic      [31:0] drop_completion_full_count_o,
    output logic      [31:0] drop_disabled_count_o,
    output logic             quiet_o
);
  // At most as many records as are between decision and bus, and bursts as may be unanswered: see rx_queues.
  localparam int unsigned RecordsLog2 = 8;
  localparam int unsigned BurstsLog2 = 10;

  logic accept_frames, available, fits, ring_quiet, space_quiet, state_quiet;
  logic deliver, take_record;
  assign deliver     = frame_i && accept_frames && fits && available;
  assign take_record = record_i && records_used_o;

  rx_ring_space i_ring_space (
      .clk_i,
      .rst_ni,
      .start_i(start_o),
      .bytes_log2_i(ring_bytes_log2_i),
      .head_i(ring_head_i),
      .tail_o(ring_tail_o),
      .frame_beats_i,
      .fits_o(fits),
      .take_i(deliver),
      .frame_place_o,
      .frame_offset_o,
      .return_waits_o,
      .return_i,
      .quiet_o(ring_quiet)
  );

  completion_space i_completion_space (
      .clk_i,
      .rst_ni,
      .start_i(start_o),
      .entries_log2_i(completion_entries_log2_i),
      .head_i(completion_head_i),
      .available_o(available),
      .take_i(deliver || take_record),
      .quiet_o(space_quiet)
  );
  assign record_room_o = available || !records_used_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      delivered_o            <= 1'b0;
      drop_ring_full_o       <= 1'b0;
      drop_completion_full_o <= 1'b0;
      drop_disabled_o        <= 1'b0;
    end else if (advance_i) begin
      delivered_o            <= deliver;
      drop_ring_full_o       <= frame_i && accept_frames && !fits;
      drop_completion_full_o <= frame_i && accept_frames && fits && !available;
      drop_disabled_o        <= frame_i && !accept_frames;
    end
  end

  // Counted one clock after the decision, so that the count's carry begins at a register.
  logic frame_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      frame_q                      <= 1'b0;
      delivered_count_o            <= '0;
      drop_ring_full_count_o       <= '0;
      drop_completion_full_count_o <= '0;
      drop_disabled_count_o        <= '0;
    end else begin
      frame_q <= frame_i;
      if (frame_q) begin
        delivered_count_o            <= delivered_count_o + 32'(delivered_o);
        drop_ring_full_count_o       <= drop_ring_full_count_o + 32'(drop_ring_full_o);
        drop_completion_full_count_o <= drop_completion_full_count_o + 32'(drop_completion_full_o);
        drop_disabled_count_o        <= drop_disabled_count_o + 32'(drop_disabled_o);
      end
    end
  end

  // What is on its way to host memory. A record leaves in the clock in which its burst, if it has one, is issued.
  // It is counted one clock after the decision, too.
  logic [RecordsLog2-1:0] records_q;
  logic [BurstsLog2-1:0] bursts_q;
  logic made_q, busy;
  assign busy = made_q || records_q != '0 || bursts_q != '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      made_q    <= 1'b0;
      records_q <= '0;
      bursts_q  <= '0;
    end else begin
      made_q <= deliver || take_record;
      if (made_q || records_left_i) begin
        records_q <= records_q + RecordsLog2'(made_q) -
                     (records_left_i ? (records_two_i ? RecordsLog2'(2) : RecordsLog2'(1)) : '0);
      end
      if (burst_issued_i && !burst_answered_i) bursts_q <= bursts_q + 1'b1;
      else if (burst_answered_i && !burst_issued_i) bursts_q <= bursts_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_o) completion_tail_o <= '0;
    else if (records_written_i) completion_tail_o <= completion_tail_o + (records_two_i ? 16'd2 : 16'd1);
  end

  logic transmit_has_room;
  assign transmit_has_room = transmit_waits_i && available;
  assign transmit_active_o = transmit_active_i || (transmit_has_room && records_used_o) || (!rx_active_o && busy);

  rx_queue_state i_state (
      .clk_i,
      .rst_ni,
      .rx_enable_i,
      .transmit_uses_ring_i(transmit_active_i || transmit_has_room),
      .busy_i(busy),
      .error_i,
      .start_o,
      .accept_frames_o(accept_frames),
      .accept_records_o(records_used_o),
      .rx_active_o,
      .halted_o,
      .halted_pulse_o,
      .quiet_o(state_quiet)
  );

  assign quiet_o = ring_quiet && space_quiet && state_quiet && !frame_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      OneAtATime : assert (!(frame_i && record_i));
      RecordsWereMade : assert (!records_left_i || records_q >= (records_two_i ? RecordsLog2'(2) : RecordsLog2'(1)));
      BurstWasIssued : assert (!burst_answered_i || bursts_q != '0);
      RecordsCounted : assert (!made_q || records_q != '1);
    end
  end
endmodule

`default_nettype wire
