// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Reads the descriptor ring: bursts of up to four whole lines, never beyond the doorbell, never
/// across the ring's end.
///
/// latency       4 clocks from a doorbell to a request
/// throughput    up to 16 descriptors every 4 clocks; a line that the doorbell had cut is read
///               again for its rest
/// backpressure  a request waits for request_ready_i, and is made only when LINES has room for four
///               more lines, so that what comes back can always be taken
/// reset         idle; clear_i does the same and is given only while idle
module tx_descriptor_fetch #(
    parameter int unsigned LINES_LOG2 = 6  // log2 of the lines in the buffer behind it
) (
    input  wire logic                 clk_i,
    input  wire logic                 rst_ni,
    input  wire logic                 clear_i,
    input  wire logic                 run_i,
    input  wire logic          [63:0] base_i,          // a multiple of 4096
    input  wire logic          [ 4:0] entries_log2_i,  // 4 to 15
    input  wire logic          [15:0] tail_i,
    output tx_pkg::read_t             request_o,
    output logic                      request_valid_o,
    input  wire logic                 request_ready_i,
    input  wire logic                 line_taken_i,    // a line has left the buffer
    output logic                      idle_o,          // all that was asked for has been taken
    output logic                      start_o          // will change state by itself
);
  if (LINES_LOG2 < 3) begin : gen_check
    $error("tx_descriptor_fetch: at least 8 lines");
  end

  typedef enum logic [1:0] {
    IDLE,
    SIZE,
    ADDRESS,
    REQUEST
  } state_e;

  state_e state_q;
  logic [15:0] fetch_q;      // next descriptor to ask for
  logic [15:0] available_q;  // descriptors up to the doorbell
  logic [3:0] last_q;        // the last one of this burst, modulo 16
  logic [19:0] low_q;        // address 31:12
  logic carry_q;
  logic [31:0] high_q;  // address 63:32
  logic [LINES_LOG2:0] lines_q;

  logic go, room, accepted, to_block_end;
  logic [14:0] place;
  logic [1:0] last_line;

  // A block of 16 descriptors is 256 bytes, so it lies in one page and the ring's end is a border
  // of blocks.
  assign room = lines_q <= (LINES_LOG2 + 1)'(2 ** LINES_LOG2 - 4);
  assign go = run_i && room && (tail_i != fetch_q);
  assign accepted = request_valid_o && request_ready_i;
  assign to_block_end = (|available_q[15:4]) || (available_q[3:0] > ~fetch_q[3:0]);
  assign place = fetch_q[14:0] & ~(15'h7fff << entries_log2_i);
  assign last_line = last_q[3:2] - fetch_q[3:2];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q <= IDLE;
      fetch_q <= 16'd0;
      lines_q <= '0;
    end else begin
      unique case (state_q)
        IDLE: if (go) state_q <= SIZE;
        SIZE: state_q <= ADDRESS;
        ADDRESS: state_q <= REQUEST;
        REQUEST: if (request_ready_i) state_q <= IDLE;
      endcase
      if (accepted) fetch_q <= {fetch_q[15:4], last_q} + 16'd1;
      lines_q <= lines_q + (accepted ? (LINES_LOG2 + 1)'(last_line) + 1'b1 : '0)
          - (LINES_LOG2 + 1)'(line_taken_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == IDLE && go) available_q <= tail_i - fetch_q;
    if (state_q == SIZE) begin
      last_q <= to_block_end ? 4'hf : fetch_q[3:0] + available_q[3:0] - 4'd1;
      {carry_q, low_q} <= {1'b0, base_i[31:12]} + 21'(place[14:8]);
    end
    if (state_q == ADDRESS) high_q <= base_i[63:32] + 32'(carry_q);
  end

  always_comb begin
    request_o.line       = {high_q, low_q, place[7:2]};
    request_o.last_beat  = {1'b0, last_line};
    request_o.descriptor = 1'b1;
    request_o.first_lane = fetch_q[1:0];
    request_o.last_lane  = last_q[1:0];
  end
  assign request_valid_o = state_q == REQUEST;
  assign idle_o = (state_q == IDLE) && (lines_q == '0);
  assign start_o = (state_q != IDLE) || go;

  // The ring's alignment is the host's promise, so its low bits are not looked at; lanes come from
  // fetch_q.
  logic unused;
  assign unused = &{1'b0, base_i[11:0], place[1:0]};
endmodule

`default_nettype wire
