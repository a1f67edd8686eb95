// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Instead of rx_ring_writer: does anything at its borders, but offers no beat before a frame was placed that is not to be dropped, and
/// takes the first placement at once. rx_ring_writer_proof shows that of the block.
module rx_ring_writer #(
    parameter int unsigned QUEUES = 16,     // a power of two, 1 to 16
    parameter int unsigned BEATS_LOG2 = 10  // log2 of the frame FIFO's beats
) (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic [QUEUES*52-1:0] ring_base_i,  // bus addresses in units of 4096 bytes

    input  wire logic        placement_valid_i,
    output logic             placement_ready_o,
    input  wire logic        placement_drop_i,
    input  wire logic [3:0]  placement_queue_i,
    input  wire logic [8:0]  placement_beats_i,  // 1 to 256
    input  wire logic [23:0] placement_place_i,  // beats from the ring's start

    output logic                  read_enable_o,
    output logic [BEATS_LOG2-1:0] read_address_o,
    input  wire logic [511:0]     read_data_i,     // 1 clock after read_enable_o
    output logic                  release_valid_o,
    output logic [8:0]            release_beats_o,

    output logic         beat_valid_o,
    input  wire logic    beat_ready_i,
    output logic [511:0] beat_data_o,
    output logic [3:0]   beat_queue_o,
    output logic         beat_first_o,       // of a burst
    output logic         beat_last_o,        // of a burst
    output logic         beat_frame_last_o,  // of a frame
    output logic [57:0]  beat_address_o,     // of the burst, in units of 64 bytes; with first
    output logic [7:0]   beat_burst_len_o,   // of the burst, as AWLEN: beats - 1; with first
    output logic         quiet_o
);
  `include "tb/formal/rx_placements.svh"
  (* anyseq *) logic any_placement_ready_o;
  (* anyseq *) logic any_read_enable_o;
  (* anyseq *) logic [BEATS_LOG2-1:0] any_read_address_o;
  (* anyseq *) logic any_release_valid_o;
  (* anyseq *) logic [8:0] any_release_beats_o;
  (* anyseq *) logic any_beat_valid_o;
  (* anyseq *) logic [511:0] any_beat_data_o;
  (* anyseq *) logic [3:0] any_beat_queue_o;
  (* anyseq *) logic any_beat_first_o;
  (* anyseq *) logic any_beat_last_o;
  (* anyseq *) logic any_beat_frame_last_o;
  (* anyseq *) logic [57:0] any_beat_address_o;
  (* anyseq *) logic [7:0] any_beat_burst_len_o;
  (* anyseq *) logic any_quiet_o;
  assign placement_ready_o = any_placement_ready_o || !placed_q;
  assign read_enable_o = any_read_enable_o;
  assign read_address_o = any_read_address_o;
  assign release_valid_o = any_release_valid_o;
  assign release_beats_o = any_release_beats_o;
  assign beat_valid_o = any_beat_valid_o && delivers_q;
  assign beat_data_o = any_beat_data_o;
  assign beat_queue_o = any_beat_queue_o;
  assign beat_first_o = any_beat_first_o;
  assign beat_last_o = any_beat_last_o;
  assign beat_frame_last_o = any_beat_frame_last_o;
  assign beat_address_o = any_beat_address_o;
  assign beat_burst_len_o = any_beat_burst_len_o;
  assign quiet_o = any_quiet_o;

  logic unused;
  assign unused = ^{ring_base_i, placement_queue_i, placement_beats_i, placement_place_i, read_data_i, beat_ready_i};
endmodule

`default_nettype wire
