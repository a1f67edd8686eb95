# SPDX-License-Identifier: Apache-2.0
# Constraints of the module fourtuple_nic, for synthesis and timing analysis on its own. In a design of yours the clock comes from there.

# One clock; 4 ns is what the architecture is made for (CLOCK_PERIOD_PS only tells software about it).
create_clock -name clk_i -period 4.000 [get_ports clk_i]

# All ports are synchronous to clk_i. Every output comes from a register or from one level of logic behind one, inputs go through at most a few
# levels: half of the clock is left to what is outside.
set_input_delay  -clock clk_i 2.000 [remove_from_collection [all_inputs] [get_ports clk_i]]
set_output_delay -clock clk_i 2.000 [all_outputs]

# skip_i is for simulators and tied to 0 in hardware: no path from it counts.
set_case_analysis 0 [get_ports skip_i]
