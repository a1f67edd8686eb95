// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Says when an armed queue interrupts: docs/device.md, Interrupts; register moderation.
///
/// latency       fire_o 3 clocks after a completion, 4 after arming; or that plus the limit of time
/// fire_o        a pulse; the queue is then not armed any more
/// skip_i        the limit of time comes nearer by skip_i + 1 clocks; skip_i is 0 unless quiet_o, and at most
///               quiet_clocks_o while timing_o
/// reset, start  not armed
module interrupt_moderation (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        start_i,
    input  wire logic        arm_i,           // with arm_index_i
    input  wire logic [15:0] arm_index_i,
    input  wire logic [15:0] tail_i,          // completions written, free-running
    input  wire logic [15:0] completions_i,   // moderation: enough of them; 0 and 1 mean the first
    input  wire logic [15:0] clocks_i,        // moderation: long enough after the first
    output logic             fire_o,
    input  wire logic [15:0] skip_i,
    output logic             timing_o,        // the limit of time comes nearer
    output logic      [15:0] quiet_clocks_o,  // clocks before it is reached, while timing_o
    output logic             quiet_o
);
  // How many completions are new, then what that means. A tail behind the index (armed for a later completion) is
  // none.
  logic [15:0] index_q, new_q;
  logic any_q, enough_q, some;
  assign some = new_q != '0 && (!new_q[15] || new_q[14:0] == '0);
  logic settling;
  always_ff @(posedge clk_i) begin
    if (arm_i) index_q <= arm_index_i;
    if (settling) begin
      new_q    <= tail_i - index_q;
      any_q    <= some;
      enough_q <= some && new_q >= completions_i;
    end
  end

  // Three clocks after an input has changed the registers above have followed.
  logic [15:0] seen_tail_q, seen_completions_q, seen_clocks_q;
  logic [1:0] settle_q;
  logic changed;
  assign changed = arm_i || tail_i != seen_tail_q || completions_i != seen_completions_q ||
                   clocks_i != seen_clocks_q;
  assign settling = changed || settle_q != 2'd0;
  always_ff @(posedge clk_i) begin
    if (changed) begin
      seen_tail_q        <= tail_i;
      seen_completions_q <= completions_i;
      seen_clocks_q      <= clocks_i;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || changed) settle_q <= 2'd3;
    else if (settle_q != 2'd0) settle_q <= settle_q - 1'b1;
  end

  // What any_q and enough_q say is about an earlier arming until the present one has come through.
  logic armed_q, index_new_q, counted_q, running_q, due;
  logic [15:0] left_q;
  assign due = armed_q && counted_q && (enough_q || (any_q && running_q && left_q == '0));

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      armed_q     <= 1'b0;
      index_new_q <= 1'b0;
      counted_q   <= 1'b0;
      running_q   <= 1'b0;
      fire_o      <= 1'b0;
    end else begin
      fire_o      <= due && !arm_i;
      index_new_q <= arm_i;
      counted_q   <= !arm_i && !index_new_q;
      if (arm_i) armed_q <= 1'b1;
      else if (due) armed_q <= 1'b0;
      if (arm_i || due) running_q <= 1'b0;
      else if (armed_q && counted_q && any_q) running_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!running_q) left_q <= clocks_i;
    else if (left_q != '0) left_q <= left_q + ~skip_i;  // - (skip_i + 1)
  end

  assign timing_o       = running_q;
  assign quiet_clocks_o = left_q - 1'b1;
  assign quiet_o        = !changed && settle_q == 2'd0 && !fire_o && !(running_q && left_q == '0);
endmodule

`default_nettype wire
