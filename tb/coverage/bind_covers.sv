// SPDX-License-Identifier: Apache-2.0
`default_nettype none

// Puts cover points into the NIC, and the rules of its buses, which a run of the tests then checks in every clock. Only
// builds with FOURTUPLE_COVERAGE read this file: Yosys has no bind, and proves the rules in harnesses (tb/formal).

bind nic_core nic_covers i_covers (
    .clk_i,
    .rst_ni,
    .rx_valid_i(i_rx_engine.rx_valid),
    .rx_last_i(i_rx_engine.rx_last),
    .parsed_i(i_rx_engine.parsed_valid && i_rx_engine.parsed_last),
    .packet_class_i(i_rx_engine.parsed_meta.packet_class),
    .vlan_i(i_rx_engine.parsed_meta.vlan),
    .l4_checked_i(i_rx_engine.parsed_meta.l4_checked),
    .rx_queue_i(i_rx_engine.parsed_meta.rx_queue),
    .counts_i(rx_counts),
    .delivered_i(delivered),
    .delivered_bytes_i(delivered_bytes),
    .data_i(data_valid && data_ready),
    .data_last_i(data_last),
    .data_burst_len_i(data_burst_len),
    .completion_i(completion_valid && completion_ready),
    .completion_halves_i(completion_halves),
    .completion_queue_i(completion_queue),
    .message_i(message_valid && message_ready),
    .write_error_i(write_error),
    .write_error_source_i(write_error_source),
    .read_error_i(read_error),
    .read_error_source_i(read_error_source),
    .inserted_i(table_counts.inserted),
    .updated_i(table_counts.updated),
    .deleted_i(table_counts.deleted),
    .full_i(table_counts.full),
    .not_found_i(table_counts.not_found),
    .command_dropped_i(table_counts.command_dropped),
    .answer_waits_i(i_rx_engine.answer_valid && !i_rx_engine.answer_ready),
    .overflow_lines_i(i_rx_engine.overflow_lines_used),
    .tx_valid_i(m_axis_tvalid),
    .tx_ready_i(m_axis_tready),
    .frame_i(tx_frame),
    .frame_bytes_i(tx_frame_bytes),
    .checksum_i(tx_checksum_inserted),
    .segment_i(tx_segment),
    .drop_descriptor_i(tx_drop_descriptor),
    .drop_dma_error_i(tx_drop_dma_error),
    .rx_halted_i(rx_halted_pulse),
    .tx_halted_i(tx_halted_pulse),
    .register_error_i(register_error),
    .pending_i(|pending),
    .function_reset_i(function_reset_o),
    .quiet_i(quiet_o),
    .quiet_clocks_i(quiet_clocks_o),
    .skip_i
);

bind connection_lookup lookup_covers i_covers (
    .clk_i,
    .rst_ni,
    .looked_up_i(valid_q[5]),
    .main_hit_i(main_hit_5_q),
    .overflow_hit_i(overflow_hit)
);

bind interrupt_moderation moderation_covers i_covers (
    .clk_i,
    .rst_ni,
    .due_i(due),
    .enough_i(enough_q),
    .arm_i,
    .some_i(some),
    .timing_i(timing_o),
    .skip_i
);

bind function_reset reset_covers i_covers (
    .clk_i,
    .rst_ni,
    .stopping_i(state_q == STOP),
    .resetting_i(resetting),
    .by_flr_i(flr_i),
    .write_goes_on_i(w),
    .response_i(m_bvalid_i),
    .read_beat_i(m_rvalid_i),
    .frame_leaves_i(m_axis_tvalid_o && m_axis_tready_i),
    .skips_i(skip_q && s_axis_tvalid_i)
);

bind fourtuple_nic axi_write_rules i_write_rules (
    .clk_i,
    .rst_ni,
    .awaddr_i(m_axi_awaddr),
    .awlen_i(m_axi_awlen),
    .awvalid_i(m_axi_awvalid),
    .awready_i(m_axi_awready),
    .wdata_i(m_axi_wdata),
    .wstrb_i(m_axi_wstrb),
    .wlast_i(m_axi_wlast),
    .wvalid_i(m_axi_wvalid),
    .wready_i(m_axi_wready),
    .mark_i(1'b1)
);

bind fourtuple_nic axi_read_rules i_read_rules (
    .clk_i,
    .rst_ni,
    .araddr_i(m_axi_araddr),
    .arlen_i(m_axi_arlen),
    .arvalid_i(m_axi_arvalid),
    .arready_i(m_axi_arready),
    .rlast_i(m_axi_rlast),
    .rvalid_i(m_axi_rvalid),
    .rready_i(m_axi_rready)
);

bind fourtuple_nic axil_rules i_axil_rules (
    .clk_i,
    .rst_ni,
    .aw_i({s_axil_awprot, s_axil_awaddr}),
    .awvalid_i(s_axil_awvalid),
    .awready_i(s_axil_awready),
    .w_i({s_axil_wstrb, s_axil_wdata}),
    .wvalid_i(s_axil_wvalid),
    .wready_i(s_axil_wready),
    .bresp_i(s_axil_bresp),
    .bvalid_i(s_axil_bvalid),
    .bready_i(s_axil_bready),
    .ar_i({s_axil_arprot, s_axil_araddr}),
    .arvalid_i(s_axil_arvalid),
    .arready_i(s_axil_arready),
    .rdata_i(s_axil_rdata),
    .rresp_i(s_axil_rresp),
    .rvalid_i(s_axil_rvalid),
    .rready_i(s_axil_rready)
);

bind fourtuple_nic stream_rules #(
    .WIDTH(512 + 64 + 1)
) i_stream_rules (
    .clk_i,
    .rst_ni,
    .valid_i(m_axis_tvalid),
    .ready_i(m_axis_tready),
    .payload_i({m_axis_tdata, m_axis_tkeep, m_axis_tlast})
);

`default_nettype wire
