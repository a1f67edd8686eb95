// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// Functional cover points of nic_core: what every run of all tests must have seen. bind_covers.sv puts it in.
module nic_covers (
    input wire logic                          clk_i,
    input wire logic                          rst_ni,
    // receive
    input wire logic                          rx_valid_i,
    input wire logic                          rx_last_i,
    input wire logic                          parsed_i,   // a frame's last beat, behind the parser
    input wire logic [3:0]                    packet_class_i,
    input wire logic                          vlan_i,
    input wire logic                          l4_checked_i,
    input wire logic [3:0]                    rx_queue_i,
    input wire fourtuple_nic_pkg::rx_counts_t counts_i,
    input wire logic                          delivered_i,
    input wire logic [13:0]                   delivered_bytes_i,
    // the write master
    input wire logic                          data_i,     // a beat of a frame is taken
    input wire logic                          data_last_i,
    input wire logic [7:0]                    data_burst_len_i,
    input wire logic                          completion_i,
    input wire logic [1:0]                    completion_halves_i,
    input wire logic [3:0]                    completion_queue_i,
    input wire logic                          message_i,
    input wire logic                          write_error_i,
    input wire logic [2:0]                    write_error_source_i,
    input wire logic                          read_error_i,
    input wire logic [2:0]                    read_error_source_i,
    // the table
    input wire logic                          inserted_i,
    input wire logic                          updated_i,
    input wire logic                          deleted_i,
    input wire logic                          full_i,
    input wire logic                          not_found_i,
    input wire logic                          command_dropped_i,
    input wire logic                          answer_waits_i,
    input wire logic [31:0]                   overflow_lines_i,
    // transmit
    input wire logic                          tx_valid_i,
    input wire logic                          tx_ready_i,
    input wire logic                          frame_i,
    input wire logic [13:0]                   frame_bytes_i,
    input wire logic                          checksum_i,
    input wire logic                          segment_i,
    input wire logic                          drop_descriptor_i,
    input wire logic                          drop_dma_error_i,
    // the rest
    input wire logic                          rx_halted_i,
    input wire logic                          tx_halted_i,
    input wire logic                          register_error_i,
    input wire logic                          pending_i,
    input wire logic                          function_reset_i,
    input wire logic                          quiet_i,
    input wire logic [47:0]                   quiet_clocks_i,
    input wire logic [47:0]                   skip_i
);
  import fourtuple_nic_regs_pkg::*;
  import fourtuple_nic_pkg::*;

  // -------------------------------------------------------------------------------- Receive, Parsing
  logic [2:0] short_frames_q;  // of one beat, one clock after the other
  always_ff @(posedge clk_i) begin
    if (!rst_ni || !(rx_valid_i && rx_last_i)) short_frames_q <= '0;
    else if (short_frames_q != '1) short_frames_q <= short_frames_q + 1'b1;
  end
  `FOURTUPLE_COVER(FrameEveryClock, short_frames_q == '1 && rx_valid_i && rx_last_i);
  `FOURTUPLE_COVER(ClassOther, parsed_i && packet_class_i == PACKET_CLASS_OTHER);
  `FOURTUPLE_COVER(ClassArp, parsed_i && packet_class_i == PACKET_CLASS_ARP);
  `FOURTUPLE_COVER(ClassIpv4Other, parsed_i && packet_class_i == PACKET_CLASS_IPV4_OTHER);
  `FOURTUPLE_COVER(ClassFragment, parsed_i && packet_class_i == PACKET_CLASS_IPV4_FRAGMENT);
  `FOURTUPLE_COVER(ClassTcp, parsed_i && packet_class_i == PACKET_CLASS_IPV4_TCP);
  `FOURTUPLE_COVER(ClassUdp, parsed_i && packet_class_i == PACKET_CLASS_IPV4_UDP);
  `FOURTUPLE_COVER(ClassBad, parsed_i && packet_class_i == PACKET_CLASS_IPV4_BAD);
  `FOURTUPLE_COVER(Vlan, parsed_i && vlan_i && packet_class_i == PACKET_CLASS_IPV4_TCP);
  `FOURTUPLE_COVER(NoUdpChecksum, parsed_i && packet_class_i == PACKET_CLASS_IPV4_UDP && !l4_checked_i);
  `FOURTUPLE_COVER(Ipv4Good, counts_i.ipv4_good);
  `FOURTUPLE_COVER(Ipv4Bad, counts_i.ipv4_bad);
  `FOURTUPLE_COVER(L4Good, counts_i.l4_good);
  `FOURTUPLE_COVER(L4Bad, counts_i.l4_bad);
  `FOURTUPLE_COVER(DropMacError, counts_i.drop_mac_error);
  `FOURTUPLE_COVER(DropTooShort, counts_i.drop_too_short);
  `FOURTUPLE_COVER(DropTooLong, counts_i.drop_too_long);
  `FOURTUPLE_COVER(DropFiltered, counts_i.drop_filtered);
  `FOURTUPLE_COVER(DropFifoFull, counts_i.drop_fifo_full);
  `FOURTUPLE_COVER(DropRingFull, counts_i.drop_ring_full);
  `FOURTUPLE_COVER(DropCompletionFull, counts_i.drop_completion_full);
  `FOURTUPLE_COVER(DropDisabled, counts_i.drop_disabled);
  `FOURTUPLE_COVER(LongestFrame, delivered_i && delivered_bytes_i >= 14'd9600);
  `FOURTUPLE_COVER(ShortestFrame, delivered_i && delivered_bytes_i == 14'd60);
  `FOURTUPLE_COVER(LongBurst, data_i && data_burst_len_i >= 8'd7);

  // -------------------------------------------------------------------------------- Queues, The connection table
  logic [3:0] queue_q;
  logic frame_q;
  always_ff @(posedge clk_i) begin
    frame_q <= rst_ni && parsed_i;
    queue_q <= rx_queue_i;
  end
  `FOURTUPLE_COVER(NeighboursToOtherQueues, frame_q && parsed_i && queue_q != rx_queue_i);
  `FOURTUPLE_COVER(TableHit, counts_i.table_hit);
  `FOURTUPLE_COVER(TableMiss, counts_i.table_miss);
  `FOURTUPLE_COVER(Inserted, inserted_i);
  `FOURTUPLE_COVER(Updated, updated_i);
  `FOURTUPLE_COVER(Deleted, deleted_i);
  `FOURTUPLE_COVER(TableFull, full_i);
  `FOURTUPLE_COVER(NotFound, not_found_i);
  `FOURTUPLE_COVER(CommandDropped, command_dropped_i);
  `FOURTUPLE_COVER(AnswerWaits, answer_waits_i);
  `FOURTUPLE_COVER(OverflowLineUsed, overflow_lines_i != '0);
  `FOURTUPLE_COVER(ChangesUnderLookups, (inserted_i || deleted_i) && parsed_i);

  // -------------------------------------------------------------------------------- Completions, DMA errors, Interrupts
  `FOURTUPLE_COVER(TwoRecordsInALine, completion_i && completion_halves_i == 2'b11);
  `FOURTUPLE_COVER(FirstRecordAlone, completion_i && completion_halves_i == 2'b01);
  `FOURTUPLE_COVER(SecondRecordAlone, completion_i && completion_halves_i == 2'b10);
  `FOURTUPLE_COVER(CompletionOfAHigherQueue, completion_i && completion_queue_i != '0);
  `FOURTUPLE_COVER(CompletionBetweenFrames, completion_i && data_last_i);
  `FOURTUPLE_COVER(FrameWriteRefused, write_error_i && write_error_source_i == DMA_RX_DATA);
  `FOURTUPLE_COVER(CompletionRefused, write_error_i && write_error_source_i == DMA_COMPLETION);
  `FOURTUPLE_COVER(InterruptRefused, write_error_i && write_error_source_i == DMA_INTERRUPT);
  `FOURTUPLE_COVER(DescriptorReadRefused, read_error_i && read_error_source_i == DMA_TX_DESCRIPTOR);
  `FOURTUPLE_COVER(PayloadReadRefused, read_error_i && read_error_source_i == DMA_TX_DATA);
  `FOURTUPLE_COVER(ReceiveHalts, rx_halted_i);
  `FOURTUPLE_COVER(TransmitHalts, tx_halted_i);
  `FOURTUPLE_COVER(Message, message_i);
  `FOURTUPLE_COVER(MessagePending, pending_i);
  `FOURTUPLE_COVER(RegisterRefused, register_error_i);

  // -------------------------------------------------------------------------------- Transmit, Segmentation
  `FOURTUPLE_COVER(MacStops, tx_valid_i && !tx_ready_i);
  `FOURTUPLE_COVER(BothDirections, tx_valid_i && tx_ready_i && rx_valid_i);
  `FOURTUPLE_COVER(ShortestSent, frame_i && frame_bytes_i == 14'd60);
  `FOURTUPLE_COVER(LongestSent, frame_i && frame_bytes_i >= 14'd9000);
  `FOURTUPLE_COVER(ChecksumInserted, checksum_i);
  `FOURTUPLE_COVER(Segment, segment_i);
  `FOURTUPLE_COVER(DescriptorDropped, drop_descriptor_i);
  `FOURTUPLE_COVER(UnreadableDropped, drop_dma_error_i);

  // -------------------------------------------------------------------------------- Idle clocks, Function-level reset
  `FOURTUPLE_COVER(Quiet, quiet_i);
  `FOURTUPLE_COVER(Skips, skip_i != '0);
  `FOURTUPLE_COVER(SkipsTowardsAnInterrupt, skip_i != '0 && quiet_clocks_i < 48'h1_0000);
  `FOURTUPLE_COVER(FunctionResetByRegister, function_reset_i);
endmodule

`default_nettype wire
