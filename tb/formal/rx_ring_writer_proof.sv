// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// rx_ring_writer as nic_reset_proof takes it to be (abstract_rx_ring_writer.sv): behind a reset it offers no beat before a frame
/// was placed that is not to be dropped, and it takes the first placement at once.
module rx_ring_writer_proof (
    input wire logic        clk_i,
    input wire logic        rst_ni,
    input wire logic        placement_valid_i,
    input wire logic        placement_drop_i,
    input wire logic [8:0]  placement_beats_i,
    input wire logic [23:0] placement_place_i,
    input wire logic        beat_ready_i
);
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );

  logic placement_ready, beat_valid, release_valid, drop;
`ifdef BUG_DELIVERS_A_DROP
  assign drop = placement_drop_i && placement_beats_i != 9'd7;
`else
  assign drop = placement_drop_i;
`endif
  rx_ring_writer #(
      .QUEUES(1),
      .BEATS_LOG2(3)
  ) i_writer (
      .clk_i,
      .rst_ni,
      .ring_base_i(52'd0),
      .placement_valid_i,
      .placement_ready_o(placement_ready),
      .placement_drop_i(drop),
      .placement_queue_i(4'd0),
      .placement_beats_i,
      .placement_place_i,
      .read_data_i(512'd0),
      .release_valid_o(release_valid),
      .beat_valid_o(beat_valid),
      .beat_ready_i
  );

  `include "tb/formal/rx_placements.svh"

  `FOURTUPLE_ASSERT(NoBeatOfADroppedFrame, delivers_q || !beat_valid);
  `FOURTUPLE_ASSERT(TheFirstIsTaken, placed_q || placement_ready);
  `FOURTUPLE_COVER(Delivers, beat_valid);
  `FOURTUPLE_COVER(Drops, release_valid && !delivers_q);
endmodule

`default_nettype wire
