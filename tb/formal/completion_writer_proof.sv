// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// completion_writer: a frame's record is taken only after all of its bytes went ahead on the bus, and every record is
/// written where its number says, unchanged, with the right phase, and in order. With axi_write_master_proof: a completion
/// is written behind its data.
module completion_writer_proof (
    input wire logic         clk_i,
    input wire logic         rst_ni,
    input wire logic         record_valid_i,
    input wire logic [255:0] record_i,
    input wire logic         record_is_frame_i,
    input wire logic         frame_done_i,
    input wire logic         flush_i,
    input wire logic         beat_ready_i,
    input wire logic         mark_i
);
  `FOURTUPLE_CONST(52, base)
  `FOURTUPLE_CONST(5, entries_log2)

  // The ring is set up before it is started, and started before there are records.
  logic started_q, start;
  always_ff @(posedge clk_i) started_q <= rst_ni;
  assign start = rst_ni && !started_q;
  `FOURTUPLE_ASSUME(StartsFirst, !start || !(record_valid_i || frame_done_i));

  logic record_ready, beat_valid;
  logic [57:0] beat_address;
  logic [511:0] beat_data;
  logic [1:0] beat_halves;
  completion_writer #(
      .QUEUES(1)
  ) i_writer (
      .clk_i,
      .rst_ni,
      .start_i(start),
      .base_i(base),
      .entries_log2_i(entries_log2),
      .record_valid_i,
      .record_ready_o(record_ready),
      .record_queue_i(4'd0),
      .record_is_answer_i(1'b0),
      .record_i,
`ifdef BUG_DOES_NOT_WAIT
      .record_is_frame_i(1'b0),
`else
      .record_is_frame_i,
`endif
      .frame_done_i,
      .flush_i,
      .beat_valid_o(beat_valid),
`ifdef BUG_LOSES_A_BEAT
      .beat_ready_i(beat_ready_i || mark_i),
`else
      .beat_ready_i,
`endif
      .beat_address_o(beat_address),
      .beat_data_o(beat_data),
      .beat_halves_o(beat_halves)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  // The environment: a ring of 2 to 256 records, records without their phase, no more frames done than are counted.
  `FOURTUPLE_ASSUME(RingSize, entries_log2 >= 5'd1 && entries_log2 <= 5'd8);
  `FOURTUPLE_ASSUME(NoPhase, !record_i[255]);

  logic take;
  logic [7:0] done_q;    // frames whose bytes are ahead, less their records
  logic [15:0] index_q;  // of the next record
  assign take = record_valid_i && record_ready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      done_q  <= '0;
      index_q <= '0;
    end else begin
      done_q  <= done_q + 8'(frame_done_i) - 8'(take && record_is_frame_i);
      index_q <= index_q + 16'(take);
    end
  end
  `FOURTUPLE_ASSUME(NotTooManyDone, done_q < 8'd200);
  `FOURTUPLE_ASSERT(BytesGoAhead, !(take && record_is_frame_i) || done_q != '0);

  stream_rules #(
      .WIDTH(58 + 512 + 2)
  ) i_rules (
      .clk_i,
      .rst_ni,
      .valid_i(beat_valid),
      .ready_i(beat_ready_i),
      .payload_i({beat_address, beat_data, beat_halves})
  );

  // Records leave in order: a marked one is in the beat that brings the count of written ones past its number.
  logic waits_q, goes, phase;
  logic [255:0] value_q;
  logic [15:0] marked_q, written_q, place;
  assign goes = waits_q && beat_valid && beat_ready_i &&
                (written_q == marked_q || (&beat_halves && written_q + 16'd1 == marked_q));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waits_q   <= 1'b0;
      written_q <= '0;
    end else begin
      if (beat_valid && beat_ready_i) written_q <= written_q + 16'(beat_halves[0]) + 16'(beat_halves[1]);
      if (!waits_q && take && mark_i) begin
        waits_q  <= 1'b1;
        value_q  <= record_i;
        marked_q <= index_q;
      end else if (goes) begin
        waits_q <= 1'b0;
      end
    end
  end
  assign place = marked_q & ((16'd1 << entries_log2) - 16'd1);
  assign phase = (16'(marked_q >> entries_log2) & 16'd1) == '0;
  `FOURTUPLE_ASSERT(RecordIsThere, !goes || beat_halves[marked_q[0]]);
  `FOURTUPLE_ASSERT(RecordIsUnchanged,
                    !goes || beat_data[256*marked_q[0]+:256] == (value_q | {phase, 255'd0}));
  `FOURTUPLE_ASSERT(PlaceIsRight, !goes || beat_address == {base, 6'd0} + 58'(place >> 1));
  `FOURTUPLE_COVER(SecondRound, goes && marked_q == 16'd3 && entries_log2 == 5'd1);
  `FOURTUPLE_COVER(BothHalves, goes && beat_halves == 2'b11);
endmodule

`default_nettype wire
