// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Reads the descriptor rings of all queues, one burst for each that has work in turn: bursts of up
/// to four whole lines, never beyond the doorbell, never across the ring's end.
///
/// latency       6 clocks from a doorbell to a request
/// throughput    up to 16 descriptors every 6 clocks; a line that the doorbell had cut is read
///               again for its rest
/// backpressure  a request waits for request_ready_i, and is made only when LINES has room for four
///               more lines and the store for 16 more descriptors of the queue, so that what comes
///               back can always be taken
/// reset         idle; clear_i does the same for a queue and is given only while it is idle
module tx_descriptor_fetch #(
    parameter int unsigned QUEUES = 16,
    parameter int unsigned LINES_LOG2 = 6,  // log2 of the lines in the buffer behind it
    parameter int unsigned STORE_LOG2 = 8   // log2 of the descriptors stored for each queue
) (
    input  wire logic                 clk_i,
    input  wire logic                 rst_ni,
    input  wire logic [QUEUES-1:0]    clear_i,
    input  wire logic [QUEUES-1:0]    run_i,
    input  wire logic [QUEUES*64-1:0] base_i,          // multiples of 4096
    input  wire logic [ QUEUES*5-1:0] entries_log2_i,  // 4 to 15
    input  wire logic [QUEUES*16-1:0] tail_i,
    input  wire logic [QUEUES*16-1:0] freed_i,         // the store has done with all before it
    output tx_pkg::read_t             request_o,
    output logic                      request_valid_o,
    input  wire logic                 request_ready_i,
    output logic                      asked_o,         // request_o is taken: this many lines
    output logic [2:0]                asked_lines_o,
    input  wire logic                 line_taken_i,    // a line has left the buffer
    output logic [4:0]                queue_o,         // who is worked for
    output logic                      fetching_o,      // queue_o holds
    output logic                      start_o          // will change state by itself
);
  if (LINES_LOG2 < 3 || STORE_LOG2 < 5) begin : gen_check
    $error("tx_descriptor_fetch: at least 8 lines and 32 descriptors");
  end

  typedef enum logic [2:0] {
    CHOOSE,
    LOAD,
    SIZE,
    ADDRESS,
    REQUEST,
    SETTLE
  } state_e;

  state_e state_q;
  logic [4:0] queue_q;
  logic [QUEUES-1:0] select_q;  // bit queue_q
  logic [15:0] fetch_q;      // next descriptor to ask for
  logic [15:0] tail_q;
  logic [63:0] base_q;
  logic [4:0] entries_log2_q;
  logic [15:0] available_q;  // descriptors up to the doorbell
  logic [3:0] last_q;        // the last one of this burst, modulo 16
  logic [19:0] low_q;        // address 31:12
  logic carry_q;
  logic [31:0] high_q;  // address 63:32
  logic [LINES_LOG2:0] lines_q;

  logic room_q, accepted, to_block_end, any, choose;
  logic [4:0] chosen;
  logic [14:0] place;
  logic [1:0] last_line;
  logic [15:0] next_fetch, fetch, unused_fetch;
  logic [QUEUES*16-1:0] all_fetch;

  // Who has work, and room for a block of it.
  logic [QUEUES-1:0] waits, full_d, full_q, want_q;
  for (genvar queue = 0; queue < QUEUES; queue++) begin : gen_want
    logic [15:0] own_fetch;
    logic [STORE_LOG2:0] stored;
    assign own_fetch = all_fetch[16*queue+:16];
    assign stored = own_fetch[STORE_LOG2:0] - freed_i[16*queue+:STORE_LOG2+1];
    assign full_d[queue] = stored > (STORE_LOG2 + 1)'(2 ** STORE_LOG2 - 16);
    assign waits[queue] = run_i[queue] && tail_i[16*queue+:16] != own_fetch;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) want_q <= '0;
    else want_q <= waits & ~full_d;
  end

  // Being full ends when something else has moved, so a clock later is soon enough to say so.
  always_ff @(posedge clk_i) full_q <= full_d;

  assign choose = state_q == CHOOSE && any && room_q;
  round_robin #(
      .QUEUES(QUEUES)
  ) i_turn (
      .clk_i,
      .rst_ni,
      .want_i(want_q),
      .taken_i(choose),
      .queue_o(chosen),
      .any_o(any)
  );
  queue_registers #(
      .QUEUES(QUEUES),
      .WIDTH(16)
  ) i_fetch (
      .clk_i,
      .rst_ni,
      .clear_i,
      .write_enable_i(accepted),
      .write_queue_i(queue_q),
      .write_data_i(next_fetch),
      .read_queue_i(queue_q),
      .read_data_o(unused_fetch),
      .all_o(all_fetch)
  );

  logic [63:0] base;
  logic [4:0] entries_log2;
  logic [15:0] tail;
  always_comb begin
    base         = '0;
    entries_log2 = '0;
    tail         = '0;
    fetch        = '0;
    for (int unsigned queue = 0; queue < QUEUES; queue++) begin
      if (select_q[queue]) begin
        base         |= base_i[64*queue+:64];
        entries_log2 |= entries_log2_i[5*queue+:5];
        tail         |= tail_i[16*queue+:16];
        fetch        |= all_fetch[16*queue+:16];
      end
    end
  end

  // A block of 16 descriptors is 256 bytes, so it lies in one page and the ring's end is a border
  // of blocks.
  assign accepted = request_valid_o && request_ready_i;
  assign to_block_end = (|available_q[15:4]) || (available_q[3:0] > ~fetch_q[3:0]);
  assign place = fetch_q[14:0] & ~(15'h7fff << entries_log2_q);
  assign last_line = last_q[3:2] - fetch_q[3:2];
  assign next_fetch = {fetch_q[15:4], last_q} + 16'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= CHOOSE;
      lines_q <= '0;
      room_q  <= 1'b0;
    end else begin
      unique case (state_q)
        CHOOSE:  if (choose) state_q <= LOAD;
        LOAD:    state_q <= SIZE;
        SIZE:    state_q <= ADDRESS;
        ADDRESS: state_q <= REQUEST;
        REQUEST: if (request_ready_i) state_q <= SETTLE;
        SETTLE:  state_q <= CHOOSE;  // want_q is about the time behind this burst
        default: state_q <= CHOOSE;
      endcase
      lines_q <= lines_q + (accepted ? (LINES_LOG2 + 1)'(last_line) + 1'b1 : '0)
          - (LINES_LOG2 + 1)'(line_taken_i);
      room_q <= lines_q <= (LINES_LOG2 + 1)'(2 ** LINES_LOG2 - 4);
    end
  end

  always_ff @(posedge clk_i) begin
    if (choose) begin
      queue_q <= chosen;
      for (int unsigned queue = 0; queue < QUEUES; queue++) select_q[queue] <= chosen == 5'(queue);
    end
    if (state_q == LOAD) begin
      fetch_q        <= fetch;
      tail_q         <= tail;
      base_q         <= base;
      entries_log2_q <= entries_log2;
      available_q    <= tail - fetch;
    end
    if (state_q == SIZE) begin
      last_q <= to_block_end ? 4'hf : fetch_q[3:0] + available_q[3:0] - 4'd1;
      {carry_q, low_q} <= {1'b0, base_q[31:12]} + 21'(place[14:8]);
    end
    if (state_q == ADDRESS) high_q <= base_q[63:32] + 32'(carry_q);
  end

  always_comb begin
    request_o.line       = {high_q, low_q, place[7:2]};
    request_o.last_beat  = {1'b0, last_line};
    request_o.descriptor = 1'b1;
    request_o.queue_number      = queue_q;
    request_o.first_lane = fetch_q[1:0];
    request_o.last_lane  = last_q[1:0];
  end
  assign request_valid_o = state_q == REQUEST;
  assign asked_o         = accepted;
  assign asked_lines_o   = {1'b0, last_line} + 3'd1;
  assign queue_o         = queue_q;
  assign fetching_o      = state_q != CHOOSE && state_q != SETTLE;
  assign start_o         = state_q != CHOOSE || (|(waits & ~full_q)) || (|want_q);

  // The ring's alignment is the host's promise, so its low bits are not looked at; lanes come from
  // fetch_q.
  logic unused;
  assign unused = &{1'b0, base_q[11:0], place[1:0], tail_q, freed_i, unused_fetch};
endmodule

`default_nettype wire
