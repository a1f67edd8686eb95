// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Compares a tuple with the four entries of a line. An entry is, from bit 0: valid, tuple (96),
/// handle (32).
///
/// latency       1 clock to match_o and used_o, 2 clocks to hit_o and handle_o
/// throughput    1 line per clock
/// backpressure  none
/// reset         none: there is no valid bit in here. Outputs change only after a clock with
///               valid_i.
module connection_line (
    input  wire logic         clk_i,
    input  wire logic         valid_i,
    input  wire logic         enable_i,  // with valid_i: if 0, nothing matches and nothing is used
    input  wire logic [515:0] entries_i,
    input  wire logic [ 95:0] tuple_i,
    output logic      [  3:0] match_o,   // which entry holds the tuple: at most one
    output logic      [  3:0] used_o,    // which entries hold any tuple
    output logic              hit_o,
    output logic      [ 31:0] handle_o   // of the entry that matched; otherwise 0
);
  logic select_q, hit_q;
  logic [3:0] match_d, match_q, used_d, used_q;
  logic [127:0] handles_d, handles_q;
  logic [31:0] handle_d, handle_q;

  always_comb begin
    for (int unsigned entry = 0; entry < 4; entry++) begin
      used_d[entry]          = enable_i && entries_i[129*entry];
      match_d[entry]         = used_d[entry] && entries_i[129*entry+1+:96] == tuple_i;
      handles_d[32*entry+:32] = entries_i[129*entry+97+:32];
    end
  end

  assign handle_d = ({32{match_q[0]}} & handles_q[31:0]) | ({32{match_q[1]}} & handles_q[63:32]) |
                    ({32{match_q[2]}} & handles_q[95:64]) | ({32{match_q[3]}} & handles_q[127:96]);

  always_ff @(posedge clk_i) begin
    select_q <= valid_i;
    if (valid_i) begin
      match_q   <= match_d;
      used_q    <= used_d;
      handles_q <= handles_d;
    end
    if (select_q) begin
      hit_q    <= match_q != '0;
      handle_q <= handle_d;
    end
  end

  assign match_o  = match_q;
  assign used_o   = used_q;
  assign hit_o    = hit_q;
  assign handle_o = handle_q;

  // A tuple stands at most once in a line.
  always_ff @(posedge clk_i) begin
    if (select_q) OneMatch : assert ((match_q & (match_q - 4'd1)) == '0);
  end
endmodule

`default_nettype wire
