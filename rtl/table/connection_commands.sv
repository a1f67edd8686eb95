// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Executes the connection table's commands, one after another, on a port of the memories of its
/// own: lookups go on.
///
/// What a lookup sees is always the state before or after a command. A command writes one entry,
/// except where it needs a new overflow line: that is written first and linked afterwards; a last
/// entry's line is unlinked and then left as it is.
///
/// latency       about 45 clocks + SETTLE_CLOCKS from a command to its answer; flush:
///               2^BUCKETS_LOG2 + SETTLE_CLOCKS
/// throughput    one command at a time
/// backpressure  command_ready_o; an answer waits for answer_ready_i, and further commands behind
///               it
/// reset         drops what is being done and clears the table; live_o says when that is over
/// answers       the last write of a command is more than SETTLE_CLOCKS before answer_valid_o
module connection_commands #(
    parameter int unsigned BUCKETS_LOG2        = 10,
    parameter int unsigned OVERFLOW_LINES_LOG2 = 8,
    parameter int unsigned SETTLE_CLOCKS       = 16  // 1 to 255
) (
    input  wire logic                                clk_i,
    input  wire logic                                rst_ni,
    input  wire logic                         [31:0] hash_secret_i,
    input  wire logic                                command_valid_i,
    output logic                                     command_ready_o,
    input  wire fourtuple_nic_pkg::table_command_t   command_i,
    output logic                                     answer_valid_o,
    input  wire logic                                answer_ready_i,
    output fourtuple_nic_pkg::table_answer_t         answer_o,
    // The memories' second ports: data come 2 clocks after read and stay until the next.
    output logic      [                       133:0] entry_o,      // what main entries are written with
    output logic                                     main_read_o,
    output logic      [                         3:0] main_write_entries_o,
    output logic                                     main_write_link_o,
    output logic      [            BUCKETS_LOG2-1:0] main_address_o,
    output logic      [       OVERFLOW_LINES_LOG2:0] main_link_o,  // line, is there one
    input  wire logic [                       535:0] main_entries_i,
    input  wire logic [       OVERFLOW_LINES_LOG2:0] main_link_i,
    output logic                                     overflow_read_o,
    output logic      [                         3:0] overflow_write_entries_o,
    output logic                                     overflow_write_bucket_o,
    output logic      [     OVERFLOW_LINES_LOG2-1:0] overflow_address_o,
    output logic      [                       535:0] overflow_entries_o,
    output logic      [            BUCKETS_LOG2-1:0] overflow_bucket_o,
    input  wire logic [                       535:0] overflow_entries_i,
    input  wire logic [            BUCKETS_LOG2-1:0] overflow_bucket_i,
    // Status. Each pulse is one clock.
    output logic                                     live_o,  // not being cleared
    output logic      [                        31:0] entries_o,
    output logic      [                        31:0] overflow_lines_used_o,
    output logic                                     inserted_o,
    output logic                                     updated_o,
    output logic                                     deleted_o,
    output logic                                     full_o,
    output logic                                     not_found_o,
    output logic                                     quiet_o
);
  localparam logic [1:0] INSERT = fourtuple_nic_regs_pkg::COMMAND_OP_INSERT;
  localparam logic [1:0] REMOVE = fourtuple_nic_regs_pkg::COMMAND_OP_REMOVE;
  localparam logic [1:0] QUERY = fourtuple_nic_regs_pkg::COMMAND_OP_QUERY;
  localparam logic [1:0] FLUSH = fourtuple_nic_regs_pkg::COMMAND_OP_FLUSH;
  localparam logic [1:0] DONE = fourtuple_nic_regs_pkg::COMMAND_RESULT_DONE;
  localparam logic [1:0] FULL = fourtuple_nic_regs_pkg::COMMAND_RESULT_FULL;
  localparam logic [1:0] NOT_FOUND = fourtuple_nic_regs_pkg::COMMAND_RESULT_NOT_FOUND;

  // Enough for four entries in every line of both memories.
  localparam int unsigned ENTRIES_BITS =
      4 + (BUCKETS_LOG2 > OVERFLOW_LINES_LOG2 ? BUCKETS_LOG2 : OVERFLOW_LINES_LOG2);

  typedef enum logic [3:0] {
    CLEARING,
    IDLE,
    HASHING,
    READING,
    DECIDING,
    WRITING_OVERFLOW,
    WRITING_MAIN,
    SETTLING,
    ANSWERING
  } state_e;

  state_e state_q;
  fourtuple_nic_pkg::table_command_t command_q;
  logic [BUCKETS_LOG2-1:0] bucket_q, clear_q;
  logic [2:0] read_step_q;
  logic [7:0] settle_q;
  logic flushing_q, live_q, pool_clear_q;
  logic [1:0] result_q;
  logic [36:0] answer_value_q;
  logic [ENTRIES_BITS-1:0] entries_q;

  logic is_insert, is_remove;
  assign is_insert = command_q.op == INSERT;
  assign is_remove = command_q.op == REMOVE;

  // The bucket of the command's tuple.
  logic accept, hash_valid, hash_quiet;
  logic [BUCKETS_LOG2-1:0] bucket;
  logic [31-BUCKETS_LOG2:0] unused_hash;
  assign command_ready_o = state_q == IDLE;
  assign accept = command_valid_i && command_ready_o;
  jhash_serial u_hash (
      .clk_i,
      .rst_ni,
      .tuple_valid_i(accept && command_i.op != FLUSH),
      .tuple_i      (command_i.tuple),
      .secret_i     (hash_secret_i),
      .hash_valid_o (hash_valid),
      .hash_o       ({unused_hash, bucket}),
      .quiet_o      (hash_quiet));

  // Reading: main line in steps 0 to 2, overflow line in steps 2 to 4, comparing until step 6.
  logic linked, linked_q, overflow_is_ours;
  logic [OVERFLOW_LINES_LOG2-1:0] link;
  assign {link, linked}   = main_link_i;
  assign overflow_is_ours = linked_q && overflow_bucket_i == bucket_q;

  logic [3:0] main_match, main_used, overflow_match, overflow_used;
  logic main_hit, overflow_hit;
  logic [36:0] main_value, overflow_value;
  connection_line u_main (
      .clk_i,
      .valid_i  (state_q == READING && read_step_q == 3'd2),
      .enable_i (1'b1),
      .entries_i(main_entries_i),
      .written_i('0),
      .written_entry_i('0),
      .tuple_i  (command_q.tuple),
      .match_o  (main_match),
      .used_o   (main_used),
      .hit_o    (main_hit),
      .value_o  (main_value));
  connection_line u_overflow (
      .clk_i,
      .valid_i  (state_q == READING && read_step_q == 3'd4),
      .enable_i (overflow_is_ours),
      .entries_i(overflow_entries_i),
      .written_i('0),
      .written_entry_i('0),
      .tuple_i  (command_q.tuple),
      .match_o  (overflow_match),
      .used_o   (overflow_used),
      .hit_o    (overflow_hit),
      .value_o  (overflow_value));

  // Deciding. The first free entry is the lowest bit that is 0 in used.
  logic found, pool_available, main_free, overflow_free, take_line, give_line, place;
  logic [3:0] main_slot_d, overflow_slot_d, main_slot_q, overflow_slot_q;
  logic take_line_q, give_line_q;
  logic [OVERFLOW_LINES_LOG2-1:0] pool_line;
  assign found         = main_hit || overflow_hit;
  assign main_free     = main_used != 4'hf;
  assign overflow_free = linked_q && overflow_used != 4'hf;
  assign take_line     = is_insert && !found && !main_free && !linked_q && pool_available;
  assign give_line     = is_remove && overflow_hit && overflow_used == overflow_match;
  assign place         = main_free || overflow_free || take_line;

  always_comb begin
    main_slot_d     = '0;
    overflow_slot_d = '0;
    if (found) begin
      main_slot_d     = main_match;
      overflow_slot_d = overflow_match;
    end else if (is_insert) begin
      if (main_free) main_slot_d = ~main_used & (main_used + 4'd1);
      else if (overflow_free) overflow_slot_d = ~overflow_used & (overflow_used + 4'd1);
      else if (take_line) overflow_slot_d = 4'b0001;
    end
  end

  // Writing: the entry that was decided on. A new overflow line is written whole, with the entry in
  // its first place; clearing writes nothing but zeros.
  logic clearing, write_overflow;
  assign clearing       = state_q == CLEARING;
  assign write_overflow = state_q == WRITING_OVERFLOW;
  assign entry_o = {command_q.steer_queue, command_q.steer, command_q.handle, command_q.tuple, 1'b1} &
                   {134{is_insert && !clearing}};

  assign main_link_o          = take_line_q ? {pool_line, 1'b1} : '0;
  assign main_write_entries_o = clearing ? 4'hf : main_slot_q & {4{state_q == WRITING_MAIN}};
  assign main_write_link_o    = clearing || (state_q == WRITING_MAIN && (take_line_q || give_line_q));
  assign main_read_o          = state_q == READING && read_step_q == 3'd0;
  assign main_address_o       = clearing ? clear_q : bucket_q;

  assign overflow_entries_o       = {{3{entry_o & {134{!take_line_q}}}}, entry_o};
  assign overflow_bucket_o        = bucket_q;
  assign overflow_write_entries_o = (overflow_slot_q | {4{take_line_q}}) & {4{write_overflow}};
  assign overflow_write_bucket_o  = take_line_q && write_overflow;
  assign overflow_read_o          = state_q == READING && read_step_q == 3'd2 && linked;
  assign overflow_address_o       = take_line_q ? pool_line : link;

  logic writing_last, pool_quiet;
  logic [OVERFLOW_LINES_LOG2:0] pool_used;
  assign writing_last = state_q == WRITING_MAIN || (write_overflow && !take_line_q);
  overflow_pool #(
      .LINES_LOG2(OVERFLOW_LINES_LOG2)
  ) u_pool (
      .clk_i,
      .clear_i     (pool_clear_q),
      .take_i      (writing_last && take_line_q),
      .give_i      (writing_last && give_line_q),
      .given_line_i(link),
      .available_o (pool_available),
      .line_o      (pool_line),
      .used_o      (pool_used),
      .quiet_o     (pool_quiet));

  // Data of the command in progress.
  always_ff @(posedge clk_i) begin
    if (accept) begin
      command_q  <= command_i;
      flushing_q <= command_i.op == FLUSH;
    end
    if (state_q == HASHING && hash_valid) bucket_q <= bucket;
    if (state_q == READING && read_step_q == 3'd2) linked_q <= linked;
    if (state_q == DECIDING) begin
      main_slot_q     <= main_slot_d;
      overflow_slot_q <= overflow_slot_d;
      give_line_q     <= give_line;
      answer_value_q  <= command_q.op == QUERY ? main_value | overflow_value : '0;
    end
    if (!rst_ni) flushing_q <= 1'b0;
  end

  // The sequence.
  always_ff @(posedge clk_i) begin
    pool_clear_q <= 1'b0;
    inserted_o   <= 1'b0;
    updated_o    <= 1'b0;
    deleted_o    <= 1'b0;
    full_o       <= 1'b0;
    not_found_o  <= 1'b0;

    unique case (state_q)
      CLEARING: begin
        entries_q    <= '0;
        live_q       <= 1'b0;
        result_q     <= DONE;
        read_step_q  <= '0;
        take_line_q  <= 1'b0;
        settle_q     <= '0;
        clear_q      <= clear_q + 1'b1;  // ends at 0, where the next clearing starts
        pool_clear_q <= clear_q == '0;
        if (&clear_q) begin
          live_q  <= 1'b1;
          state_q <= flushing_q ? SETTLING : IDLE;
        end
      end
      IDLE: begin
        if (accept) state_q <= command_i.op == FLUSH ? CLEARING : HASHING;
        if (accept && command_i.op == FLUSH) live_q <= 1'b0;
      end
      HASHING: if (hash_valid) state_q <= READING;
      READING: begin
        read_step_q <= read_step_q + 3'd1;
        if (read_step_q == 3'd5) state_q <= DECIDING;
      end
      DECIDING: begin
        take_line_q <= take_line;
        settle_q    <= '0;
        inserted_o  <= is_insert && !found && place;
        updated_o   <= is_insert && found;
        full_o      <= is_insert && !found && !place;
        deleted_o   <= is_remove && found;
        not_found_o <= !is_insert && !found;
        result_q    <= (found || (is_insert && place)) ? DONE : is_insert ? FULL : NOT_FOUND;
        if (command_q.op == QUERY || (is_remove && !found) || (is_insert && !found && !place)) begin
          state_q <= SETTLING;
        end else begin
          state_q <= (main_slot_d != '0 || give_line) ? WRITING_MAIN : WRITING_OVERFLOW;
        end
      end
      WRITING_OVERFLOW: state_q <= take_line_q ? WRITING_MAIN : SETTLING;
      WRITING_MAIN:     state_q <= SETTLING;
      SETTLING: begin
        settle_q <= settle_q + 8'd1;
        if (settle_q == 8'(SETTLE_CLOCKS - 1)) state_q <= ANSWERING;
      end
      ANSWERING: begin
        read_step_q <= '0;
        take_line_q <= 1'b0;
        if (answer_ready_i) state_q <= IDLE;
      end
      default:   state_q <= CLEARING;
    endcase

    // One more, or one less: all ones are -1.
    if (inserted_o || deleted_o) entries_q <= entries_q + {{(ENTRIES_BITS - 1) {deleted_o}}, 1'b1};

    if (!rst_ni) begin
      state_q     <= CLEARING;
      clear_q     <= '0;
      live_q      <= 1'b0;
      inserted_o  <= 1'b0;
      updated_o   <= 1'b0;
      deleted_o   <= 1'b0;
      full_o      <= 1'b0;
      not_found_o <= 1'b0;
    end
  end

  assign answer_valid_o        = state_q == ANSWERING;
  assign answer_o.op           = command_q.op;
  assign answer_o.tag          = command_q.tag;
  assign answer_o.result       = result_q;
  assign {answer_o.steer_queue, answer_o.steer, answer_o.handle} = answer_value_q & {37{!flushing_q}};
  assign live_o                = live_q;
  assign entries_o             = 32'(entries_q);
  assign overflow_lines_used_o = 32'(pool_used);
  assign quiet_o               = state_q == IDLE && hash_quiet && pool_quiet && !pool_clear_q;

  // A bucket's overflow line carries the bucket's number.
  always_ff @(posedge clk_i) begin
    if (rst_ni && state_q == READING && read_step_q == 3'd4) begin
      LineIsOurs : assert (!linked_q || overflow_is_ours);
    end
  end
endmodule

`default_nettype wire
