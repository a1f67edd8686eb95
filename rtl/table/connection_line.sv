// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Compares a tuple with the four entries of a line. An entry is, from bit 0: valid, tuple (96),
/// table_value_t (37). Entries that were written while the line was read are not looked at; what was
/// written is compared instead.
///
/// latency       1 clock to match_o and used_o, 2 clocks to hit_o and value_o
/// throughput    1 line per clock
/// backpressure  none
/// reset         none: there is no valid bit in here. Outputs change only after a clock with
///               valid_i.
module connection_line (
    input  wire logic         clk_i,
    input  wire logic         valid_i,
    input  wire logic         enable_i,  // with valid_i: if 0, nothing matches and nothing is used
    input  wire logic [535:0] entries_i,
    input  wire logic [  3:0] written_i,       // which of them were written
    input  wire logic [133:0] written_entry_i, // with what
    input  wire logic [ 95:0] tuple_i,
    output logic      [  3:0] match_o,         // which entry holds the tuple: at most one; none that was written
    output logic      [  3:0] used_o,          // which entries hold any tuple; likewise
    output logic              hit_o,
    output logic      [ 36:0] value_o    // of the entry that matched; otherwise 0
);
  logic select_q, hit_q;
  logic [3:0] match_d, match_q, used_d, used_q;
  logic written_match_d, written_match_q;
  logic [147:0] values_d, values_q;
  logic [36:0] written_value_q;
  logic [36:0] value_d, value_q;

  always_comb begin
    for (int unsigned entry = 0; entry < 4; entry++) begin
      used_d[entry]          = enable_i && entries_i[134*entry] && !written_i[entry];
      match_d[entry]         = used_d[entry] && entries_i[134*entry+1+:96] == tuple_i;
      values_d[37*entry+:37] = entries_i[134*entry+97+:37];
    end
  end

  assign written_match_d = enable_i && written_i != '0 && written_entry_i[0] && written_entry_i[96:1] == tuple_i;

  assign value_d = ({37{match_q[0]}} & values_q[36:0]) | ({37{match_q[1]}} & values_q[73:37]) |
                   ({37{match_q[2]}} & values_q[110:74]) | ({37{match_q[3]}} & values_q[147:111]) |
                   ({37{written_match_q}} & written_value_q);

  always_ff @(posedge clk_i) begin
    select_q <= valid_i;
    if (valid_i) begin
      match_q  <= match_d;
      used_q   <= used_d;
      values_q <= values_d;

      written_match_q <= written_match_d;
      written_value_q <= written_entry_i[133:97];
    end
    if (select_q) begin
      hit_q   <= match_q != '0 || written_match_q;
      value_q <= value_d;
    end
  end

  assign match_o  = match_q;
  assign used_o   = used_q;
  assign hit_o    = hit_q;
  assign value_o  = value_q;

  // A tuple stands at most once in a line.
  always_ff @(posedge clk_i) begin
    if (select_q) OneMatch : assert ((match_q & (match_q - 4'd1)) == '0 && !(written_match_q && match_q != '0));
  end
endmodule

`default_nettype wire
