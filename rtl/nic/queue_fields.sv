// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// One queue's registers, taken apart for who needs only some of them, and put together. Combinational.
module queue_fields (
    input  wire fourtuple_nic_regs_pkg::queue_regs_reg2hw_t reg2hw_i,
    output fourtuple_nic_regs_pkg::queue_regs_hw2reg_t      hw2reg_o,

    output logic [51:0] ring_base_o,  // in units of 4096 bytes
    output logic [4:0]  ring_bytes_log2_o,
    output logic [25:0] ring_head_o,  // in units of 64 bytes
    output logic [51:0] completion_base_o,
    output logic [4:0]  completion_entries_log2_o,
    output logic [15:0] completion_head_o,
    output logic        arm_o,        // a pulse, with completion_head_o
    output logic [63:0] tx_base_o,
    output logic [4:0]  tx_entries_log2_o,
    output logic [15:0] tx_tail_o,
    output logic        rx_enable_o,
    output logic        tx_enable_o,
    output logic [15:0] moderation_completions_o,
    output logic [15:0] moderation_clocks_o,

    input  wire logic [25:0] ring_tail_i,
    input  wire logic [15:0] completion_tail_i,
    input  wire logic [15:0] tx_head_i,
    input  wire logic        rx_active_i,
    input  wire logic        tx_active_i,
    input  wire logic        rx_halted_i,
    input  wire logic        tx_halted_i,
    input  wire logic [31:0] delivered_count_i,
    input  wire logic [31:0] drop_ring_full_count_i,
    input  wire logic [31:0] drop_completion_full_count_i,
    input  wire logic [31:0] drop_disabled_count_i
);
  // Rings start on pages, the receive ring is given back in whole beats.
  logic unused_low_bits;
  assign unused_low_bits = ^{
    reg2hw_i.rx_base.address[11:0], reg2hw_i.completion_base.address[11:0], reg2hw_i.rx_head.offset[5:0]
  };

  assign ring_base_o               = reg2hw_i.rx_base.address[63:12];
  assign ring_bytes_log2_o         = reg2hw_i.rx_size.bytes_log2;
  assign ring_head_o               = reg2hw_i.rx_head.offset[31:6];
  assign completion_base_o         = reg2hw_i.completion_base.address[63:12];
  assign completion_entries_log2_o = reg2hw_i.ring_sizes.completion_log2;
  assign completion_head_o         = reg2hw_i.completion_head.index;
  assign arm_o                     = reg2hw_i.completion_head.written && reg2hw_i.completion_head.arm;
  assign tx_base_o                 = reg2hw_i.tx_base.address;
  assign tx_entries_log2_o         = reg2hw_i.ring_sizes.tx_log2;
  assign tx_tail_o                 = reg2hw_i.tx_tail.index;
  assign rx_enable_o               = reg2hw_i.control.rx_enable;
  assign tx_enable_o               = reg2hw_i.control.tx_enable;
  assign moderation_completions_o  = reg2hw_i.moderation.completions;
  assign moderation_clocks_o       = reg2hw_i.moderation.clocks;

  always_comb begin
    hw2reg_o.rx_tail.offset                = {ring_tail_i, 6'b0};
    hw2reg_o.completion_tail.index         = completion_tail_i;
    hw2reg_o.tx_head.index                 = tx_head_i;
    hw2reg_o.status.rx_active              = rx_active_i;
    hw2reg_o.status.tx_active              = tx_active_i;
    hw2reg_o.status.rx_halted              = rx_halted_i;
    hw2reg_o.status.tx_halted              = tx_halted_i;
    hw2reg_o.rx_delivered.value            = delivered_count_i;
    hw2reg_o.rx_drop_ring_full.value       = drop_ring_full_count_i;
    hw2reg_o.rx_drop_completion_full.value = drop_completion_full_count_i;
    hw2reg_o.rx_drop_disabled.value        = drop_disabled_count_i;
  end
endmodule

`default_nettype wire
