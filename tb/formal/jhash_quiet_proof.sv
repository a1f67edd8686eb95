// SPDX-License-Identifier: Apache-2.0
`default_nettype none

`include "tb/formal/properties.svh"

/// jhash_tuple: while it is quiet no tuple is inside, in every state that can be reached. nic_quiet_proof begins with such states.
module jhash_quiet_proof (
    input wire logic                      clk_i,
    input wire logic                      rst_ni,
    input wire logic                      tuple_valid_i,
    input wire fourtuple_nic_pkg::tuple_t tuple_i,
    input wire logic [31:0]               secret_i
);
  logic hash_valid, quiet;
  logic [31:0] hash;
  jhash_tuple i_hash (
      .clk_i,
      .rst_ni,
      .tuple_valid_i,
      .tuple_i,
      .secret_i,
      .hash_valid_o(hash_valid),
      .hash_o(hash),
      .quiet_o(quiet)
  );
  formal_reset i_reset (
      .clk_i,
      .rst_ni
  );
  `FOURTUPLE_PROBE(4, valid_0, i_hash.valid_q)
  `FOURTUPLE_PROBE(4, valid_1, i_hash.u_step_1.valid_q)
  `FOURTUPLE_PROBE(4, valid_2, i_hash.u_step_2.valid_q)
  `FOURTUPLE_PROBE(4, valid_3, i_hash.u_step_3.valid_q)
  `FOURTUPLE_PROBE(4, valid_4, i_hash.u_step_4.valid_q)
  `FOURTUPLE_PROBE(4, valid_5, i_hash.u_step_5.valid_q)
  `FOURTUPLE_PROBE(4, valid_6, i_hash.u_step_6.valid_q)
  `FOURTUPLE_PROBE(4, valid_7, i_hash.u_step_7.valid_q)
  logic [31:0] valid;
  assign valid = {valid_7, valid_6, valid_5, valid_4, valid_3, valid_2, valid_1, valid_0};

`ifdef BUG_A_STAGE_MORE
  logic valid_8_q;
  always_ff @(posedge clk_i) valid_8_q <= rst_ni && hash_valid;
  `FOURTUPLE_ASSERT(QuietIsEmpty, !quiet || {valid_8_q, valid} == '0);
`else
  `FOURTUPLE_ASSERT(QuietIsEmpty, !quiet || valid == '0);
`endif

  `FOURTUPLE_ASSERT(LastIsShown, valid[31] == hash_valid);

  logic had_q;
  always_ff @(posedge clk_i) had_q <= rst_ni && (had_q || tuple_valid_i);
  `FOURTUPLE_COVER(Hashes, hash_valid);
  `FOURTUPLE_COVER(GetsQuiet, quiet && had_q);
endmodule

`default_nettype wire
