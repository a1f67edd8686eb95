# SPDX-License-Identifier: Apache-2.0
"""The property sets, in the order of the table."""

from .proof import Proof

PROOFS = [
    Proof("sync_fifo", "sync_fifo: no word is lost, doubled, changed or overtaken; empty and full are true",
          induction=3, bounded=12, cover=12, map_memories=True, bugs=("LOSES_WHEN_FULL", "POPS_TWICE")),
    Proof("axis_skid", "axis_skid: no beat is lost, doubled, changed or overtaken; full rate",
          induction=2, bounded=12, cover=8, bugs=("CHANGES_DATA", "POPS_LATE")),
    Proof("nic_clock", "nic_clock: shows the clocks since reset, one with skip n counted as n + 1",
          induction=2, bounded=6, cover=6, bugs=("SKIPS_ONE_LESS",)),
    Proof("internet_sum", "internet_sum: equals the sum of RFC 1071 for all masks and addends of a beat",
          engine="abc", bounded=12, cover=13, bugs=("ODD_BYTE",)),
    Proof("axi_write_master", "axi_write_master: writes leave whole, unchanged and in the order in which they were taken; AXI4's rules",
          engine="abc", bounded=8, cover=9, bugs=("BURST_TOO_LONG", "MESSAGE_OVERTAKES")),
    Proof("completion_writer", "completion_writer: a frame's record waits for the frame's bytes; records are whole, in place, in order",
          engine="abc", bounded=12, cover=14, bugs=("DOES_NOT_WAIT", "LOSES_A_BEAT")),
    Proof("interrupt_moderation", "interrupt_moderation: fires once an arming, behind a completion; skip n is n + 1 clocks",
          bounded=14, cover=14, bugs=("ARMS_ITSELF", "SKIPS_ONE_MORE")),
    Proof("connection_table", "connection_table: a lookup sees the old or the new entry, never a mixture; no hit without the key",
          engine="abc", bounded=25, cover=36, not_before=3, abstract=("jhash_tuple",), bugs=("OTHER_TUPLE",)),
    Proof("function_reset", "function_reset: no DMA in a reset of the function, nothing left open across it; the buses' rules hold",
          engine="abc", unbounded=True, bounded=14, cover=16,
          bugs=("FORGETS_THE_REST_OF_A_BURST", "COUNTS_A_RESPONSE_TWICE", "DOES_NOT_AWAIT_READS", "CUTS_A_FRAME")),
    Proof("axi_read", "tx_read_port: AXI4's rules for AR; bursts leave as asked for, and each beat goes to the user whose it is",
          engine="abc", bounded=16, cover=14, bugs=("BURST_TOO_LONG", "SAME_USER_AGAIN")),
    Proof("axil", "nic_registers: AXI4-Lite's rules for any accesses, whatever the hardware shows",
          engine="abc", unbounded=True, bounded=24, cover=16, bugs=("TAKES_A_RESPONSE_ITSELF", "READS_TWICE")),
    Proof("moderation_settles", "interrupt_moderation: who has settled has decided, in every state that can be reached",
          induction=6, bounded=10, cover=10, bugs=("SETTLES_EARLY",)),
    Proof("moderation_quiet", "interrupt_moderation: from any quiet state, n clocks and one more are one clock with skip n",
          engine="abc", machine="skip", bugs=("SKIPS_ONE_MORE", "ALWAYS_QUIET", "QUIET_A_CLOCK_LONGER")),
]
