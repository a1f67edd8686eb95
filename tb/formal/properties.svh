// SPDX-License-Identifier: Apache-2.0
// One way of writing properties for both tools: Yosys proves them (scripts/formal), Verilator checks them wherever the
// module that has them is simulated. They are looked at in each clock of clk_i in which rst_ni is 1.
//
// FOURTUPLE_ASSERT  must hold
// FOURTUPLE_ASSUME  the environment keeps to this; in simulation a violation is an error of the bench
// FOURTUPLE_COVER   must be seen at least once: proofs show that it can be, scripts/coverage that it was
// FOURTUPLE_PROBE   a look inside: NAME, a wire of the harness, is the signal PATH of an instance. For Yosys,
//                   scripts/formal makes the connection, because Yosys has no hierarchical names
// FOURTUPLE_CONST   NAME has any value, and keeps it
`ifndef FOURTUPLE_PROPERTIES
`define FOURTUPLE_PROPERTIES

`ifdef YOSYS
`define FOURTUPLE_ALWAYS always_comb
`else
`define FOURTUPLE_ALWAYS always_ff @(posedge clk_i)
`endif

`define FOURTUPLE_ASSERT(NAME, CONDITION) `FOURTUPLE_ALWAYS if (rst_ni) NAME : assert (CONDITION)
`define FOURTUPLE_ASSUME(NAME, CONDITION) `FOURTUPLE_ALWAYS if (rst_ni) NAME : assume (CONDITION)
`define FOURTUPLE_COVER(NAME, CONDITION) `FOURTUPLE_ALWAYS if (rst_ni) NAME : cover (CONDITION)

`ifdef YOSYS
`define FOURTUPLE_PROBE(WIDTH, NAME, PATH) (* keep *) logic [WIDTH-1:0] NAME;
`define FOURTUPLE_CONST(WIDTH, NAME) (* anyconst *) logic [WIDTH-1:0] NAME;
`else
`define FOURTUPLE_PROBE(WIDTH, NAME, PATH) logic [WIDTH-1:0] NAME; assign NAME = PATH;
`define FOURTUPLE_CONST(WIDTH, NAME) logic [WIDTH-1:0] NAME; assign NAME = WIDTH'(64'h5eed_f00d_cafe_d00d);
`endif

`endif
