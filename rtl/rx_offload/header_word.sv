// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Takes one 16-bit word of the transport header out of a frame's beats. The header starts at byte
/// 34 + 4 * position: with 0 for a 20-byte IPv4 header without VLAN tag, up to 11 for one of 60
/// bytes behind a tag. So a word has twelve places, some in the first beat and the others in the
/// second, and never lies across the two.
///
/// latency       1 clock: word_o belongs to the beat that was there the clock before, or to an
///               earlier one of its frame
/// throughput    1 beat per clock
/// backpressure  none
/// reset         none: word_o means nothing until the frame's beat with the word has come
module header_word #(
    parameter int unsigned BYTE = 34  // of the word at position 0: even, 34 to 62
) (
    input  wire logic         clk_i,
    input  wire logic [511:0] data_i,
    input  wire logic         valid_i,
    input  wire logic         first_i,
    input  wire logic         second_i,
    input  wire logic [  3:0] position_i,
    output logic      [ 15:0] word_o,     // big-endian
    output logic              in_first_o  // from position_i at once: in the first beat
);
  logic [15:0] word_d, word_q;
  logic in_first;

  always_comb begin
    word_d   = '0;
    in_first = 1'b0;
    for (int unsigned position = 0; position < 12; position++) begin
      if (position_i == 4'(position)) begin
        word_d   = {data_i[8*((BYTE+4*position)%64)+:8], data_i[8*((BYTE+4*position)%64)+8+:8]};
        in_first = BYTE + 4 * position < 64;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && (in_first ? first_i : second_i)) word_q <= word_d;
  end

  assign word_o     = word_q;
  assign in_first_o = in_first;
endmodule

`default_nettype wire
