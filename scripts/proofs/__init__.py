# SPDX-License-Identifier: Apache-2.0
"""Formal proofs of the RTL: what is proved (catalogue), and how (runner, netlist, aiger)."""
