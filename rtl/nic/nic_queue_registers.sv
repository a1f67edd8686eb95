// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The queues' registers as vectors of fields, queue 0 in the lowest bits, for who needs one field of every queue.
/// Combinational. Registers of queues that there are not are left alone.
module nic_queue_registers #(
    parameter int unsigned QUEUES = 16  // a power of two, 1 to 16
) (
    input  wire logic [16*307-1:0] reg2hw_i,  // 16 queue_regs
    output logic      [16*196-1:0] hw2reg_o,

    output logic [QUEUES*52-1:0] ring_base_o,  // in units of 4096 bytes
    output logic [QUEUES*5-1:0]  ring_bytes_log2_o,
    output logic [QUEUES*26-1:0] ring_head_o,  // in units of 64 bytes
    output logic [QUEUES*52-1:0] completion_base_o,
    output logic [QUEUES*5-1:0]  completion_entries_log2_o,
    output logic [QUEUES*16-1:0] completion_head_o,
    output logic [QUEUES-1:0]    arm_o,        // a pulse, with completion_head_o
    output logic [QUEUES*64-1:0] tx_base_o,
    output logic [QUEUES*5-1:0]  tx_entries_log2_o,
    output logic [QUEUES*16-1:0] tx_tail_o,
    output logic [QUEUES-1:0]    rx_enable_o,
    output logic [QUEUES-1:0]    tx_enable_o,
    output logic [QUEUES*16-1:0] moderation_completions_o,
    output logic [QUEUES*16-1:0] moderation_clocks_o,

    input  wire logic [QUEUES*26-1:0] ring_tail_i,
    input  wire logic [QUEUES*16-1:0] completion_tail_i,
    input  wire logic [QUEUES*16-1:0] tx_head_i,
    input  wire logic [QUEUES-1:0]    rx_active_i,
    input  wire logic [QUEUES-1:0]    tx_active_i,
    input  wire logic [QUEUES-1:0]    rx_halted_i,
    input  wire logic [QUEUES-1:0]    tx_halted_i,
    input  wire logic [QUEUES*32-1:0] delivered_count_i,
    input  wire logic [QUEUES*32-1:0] drop_ring_full_count_i,
    input  wire logic [QUEUES*32-1:0] drop_completion_full_count_i,
    input  wire logic [QUEUES*32-1:0] drop_disabled_count_i
);
  if (QUEUES < 1 || QUEUES > 16 || (QUEUES & (QUEUES - 1)) != 0) begin : gen_check
    $error("nic_queue_registers: QUEUES must be a power of two from 1 to 16");
  end

  for (genvar i = 0; i < 16; i++) begin : gen_queue
    if (i < QUEUES) begin : gen_present
      queue_fields i_fields (
          .reg2hw_i(reg2hw_i[307*i+:307]),
          .hw2reg_o(hw2reg_o[196*i+:196]),
          .ring_base_o(ring_base_o[52*i+:52]),
          .ring_bytes_log2_o(ring_bytes_log2_o[5*i+:5]),
          .ring_head_o(ring_head_o[26*i+:26]),
          .completion_base_o(completion_base_o[52*i+:52]),
          .completion_entries_log2_o(completion_entries_log2_o[5*i+:5]),
          .completion_head_o(completion_head_o[16*i+:16]),
          .arm_o(arm_o[i]),
          .tx_base_o(tx_base_o[64*i+:64]),
          .tx_entries_log2_o(tx_entries_log2_o[5*i+:5]),
          .tx_tail_o(tx_tail_o[16*i+:16]),
          .rx_enable_o(rx_enable_o[i]),
          .tx_enable_o(tx_enable_o[i]),
          .moderation_completions_o(moderation_completions_o[16*i+:16]),
          .moderation_clocks_o(moderation_clocks_o[16*i+:16]),
          .ring_tail_i(ring_tail_i[26*i+:26]),
          .completion_tail_i(completion_tail_i[16*i+:16]),
          .tx_head_i(tx_head_i[16*i+:16]),
          .rx_active_i(rx_active_i[i]),
          .tx_active_i(tx_active_i[i]),
          .rx_halted_i(rx_halted_i[i]),
          .tx_halted_i(tx_halted_i[i]),
          .delivered_count_i(delivered_count_i[32*i+:32]),
          .drop_ring_full_count_i(drop_ring_full_count_i[32*i+:32]),
          .drop_completion_full_count_i(drop_completion_full_count_i[32*i+:32]),
          .drop_disabled_count_i(drop_disabled_count_i[32*i+:32])
      );
    end else begin : gen_absent
      logic unused_queue;
      assign unused_queue = ^reg2hw_i[307*i+:307];
      assign hw2reg_o[196*i+:196] = '0;
    end
  end
endmodule

`default_nettype wire
