// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The write side of the device's AXI4 master: takes bursts of received frames, lines of completions and interrupt
/// messages, and says who made a write that was refused.
///
/// order         all writes have one ID and leave in the order in which they are taken (valid && ready). Completions
///               go before messages, messages before frames, at the border of a burst. Who has to be behind a write
///               is handed in after that was taken
/// latency       2 clocks to AWVALID, 1 clock to WVALID
/// throughput    1 beat per clock, one-beat bursts included
/// outstanding   at most 2**OUTSTANDING_LOG2 + 1 writes without a response; then nothing is taken
/// discard_i     frames and completions of a queue are taken and thrown away, from the next burst on
/// pulses        1 clock after the completion was taken or the burst was issued; 2 clocks after its response
/// reset         drops what is inside
module axi_write_master #(
    parameter int unsigned QUEUES = 16,  // a power of two, 1 to 16
    parameter int unsigned OUTSTANDING_LOG2 = 9
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic [QUEUES-1:0] discard_i,

    input  wire logic         data_valid_i,
    output logic              data_ready_o,
    input  wire logic         data_first_i,
    input  wire logic         data_last_i,
    input  wire logic [57:0]  data_address_i,    // of the burst, in units of 64 bytes; with first
    input  wire logic [7:0]   data_burst_len_i,  // AWLEN; with first
    input  wire logic [3:0]   data_queue_i,
    input  wire logic [511:0] data_i,

    input  wire logic         completion_valid_i,
    output logic              completion_ready_o,
    input  wire logic [57:0]  completion_address_i,  // in units of 64 bytes
    input  wire logic [1:0]   completion_halves_i,   // which 32 bytes of the line are written
    input  wire logic [3:0]   completion_queue_i,
    input  wire logic [511:0] completion_data_i,

    input  wire logic        message_valid_i,
    output logic             message_ready_o,
    input  wire logic [61:0] message_address_i,  // in units of 4 bytes
    input  wire logic [31:0] message_data_i,

    output logic [63:0]  awaddr_o,
    output logic [7:0]   awlen_o,
    output logic         awvalid_o,
    input  wire logic    awready_i,
    output logic [511:0] wdata_o,
    output logic [63:0]  wstrb_o,
    output logic         wlast_o,
    output logic         wvalid_o,
    input  wire logic    wready_i,
    input  wire logic    bvalid_i,  // is always taken
    input  wire logic    berror_i,  // BRESP is not OKAY

    output logic        error_o,         // a write was refused
    output logic [2:0]  error_source_o,  // dma_source_e
    output logic [63:0] error_address_o,

    // What becomes of each queue's bursts and completions.
    output logic [QUEUES-1:0] burst_issued_o,    // a pulse for a burst of frames or completions
    output logic [QUEUES-1:0] burst_answered_o,  // a pulse for its response
    output logic [QUEUES-1:0] burst_refused_o,   // with it
    output logic [QUEUES-1:0] records_left_o,    // a pulse for a line of completions taken
    output logic              records_two_o,     // it had two
    output logic              records_written_o, // it was not thrown away
    output logic              quiet_o
);
  // A burst is not interrupted, and not cut short by discard_i.
  logic in_burst_q, discarding_q, discarding_data, discarding_completion;
  logic [QUEUES-1:0] data_for, completion_for;
  always_comb begin
    for (int unsigned i = 0; i < QUEUES; i++) begin
      data_for[i]       = data_queue_i == 4'(i);
      completion_for[i] = completion_queue_i == 4'(i);
    end
  end
  assign discarding_data       = in_burst_q ? discarding_q : |(discard_i & data_for);
  assign discarding_completion = |(discard_i & completion_for);

  logic aw_room, w_room, outstanding_room, room;
  assign room = aw_room && w_room && outstanding_room;

  logic take_completion, take_message, take_data;
  assign completion_ready_o = room && !in_burst_q;
  assign message_ready_o    = room && !in_burst_q && !completion_valid_i;
  assign data_ready_o       = room && (in_burst_q || !(completion_valid_i || message_valid_i));
  assign take_completion    = completion_valid_i && completion_ready_o;
  assign take_message       = message_valid_i && message_ready_o;
  assign take_data          = data_valid_i && data_ready_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_burst_q   <= 1'b0;
      discarding_q <= 1'b0;
    end else if (take_data) begin
      in_burst_q   <= !data_last_i;
      discarding_q <= discarding_data;
    end
  end

  logic issue_beat, issue_burst;
  assign issue_beat = take_message || (take_completion && !discarding_completion) ||
                      (take_data && !discarding_data);
  assign issue_burst = issue_beat && !(take_data && !data_first_i);

  logic [511:0] beat_data;
  logic [63:0] beat_strobes;
  logic [61:0] burst_address;  // in units of 4 bytes
  logic [7:0] burst_len;
  logic [2:0] burst_source;
  logic [3:0] burst_queue;
  logic beat_last;
  always_comb begin
    burst_queue   = take_completion ? completion_queue_i : data_queue_i;
    beat_data     = data_i;
    beat_strobes  = '1;
    beat_last     = data_last_i;
    burst_len     = data_burst_len_i;
    burst_address = {data_address_i, 4'b0};
    burst_source  = fourtuple_nic_pkg::DMA_RX_DATA;
    if (take_completion) begin
      beat_data     = completion_data_i;
      beat_strobes  = {{32{completion_halves_i[1]}}, {32{completion_halves_i[0]}}};
      beat_last     = 1'b1;
      burst_len     = '0;
      burst_address = {completion_address_i, !completion_halves_i[0], 3'b0};
      burst_source  = fourtuple_nic_pkg::DMA_COMPLETION;
    end else if (take_message) begin
      beat_data     = {16{message_data_i}};
      beat_strobes  = 64'hf << {message_address_i[3:0], 2'b0};
      beat_last     = 1'b1;
      burst_len     = '0;
      burst_address = message_address_i;
      burst_source  = fourtuple_nic_pkg::DMA_INTERRUPT;
    end
  end

  logic [57:0] aw_line;
  logic aw_empty;
  sync_fifo #(
      .WIDTH(58 + 8),
      .DEPTH_LOG2(4)
  ) i_bursts (
      .clk_i,
      .rst_ni,
      .s_data_i({burst_address[61:4], burst_len}),
      .s_valid_i(issue_burst),
      .s_ready_o(aw_room),
      .m_data_o({aw_line, awlen_o}),
      .m_valid_o(awvalid_o),
      .m_ready_i(awready_i),
      .empty_o(aw_empty)
  );
  assign awaddr_o = {aw_line, 6'b0};

  axis_skid #(
      .WIDTH(512 + 64 + 1)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .s_data_i({beat_data, beat_strobes, beat_last}),
      .s_valid_i(issue_beat),
      .s_ready_o(w_room),
      .m_data_o({wdata_o, wstrb_o, wlast_o}),
      .m_valid_o(wvalid_o),
      .m_ready_i(wready_i)
  );

  // Responses come in the order of the writes: one ID.
  logic response_q, refused_q, oldest_valid, outstanding_empty;
  logic [2:0] oldest_source;
  logic [3:0] oldest_queue;
  logic [61:0] oldest_address;
  sync_fifo #(
      .WIDTH(4 + 3 + 62),
      .DEPTH_LOG2(OUTSTANDING_LOG2)
  ) i_outstanding (
      .clk_i,
      .rst_ni,
      .s_data_i({burst_queue, burst_source, burst_address}),
      .s_valid_i(issue_burst),
      .s_ready_o(outstanding_room),
      .m_data_o({oldest_queue, oldest_source, oldest_address}),
      .m_valid_o(oldest_valid),
      .m_ready_i(response_q),
      .empty_o(outstanding_empty)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      response_q <= 1'b0;
      refused_q  <= 1'b0;
      error_o    <= 1'b0;
    end else begin
      response_q <= bvalid_i;
      refused_q  <= bvalid_i && berror_i;
      error_o    <= refused_q && oldest_valid;
    end
  end
  always_ff @(posedge clk_i) begin
    if (refused_q) begin
      error_source_o  <= oldest_source;
      error_address_o <= {oldest_address, 2'b0};
    end
  end

  // A message is no queue's.
  logic answered;
  assign answered = response_q && oldest_valid && oldest_source != fourtuple_nic_pkg::DMA_INTERRUPT;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      burst_issued_o   <= '0;
      burst_answered_o <= '0;
      burst_refused_o  <= '0;
      records_left_o   <= '0;
    end else begin
      burst_issued_o   <= (take_completion ? completion_for : data_for) & {QUEUES{issue_burst && !take_message}};
      records_left_o   <= completion_for & {QUEUES{take_completion}};
      for (int unsigned i = 0; i < QUEUES; i++) begin
        burst_answered_o[i] <= answered && oldest_queue == 4'(i);
        burst_refused_o[i]  <= answered && refused_q && oldest_queue == 4'(i);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    records_two_o     <= &completion_halves_i;
    records_written_o <= !discarding_completion;
  end

  // Outstanding writes change nothing until they are answered; the FIFO needs a clock to show the oldest.
  assign quiet_o = aw_empty && !wvalid_o && !response_q && !error_o && burst_issued_o == '0 &&
                   burst_answered_o == '0 && records_left_o == '0 &&
                   (oldest_valid || outstanding_empty);

  always_ff @(posedge clk_i) begin
    if (rst_ni) ResponseHasWrite : assert (!response_q || oldest_valid);
  end
endmodule

`default_nettype wire
