# SPDX-License-Identifier: Apache-2.0
# Constraints of the module fourtuple_nic, scoped: read_xdc -ref fourtuple_nic fourtuple_nic.xdc.

# The clock comes from the design around. There is nothing to say about crossings: every register is on clk_i, and rst_ni is synchronous to it,
# an ordinary data path into reset inputs. So there is no false path and no multicycle path; one that a tool suggests would hide an error.

# rst_ni reaches every block. Letting the tool copy its last register keeps that fanout off the critical paths.
set_property MAX_FANOUT 256 [get_nets rst_ni]
