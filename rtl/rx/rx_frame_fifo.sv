// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Buffer of whole frames behind the receive offload pipeline, and the queue of what is known about each of them.
/// Answers of the connection table go through the same queue, so that frames leave on the right side of the command
/// they did or did not see.
///
/// latency       an entry is shown 3 clocks after its frame's last beat; beats are read by address, 1 clock
/// throughput    1 beat per clock in and out
/// backpressure  none for frames: without room the rest of the frame is swallowed and the frame dropped. Answers wait
/// reset         empties it
/// drop pulses   1 clock after the last beat; exactly one for each frame that makes no entry
module rx_frame_fifo #(
    parameter int unsigned BEATS_LOG2 = 10  // log2 of the beats of 64 bytes that fit
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic [511:0]                s_data_i,
    input  wire logic                        s_valid_i,
    input  wire logic                        s_last_i,
    input  wire fourtuple_nic_pkg::rx_meta_t s_meta_i,  // with last

    input  wire logic                             answer_valid_i,
    output logic                                  answer_ready_o,
    input  wire fourtuple_nic_pkg::table_answer_t answer_i,
    input  wire logic [47:0]                      timestamp_i,  // given to an answer

    output logic                             entry_valid_o,
    input  wire logic                        entry_ready_i,
    output logic                             entry_is_answer_o,
    output logic [8:0]                       entry_beats_o,   // of a frame
    output fourtuple_nic_pkg::rx_meta_t      entry_meta_o,    // of a frame; timestamp of an answer, too
    output fourtuple_nic_pkg::table_answer_t entry_answer_o,  // of an answer

    input  wire logic                  read_enable_i,
    input  wire logic [BEATS_LOG2-1:0] read_address_i,
    output logic [511:0]               read_data_o,
    input  wire logic                  release_valid_i,  // the oldest release_beats_i beats are not needed any more
    input  wire logic [8:0]            release_beats_i,

    output logic drop_mac_error_o,
    output logic drop_too_short_o,
    output logic drop_too_long_o,
    output logic drop_filtered_o,
    output logic drop_fifo_full_o,
    output logic quiet_o
);
  localparam int unsigned MetaBits = $bits(s_meta_i);
  localparam int unsigned AnswerBits = $bits(answer_i);
  localparam int unsigned TimestampBits = 48;  // the lowest bits of rx_meta_t

  if (BEATS_LOG2 < 9) begin : gen_check
    $error("rx_frame_fifo: a frame of 16383 bytes must fit, BEATS_LOG2 is at least 9");
  end

  // One bit more than an address, so that full and empty differ.
  logic [BEATS_LOG2:0] write_q, commit_q, release_q, next;
  logic swallow_q;
  logic full, lost, unwanted, entry_room, commit;

  assign full = write_q == {!release_q[BEATS_LOG2], release_q[BEATS_LOG2-1:0]};
  assign next = write_q + 1'b1;
  assign lost = full || swallow_q;
  assign unwanted = s_meta_i.mac_error || s_meta_i.too_short || s_meta_i.too_long ||
                    s_meta_i.filtered;
  assign commit = s_valid_i && s_last_i && !lost && !unwanted && entry_room;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q   <= '0;
      commit_q  <= '0;
      release_q <= '0;
      swallow_q <= 1'b0;
    end else begin
      if (s_valid_i) begin
        swallow_q <= !s_last_i && lost;
        if (s_last_i && !commit) write_q <= commit_q;
        else if (!lost) write_q <= next;
        if (commit) commit_q <= next;
      end
      if (release_valid_i) release_q <= release_q + (BEATS_LOG2 + 1)'(release_beats_i);
    end
  end

  ram_1w1r #(
      .WIDTH(512),
      .DEPTH_LOG2(BEATS_LOG2)
  ) i_beats (
      .clk_i,
      .write_enable_i(s_valid_i && !lost),
      .write_address_i(write_q[BEATS_LOG2-1:0]),
      .write_data_i(s_data_i),
      .read_enable_i,
      .read_address_i,
      .read_data_o
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      drop_mac_error_o <= 1'b0;
      drop_too_short_o <= 1'b0;
      drop_too_long_o  <= 1'b0;
      drop_filtered_o  <= 1'b0;
      drop_fifo_full_o <= 1'b0;
    end else begin
      drop_mac_error_o <= s_valid_i && s_last_i && !lost && s_meta_i.mac_error;
      drop_too_short_o <= s_valid_i && s_last_i && !lost && s_meta_i.too_short;
      drop_too_long_o  <= s_valid_i && s_last_i && !lost && s_meta_i.too_long;
      drop_filtered_o  <= s_valid_i && s_last_i && !lost && s_meta_i.filtered;
      drop_fifo_full_o <= s_valid_i && s_last_i && (lost || (!unwanted && !entry_room));
    end
  end

  // A frame that is committed goes first, an answer takes any other clock.
  logic [MetaBits-1:0] answer_as_meta, pushed;
  assign answer_as_meta = {
    {(MetaBits - AnswerBits - TimestampBits) {1'b0}}, answer_i, timestamp_i[TimestampBits-1:0]
  };
  assign pushed = commit ? s_meta_i : answer_as_meta;

  logic [8:0] beats;
  assign beats = 9'(next - commit_q);

  // The slice keeps the decision about an entry apart from the FIFO's counters.
  logic [1+9+MetaBits-1:0] queued;
  logic [MetaBits-1:0] shown;
  logic entries_empty, queued_valid, queued_ready;
  sync_fifo #(
      .WIDTH(1 + 9 + MetaBits),
      .DEPTH_LOG2(BEATS_LOG2)
  ) i_entries (
      .clk_i,
      .rst_ni,
      .s_data_i({!commit, beats, pushed}),
      .s_valid_i(commit || answer_valid_i),
      .s_ready_o(entry_room),
      .m_data_o(queued),
      .m_valid_o(queued_valid),
      .m_ready_i(queued_ready),
      .empty_o(entries_empty)
  );
  axis_skid #(
      .WIDTH(1 + 9 + MetaBits)
  ) i_entry (
      .clk_i,
      .rst_ni,
      .s_data_i(queued),
      .s_valid_i(queued_valid),
      .s_ready_o(queued_ready),
      .m_data_o({entry_is_answer_o, entry_beats_o, shown}),
      .m_valid_o(entry_valid_o),
      .m_ready_i(entry_ready_i)
  );
  assign answer_ready_o = entry_room && !commit;
  assign entry_meta_o   = shown;
  assign entry_answer_o = shown[TimestampBits+:AnswerBits];

  // A frame of which only some beats have come changes nothing until the next one comes.
  assign quiet_o = entries_empty && !entry_valid_o && !(drop_mac_error_o || drop_too_short_o || drop_too_long_o ||
                                      drop_filtered_o || drop_fifo_full_o);

  // What a frame's beats hold is not released before the frame is committed, and not read.
  always_ff @(posedge clk_i) begin
    if (rst_ni && release_valid_i) begin
      ReleasedWasCommitted : assert ((BEATS_LOG2 + 1)'(release_beats_i) <= commit_q - release_q);
    end
    if (rst_ni && read_enable_i && s_valid_i && !lost) begin
      NoCollision : assert (write_q[BEATS_LOG2-1:0] != read_address_i);
    end
  end
endmodule

`default_nettype wire
