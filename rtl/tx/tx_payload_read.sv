// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Cuts the bytes of descriptors into bursts of at most 512 bytes that end at multiples of 512, so
/// none crosses a page.
///
/// A burst is asked for when the data buffer has room for it beside everything asked for already:
/// what comes back can always be taken.
///
/// latency       2 clocks
/// throughput    1 burst per clock
/// backpressure  holds its request until request_ready_i
/// reset         idle, nothing reserved
module tx_payload_read #(
    parameter int unsigned BEATS_LOG2 = 9  // log2 of the beats that the data buffer holds
) (
    input  wire logic          clk_i,
    input  wire logic          rst_ni,
    input  wire logic   [57:0] s_line_i,   // address in units of 64 bytes
    input  wire logic   [10:0] s_beats_i,  // at least 1
    input  wire logic          s_valid_i,
    output logic               s_ready_o,
    output tx_pkg::read_t      request_o,
    output logic               request_valid_o,
    input  wire logic          request_ready_i,
    input  wire logic          beat_taken_i,   // a beat has left the data buffer
    output logic               idle_o          // no request, everything asked for has been taken
);
  if (BEATS_LOG2 < 5) begin : gen_check
    $error("tx_payload_read: at least 32 beats");
  end

  logic active_q;
  logic [31:0] high_q, next_high_q;  // address 63:32, and of the next 4 GiB
  logic [25:0] low_q;  // address 31:6
  logic [10:0] left_q;  // beats
  logic [BEATS_LOG2:0] reserved_q;
  logic [3:0] reserve_q;  // asked for in the clock before, not in reserved_q yet

  logic [3:0] to_border, beats;
  logic [23:0] next_block;
  logic room, issue, last, load;
  assign to_border = 4'd8 - {1'b0, low_q[2:0]};
  assign last = left_q <= {7'd0, to_border};
  assign beats = last ? left_q[3:0] : to_border;
  assign room = reserved_q <= (BEATS_LOG2 + 1)'(2 ** BEATS_LOG2 - 16);
  assign next_block = {1'b0, low_q[25:3]} + 24'd1;
  assign request_valid_o = active_q && room;
  assign issue = request_valid_o && request_ready_i;
  assign load = !active_q || (issue && last);

  // Keeps the way from the last burst to the check in front short.
  logic [57:0] line;
  logic [10:0] line_beats;
  logic line_valid;
  axis_skid #(
      .WIDTH(69)
  ) i_next (
      .clk_i,
      .rst_ni,
      .s_data_i({s_line_i, s_beats_i}),
      .s_valid_i,
      .s_ready_o,
      .m_data_o({line, line_beats}),
      .m_valid_o(line_valid),
      .m_ready_i(load)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q   <= 1'b0;
      reserve_q  <= 4'd0;
      reserved_q <= '0;
    end else begin
      if (load) active_q <= line_valid;
      reserve_q  <= issue ? beats : 4'd0;
      reserved_q <= reserved_q + (BEATS_LOG2 + 1)'(reserve_q) - (BEATS_LOG2 + 1)'(beat_taken_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      high_q      <= line[57:26];
      next_high_q <= line[57:26] + 32'd1;
      low_q       <= line[25:0];
      left_q      <= line_beats;
    end else if (issue) begin
      if (next_block[23]) high_q <= next_high_q;
      low_q  <= {next_block[22:0], 3'd0};
      left_q <= left_q - {7'd0, to_border};
    end
  end

  always_comb begin
    request_o.line       = {high_q, low_q};
    request_o.last_beat  = beats[2:0] - 3'd1;
    request_o.descriptor = 1'b0;
    request_o.queue_number      = 5'd0;
    request_o.first_lane = 2'd0;
    request_o.last_lane  = 2'd0;
  end
  assign idle_o = !active_q && !line_valid && (reserve_q == 4'd0) && (reserved_q == '0);

  // There is a reservation for every beat that is taken.
  always_ff @(posedge clk_i) begin
    if (rst_ni) BeatWasReserved : assert (!(beat_taken_i && reserved_q == '0));
  end
endmodule

`default_nettype wire
