// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Puts the bursts of both readers on one AXI read channel and gives each what it asked for.
///
/// With one ID the answers come in the order of the requests, so a FIFO of what was asked tells
/// whose a beat is. Descriptors go first: they are few, and without them nothing else is asked.
///
/// latency       2 clocks from a request to ARVALID, 1 from R to a reader
/// throughput    1 burst and 1 beat per clock
/// backpressure  requests wait; beats are always taken, because readers only ask for what they have
///               room for
/// errors        a burst with an RRESP other than OKAY is reported once, with its last beat
/// reset         nothing is outstanding
module tx_read_port #(
    parameter int unsigned OUTSTANDING_LOG2 = 9  // log2 of the bursts that may be outstanding
) (
    input  wire logic                  clk_i,
    input  wire logic                  rst_ni,
    input  wire tx_pkg::read_t         descriptor_i,
    input  wire logic                  descriptor_valid_i,
    output logic                       descriptor_ready_o,
    input  wire tx_pkg::read_t         payload_i,
    input  wire logic                  payload_valid_i,
    output logic                       payload_ready_o,
    output logic                [63:0] ar_addr_o,
    output logic                [ 7:0] ar_len_o,
    output logic                       ar_valid_o,
    input  wire logic                  ar_ready_i,
    input  wire logic          [511:0] r_data_i,
    input  wire logic           [ 1:0] r_resp_i,
    input  wire logic                  r_last_i,
    input  wire logic                  r_valid_i,
    output logic                       r_ready_o,
    output tx_pkg::line_t              line_o,
    output logic                       line_valid_o,
    output logic               [511:0] beat_o,
    output logic                       beat_refused_o,
    output logic                       beat_valid_o,
    output logic                       error_o,
    output logic                [63:0] error_address_o,
    output logic                [ 2:0] error_source_o,
    output logic                       busy_o           // something moves; waiting for R does not
);
  tx_pkg::read_t chosen, asked;
  logic any, issue, slice_ready, asked_ready, asked_valid;
  assign chosen = descriptor_valid_i ? descriptor_i : payload_i;
  assign any = descriptor_valid_i || payload_valid_i;
  assign issue = any && slice_ready && asked_ready;
  assign descriptor_ready_o = slice_ready && asked_ready;
  assign payload_ready_o = slice_ready && asked_ready && !descriptor_valid_i;

  logic [57:0] ar_line;
  logic [2:0] ar_last_beat;
  axis_skid #(
      .WIDTH(61)
  ) i_slice (
      .clk_i,
      .rst_ni,
      .s_data_i({chosen.line, chosen.last_beat}),
      .s_valid_i(any && asked_ready),
      .s_ready_o(slice_ready),
      .m_data_o({ar_line, ar_last_beat}),
      .m_valid_o(ar_valid_o),
      .m_ready_i(ar_ready_i)
  );
  assign ar_addr_o = {ar_line, 6'd0};
  assign ar_len_o  = {5'd0, ar_last_beat};

  logic take, unused_empty;
  sync_fifo #(
      .WIDTH($bits(chosen)),
      .DEPTH_LOG2(OUTSTANDING_LOG2)
  ) i_asked (
      .clk_i,
      .rst_ni,
      .s_data_i(chosen),
      .s_valid_i(any && slice_ready),
      .s_ready_o(asked_ready),
      .m_data_o(asked),
      .m_valid_o(asked_valid),
      .m_ready_i(take && r_last_i),
      .empty_o(unused_empty)
  );

  // What an answer belongs to is known a few clocks after it was asked; no answer is quicker on a
  // real bus.
  assign r_ready_o = asked_valid;
  assign take = r_valid_i && r_ready_o;

  logic [511:0] data_q;
  logic [57:0] error_line_q;
  logic [1:0] first_lane_q, last_lane_q;
  logic [4:0] queue_q;
  logic refused_q, valid_q, descriptor_q, inside_q, burst_refused_q, error_q, error_descriptor_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q         <= 1'b0;
      inside_q        <= 1'b0;
      burst_refused_q <= 1'b0;
      error_q         <= 1'b0;
    end else begin
      valid_q <= take;
      if (take) begin
        inside_q        <= !r_last_i;
        burst_refused_q <= !r_last_i && (burst_refused_q || (|r_resp_i));
      end
      error_q <= take && r_last_i && (burst_refused_q || (|r_resp_i));
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      data_q             <= r_data_i;
      refused_q          <= |r_resp_i;
      descriptor_q       <= asked.descriptor;
      queue_q            <= asked.queue_number;
      first_lane_q       <= inside_q ? 2'd0 : asked.first_lane;
      last_lane_q        <= r_last_i ? asked.last_lane : 2'd3;
      error_line_q       <= asked.line;
      error_descriptor_q <= asked.descriptor;
    end
  end

  always_comb begin
    line_o.refused    = refused_q;
    line_o.queue_number      = queue_q;
    line_o.first_lane = first_lane_q;
    line_o.last_lane  = last_lane_q;
    line_o.data       = data_q;
  end
  assign line_valid_o    = valid_q && descriptor_q;
  assign beat_o          = data_q;
  assign beat_refused_o  = refused_q;
  assign beat_valid_o    = valid_q && !descriptor_q;
  assign error_o         = error_q;
  assign error_address_o = {error_line_q, 6'd0};
  assign error_source_o  = error_descriptor_q ? fourtuple_nic_pkg::DMA_TX_DESCRIPTOR
                                              : fourtuple_nic_pkg::DMA_TX_DATA;
  assign busy_o          = issue || ar_valid_o || valid_q || error_q;

  // asked.last_beat went out with the address; RLAST says the same again.
  logic unused;
  assign unused = &{1'b0, unused_empty, asked.last_beat};
endmodule

`default_nettype wire
