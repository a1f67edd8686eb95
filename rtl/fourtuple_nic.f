# SPDX-License-Identifier: Apache-2.0
# Every source file of the NIC, packages first; paths are relative to this file. One a line.
regs/generated/fourtuple_nic_regs_pkg.sv
nic/fourtuple_nic_pkg.sv
rx_offload/rx_offload_pkg.sv
regs/generated/fourtuple_nic_regs.sv
common/axis_skid.sv
common/ram_1w1r.sv
common/sync_fifo.sv
common/delay_line.sv
common/ram_1rw1r.sv
table/jhash_step.sv
table/jhash_tuple.sv
table/overflow_pool.sv
table/connection_line.sv
table/connection_lookup.sv
table/connection_commands.sv
table/connection_table.sv
rx_offload/frame_beats.sv
rx_offload/header_word.sv
rx_offload/frame_parser.sv
rx_offload/internet_sum.sv
rx_offload/rx_checksum.sv
rx_offload/rx_offload.sv
