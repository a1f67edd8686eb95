// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Everything in the NIC but its function-level reset: docs/device.md says what it does, and what its borders carry.
///
/// clock, reset  one clock; rst_ni is synchronous, low for at least 1 clock. After it everything is empty, disabled,
///               masked
/// s_axis        s_axis_tready is 1 from 1 clock after reset on: 1 beat per clock, always
/// m_axi         writes up to 1 beat per clock, reads as tx_engine asks; bready is always 1
/// quiet_o       from registers only; see docs/device.md, Idle clocks. skip_i is 0 in hardware
/// function_reset_o  a pulse: the host asks for a function-level reset
module nic_core #(
    parameter int unsigned QUEUES = 16,              // queue pairs: a power of two, 1 to 16
    parameter int unsigned BUCKETS_LOG2 = 14,        // log2 of the connection table's buckets
    parameter int unsigned OVERFLOW_LINES_LOG2 = 13, // log2 of its overflow lines
    parameter int unsigned CLOCK_PERIOD_PS = 4000,   // only reported
    parameter int unsigned RX_FIFO_BEATS_LOG2 = 10,  // log2 of the receive buffer in beats of 64 bytes
    parameter int unsigned TX_FIFO_BEATS_LOG2 = 9,   // likewise for transmit
    parameter int unsigned COMMAND_DEPTH = 16,       // table commands that may be unanswered
    parameter bit TSO = 1'b1                         // transmitted frames may be cut into TCP segments
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic clock_rst_ni,  // of the timestamp

    input  wire logic [15:0] s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    output logic      [1:0]  s_axil_bresp,
    output logic             s_axil_bvalid,
    input  wire logic        s_axil_bready,
    input  wire logic [15:0] s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,
    output logic      [31:0] s_axil_rdata,
    output logic      [1:0]  s_axil_rresp,
    output logic             s_axil_rvalid,
    input  wire logic        s_axil_rready,

    output logic      [0:0]   m_axi_awid,
    output logic      [63:0]  m_axi_awaddr,
    output logic      [7:0]   m_axi_awlen,
    output logic      [2:0]   m_axi_awsize,
    output logic      [1:0]   m_axi_awburst,
    output logic      [3:0]   m_axi_awcache,
    output logic      [2:0]   m_axi_awprot,
    output logic              m_axi_awvalid,
    input  wire logic         m_axi_awready,
    output logic      [511:0] m_axi_wdata,
    output logic      [63:0]  m_axi_wstrb,
    output logic              m_axi_wlast,
    output logic              m_axi_wvalid,
    input  wire logic         m_axi_wready,
    input  wire logic [0:0]   m_axi_bid,
    input  wire logic [1:0]   m_axi_bresp,
    input  wire logic         m_axi_bvalid,
    output logic              m_axi_bready,
    output logic      [0:0]   m_axi_arid,
    output logic      [63:0]  m_axi_araddr,
    output logic      [7:0]   m_axi_arlen,
    output logic      [2:0]   m_axi_arsize,
    output logic      [1:0]   m_axi_arburst,
    output logic      [3:0]   m_axi_arcache,
    output logic      [2:0]   m_axi_arprot,
    output logic              m_axi_arvalid,
    input  wire logic         m_axi_arready,
    input  wire logic [0:0]   m_axi_rid,
    input  wire logic [511:0] m_axi_rdata,
    input  wire logic [1:0]   m_axi_rresp,
    input  wire logic         m_axi_rlast,
    input  wire logic         m_axi_rvalid,
    output logic              m_axi_rready,

    input  wire logic [511:0] s_axis_tdata,
    input  wire logic [63:0]  s_axis_tkeep,
    input  wire logic         s_axis_tvalid,
    output logic              s_axis_tready,
    input  wire logic         s_axis_tlast,
    input  wire logic         s_axis_tuser,

    output logic      [511:0] m_axis_tdata,
    output logic      [63:0]  m_axis_tkeep,
    output logic              m_axis_tvalid,
    input  wire logic         m_axis_tready,
    output logic              m_axis_tlast,

    output logic             function_reset_o,
    output logic             quiet_o,
    output logic      [47:0] quiet_clocks_o,
    input  wire logic [47:0] skip_i
);
  localparam int unsigned Counters = 34;

  // -------------------------------------------------------------------------------- time
  logic [63:0] now;
  nic_clock i_clock (
      .clk_i,
      .rst_ni(clock_rst_ni),
      .skip_i,
      .now_o(now)
  );

  // -------------------------------------------------------------------------------- registers
  fourtuple_nic_regs_pkg::reg2hw_t reg2hw;
  fourtuple_nic_regs_pkg::hw2reg_t hw2reg;
  logic register_error, registers_quiet;
  nic_registers #(
      .QUEUES(QUEUES)
  ) i_registers (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .reg2hw_o(reg2hw),
      .hw2reg_i(hw2reg),
      .register_error_o(register_error),
      .quiet_o(registers_quiet)
  );

  // -------------------------------------------------------------------------------- the queues' registers
  logic [QUEUES*52-1:0] ring_base, completion_base;
  logic [QUEUES*26-1:0] ring_head, ring_tail;
  logic [QUEUES*5-1:0] ring_bytes_log2, completion_entries_log2, tx_entries_log2;
  logic [QUEUES*16-1:0] completion_head, completion_tail, tx_head, tx_tail, moderation_completions, moderation_clocks;
  logic [QUEUES*64-1:0] tx_base;
  logic [QUEUES*32-1:0] delivered_count, ring_full_count, completion_full_count, disabled_count;
  logic [QUEUES-1:0] arm, rx_enable, tx_enable, rx_start, rx_active, tx_active, rx_halted, tx_halted;
  logic [QUEUES-1:0] tx_engine_active;
  nic_queue_registers #(
      .QUEUES(QUEUES)
  ) i_queue_registers (
      .reg2hw_i(reg2hw.queues),
      .hw2reg_o(hw2reg.queues),
      .ring_base_o(ring_base),
      .ring_bytes_log2_o(ring_bytes_log2),
      .ring_head_o(ring_head),
      .completion_base_o(completion_base),
      .completion_entries_log2_o(completion_entries_log2),
      .completion_head_o(completion_head),
      .arm_o(arm),
      .tx_base_o(tx_base),
      .tx_entries_log2_o(tx_entries_log2),
      .tx_tail_o(tx_tail),
      .rx_enable_o(rx_enable),
      .tx_enable_o(tx_enable),
      .moderation_completions_o(moderation_completions),
      .moderation_clocks_o(moderation_clocks),
      .ring_tail_i(ring_tail),
      .completion_tail_i(completion_tail),
      .tx_head_i(tx_head),
      .rx_active_i(rx_active),
      .tx_active_i(tx_active),
      .rx_halted_i(rx_halted),
      .tx_halted_i(tx_halted),
      .delivered_count_i(delivered_count),
      .drop_ring_full_count_i(ring_full_count),
      .drop_completion_full_count_i(completion_full_count),
      .drop_disabled_count_i(disabled_count)
  );

  // -------------------------------------------------------------------------------- receive
  logic rx_begins, rx_halted_pulse, rx_quiet, transmit_done, delivered, table_ready;
  logic [15:0] transmit_index;
  logic data_valid, data_ready, data_first, data_last, completion_valid, completion_ready;
  logic [57:0] data_address, completion_address;
  logic [7:0] data_burst_len;
  logic [3:0] data_queue, completion_queue;
  logic [511:0] data, completion_data;
  logic [1:0] completion_halves;
  logic [QUEUES-1:0] burst_issued, burst_answered, burst_refused, records_left;
  logic records_two, records_written;
  fourtuple_nic_pkg::rx_counts_t rx_counts;
  fourtuple_nic_pkg::table_counts_t table_counts;
  logic [13:0] delivered_bytes, tx_frame_bytes;
  rx_engine #(
      .QUEUES(QUEUES),
      .BUCKETS_LOG2(BUCKETS_LOG2),
      .OVERFLOW_LINES_LOG2(OVERFLOW_LINES_LOG2),
      .FIFO_BEATS_LOG2(RX_FIFO_BEATS_LOG2),
      .COMMAND_DEPTH(COMMAND_DEPTH)
  ) i_rx_engine (
      .clk_i,
      .rst_ni,
      .timestamp_i(now[47:0]),
      .s_axis_tdata,
      .s_axis_tkeep,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tlast,
      .s_axis_tuser,
      .mac_address_i(reg2hw.device.mac_address.address),
      .max_frame_i(reg2hw.device.max_frame.bytes),
      .promiscuous_i(reg2hw.device.rx_filter.promiscuous),
      .all_multicast_i(reg2hw.device.rx_filter.all_multicast),
      .hash_secret_i(reg2hw.device.hash_secret.value),
      .indirection_i(reg2hw.indirection),
      .connection_i(reg2hw.connection),
      .connection_o(hw2reg.connection),
      .table_ready_o(table_ready),
      .rx_enable_i(rx_enable),
      .ring_base_i(ring_base),
      .ring_bytes_log2_i(ring_bytes_log2),
      .ring_head_i(ring_head),
      .ring_tail_o(ring_tail),
      .completion_base_i(completion_base),
      .completion_entries_log2_i(completion_entries_log2),
      .completion_head_i(completion_head),
      .completion_tail_o(completion_tail),
      .start_o(rx_start),
      .rx_active_o(rx_active),
      .rx_halted_o(rx_halted),
      .rx_halted_pulse_o(rx_halted_pulse),
      .delivered_count_o(delivered_count),
      .drop_ring_full_count_o(ring_full_count),
      .drop_completion_full_count_o(completion_full_count),
      .drop_disabled_count_o(disabled_count),
      .transmit_active_i(tx_engine_active),
      .transmit_valid_i(transmit_done),
      .transmit_queue_i(transmit_queue[3:0]),
      .transmit_index_i(transmit_index),
      .transmit_active_o(tx_active),
      .data_valid_o(data_valid),
      .data_ready_i(data_ready),
      .data_first_o(data_first),
      .data_last_o(data_last),
      .data_address_o(data_address),
      .data_burst_len_o(data_burst_len),
      .data_queue_o(data_queue),
      .data_o(data),
      .completion_valid_o(completion_valid),
      .completion_ready_i(completion_ready),
      .completion_address_o(completion_address),
      .completion_halves_o(completion_halves),
      .completion_queue_o(completion_queue),
      .completion_data_o(completion_data),
      .burst_issued_i(burst_issued),
      .burst_answered_i(burst_answered),
      .burst_refused_i(burst_refused),
      .records_left_i(records_left),
      .records_two_i(records_two),
      .records_written_i(records_written),
      .frame_begins_o(rx_begins),
      .counts_o(rx_counts),
      .table_counts_o(table_counts),
      .delivered_o(delivered),
      .delivered_bytes_o(delivered_bytes),
      .quiet_o(rx_quiet)
  );

  // -------------------------------------------------------------------------------- transmit
  logic [4:0] transmit_queue;
  logic tx_segment, tx_segment_last;
  logic tx_frame, tx_checksum_inserted, tx_drop_descriptor, tx_drop_dma_error, tx_halted_pulse, tx_quiet;
  logic read_error;
  logic [2:0] read_error_source;
  logic [63:0] read_error_address;
  tx_engine #(
      .QUEUES(QUEUES),
      .FIFO_BEATS_LOG2(TX_FIFO_BEATS_LOG2),
      .TSO(TSO)
  ) i_tx_engine (
      .clk_i,
      .rst_ni,
      .tx_enable_i(tx_enable),
      .tx_base_i(tx_base),
      .tx_entries_log2_i(tx_entries_log2),
      .tx_tail_i(tx_tail),
      .tx_head_o(tx_head),
      .tx_active_o(tx_engine_active),
      .tx_halted_o(tx_halted),
      .ar_addr_o(m_axi_araddr),
      .ar_len_o(m_axi_arlen),
      .ar_valid_o(m_axi_arvalid),
      .ar_ready_i(m_axi_arready),
      .r_data_i(m_axi_rdata),
      .r_resp_i(m_axi_rresp),
      .r_last_i(m_axi_rlast),
      .r_valid_i(m_axi_rvalid),
      .r_ready_o(m_axi_rready),
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tlast,
      .completion_o(transmit_done),
      .completion_queue_o(transmit_queue),
      .completion_index_o(transmit_index),
      .frame_o(tx_frame),
      .frame_bytes_o(tx_frame_bytes),
      .checksum_inserted_o(tx_checksum_inserted),
      .segment_o(tx_segment),
      .segment_last_o(tx_segment_last),
      .drop_descriptor_o(tx_drop_descriptor),
      .drop_dma_error_o(tx_drop_dma_error),
      .halted_pulse_o(tx_halted_pulse),
      .dma_read_error_o(read_error),
      .dma_read_error_address_o(read_error_address),
      .dma_read_error_source_o(read_error_source),
      .quiet_o(tx_quiet)
  );

  // -------------------------------------------------------------------------------- interrupts
  logic write_error, message_valid, message_ready, message_sent, interrupts_quiet, write_quiet;
  logic [2:0] write_error_source;
  logic [63:0] write_error_address;
  logic [61:0] message_address;
  logic [31:0] message_data;
  logic [QUEUES:0] pending;
  nic_interrupts #(
      .QUEUES(QUEUES)
  ) i_interrupts (
      .clk_i,
      .rst_ni,
      .start_i(rx_start),
      .arm_i(arm),
      .arm_index_i(completion_head),
      .tail_i(completion_tail),
      .completions_i(moderation_completions),
      .clocks_i(moderation_clocks),
      .write_error_i(write_error),
      .write_error_source_i(write_error_source),
      .write_error_address_i(write_error_address),
      .read_error_i(read_error),
      .read_error_source_i(read_error_source),
      .read_error_address_i(read_error_address),
      .event_status_i(reg2hw.device.event_status),
      .event_enable_i(reg2hw.device.event_enable.enable),
      .error_address_o(hw2reg.device.dma_error_address.address),
      .error_source_o(hw2reg.device.dma_error_source.source),
      .entries_i(reg2hw.msix[97*(QUEUES+1)-1:0]),
      .pending_o(pending),
      .message_valid_o(message_valid),
      .message_ready_i(message_ready),
      .message_address_o(message_address),
      .message_data_o(message_data),
      .message_sent_o(message_sent),
      .skip_i(skip_i[15:0]),
      .quiet_clocks_o,
      .quiet_o(interrupts_quiet)
  );
  if (QUEUES < 16) begin : gen_unused_vectors
    logic unused_vectors;
    assign unused_vectors = ^reg2hw.msix[97*17-1:97*(QUEUES+1)];
  end

  // -------------------------------------------------------------------------------- m_axi
  axi_write_master #(
      .QUEUES(QUEUES)
  ) i_write_master (
      .clk_i,
      .rst_ni,
      .discard_i(rx_halted),
      .data_valid_i(data_valid),
      .data_ready_o(data_ready),
      .data_first_i(data_first),
      .data_last_i(data_last),
      .data_address_i(data_address),
      .data_burst_len_i(data_burst_len),
      .data_queue_i(data_queue),
      .data_i(data),
      .completion_valid_i(completion_valid),
      .completion_ready_o(completion_ready),
      .completion_address_i(completion_address),
      .completion_halves_i(completion_halves),
      .completion_queue_i(completion_queue),
      .completion_data_i(completion_data),
      .message_valid_i(message_valid),
      .message_ready_o(message_ready),
      .message_address_i(message_address),
      .message_data_i(message_data),
      .awaddr_o(m_axi_awaddr),
      .awlen_o(m_axi_awlen),
      .awvalid_o(m_axi_awvalid),
      .awready_i(m_axi_awready),
      .wdata_o(m_axi_wdata),
      .wstrb_o(m_axi_wstrb),
      .wlast_o(m_axi_wlast),
      .wvalid_o(m_axi_wvalid),
      .wready_i(m_axi_wready),
      .bvalid_i(m_axi_bvalid),
      .berror_i(m_axi_bresp != 2'b00),
      .error_o(write_error),
      .error_source_o(write_error_source),
      .error_address_o(write_error_address),
      .burst_issued_o(burst_issued),
      .burst_answered_o(burst_answered),
      .burst_refused_o(burst_refused),
      .records_left_o(records_left),
      .records_two_o(records_two),
      .records_written_o(records_written),
      .quiet_o(write_quiet)
  );
  assign m_axi_awid    = '0;
  assign m_axi_awsize  = 3'd6;  // 64 bytes
  assign m_axi_awburst = 2'b01;  // INCR
  assign m_axi_awcache = 4'b0011;  // normal, not cacheable, bufferable
  assign m_axi_awprot  = '0;
  assign m_axi_bready  = 1'b1;
  assign m_axi_arid    = '0;
  assign m_axi_arsize  = 3'd6;
  assign m_axi_arburst = 2'b01;
  assign m_axi_arcache = 4'b0011;
  assign m_axi_arprot  = '0;

  logic unused_ids;  // there is only one
  assign unused_ids = ^{m_axi_bid, m_axi_rid, transmit_queue[4]};

  // -------------------------------------------------------------------------------- counters
  logic [Counters-1:0] count;
  logic counters_quiet;
  assign count[0]  = rx_begins;
  assign count[1]  = delivered;
  assign count[2]  = delivered;
  assign count[16:3] = rx_counts;
  assign count[22:17] = table_counts;
  assign count[23] = tx_frame;
  assign count[24] = tx_frame;
  assign count[25] = tx_checksum_inserted;
  assign count[26] = tx_drop_descriptor;
  assign count[27] = tx_drop_dma_error;
  assign count[28] = write_error;
  assign count[29] = read_error;
  assign count[30] = register_error;
  assign count[31] = message_sent;
  assign count[32] = tx_segment_last;
  assign count[33] = tx_segment;

  nic_counters #(
      .COUNTERS(Counters),
      .RX_BYTES(1),
      .TX_BYTES(24),
      .BYTES_WIDTH(14)
  ) i_counters (
      .clk_i,
      .rst_ni,
      .count_i(count),
      .rx_bytes_i(delivered_bytes),
      .tx_bytes_i(tx_frame_bytes),
      .values_o(hw2reg.counter),
      .quiet_o(counters_quiet)
  );

  // -------------------------------------------------------------------------------- what registers show
  assign hw2reg.device.capabilities.queues           = 8'(QUEUES);
  assign hw2reg.device.capabilities.vectors          = 8'(QUEUES + 1);
  assign hw2reg.device.capabilities.command_depth    = 8'(COMMAND_DEPTH);
  assign hw2reg.device.capabilities.rx_checksum      = 1'b1;
  assign hw2reg.device.capabilities.tx_checksum      = 1'b1;
  assign hw2reg.device.capabilities.connection_table = 1'b1;
  assign hw2reg.device.capabilities.tso              = TSO;
  assign hw2reg.device.table_size.buckets_log2        = 8'(BUCKETS_LOG2);
  assign hw2reg.device.table_size.overflow_lines_log2 = 8'(OVERFLOW_LINES_LOG2);
  assign hw2reg.device.clock.period_ps                = CLOCK_PERIOD_PS;
  assign hw2reg.device.status.table_ready             = table_ready;
  assign hw2reg.device.timestamp.clocks               = now;
  assign hw2reg.device.event_status.dma_write_error_set = write_error;
  assign hw2reg.device.event_status.dma_read_error_set  = read_error;
  assign hw2reg.device.event_status.rx_halted_set       = rx_halted_pulse;
  assign hw2reg.device.event_status.tx_halted_set       = tx_halted_pulse;
  assign hw2reg.device.event_status.register_error_set  = register_error;
  assign hw2reg.msix_pba.pending.bits                = 64'(pending);


  // -------------------------------------------------------------------------------- idle clocks
  assign quiet_o = registers_quiet && rx_quiet && tx_quiet && interrupts_quiet && write_quiet && counters_quiet;

  assign function_reset_o = reg2hw.device.function_reset.written && reg2hw.device.function_reset.start;
endmodule

`default_nettype wire
