# SPDX-License-Identifier: Apache-2.0
"""Where the block RAMs of the whole NIC lie on an LFE5UM5G-85F, and which LUTs stay empty: attributes and cells in a netlist for nextpnr.

Left to itself nextpnr's placer takes nearly all of the block RAMs wherever one is free, most of them far from what they belong to, and packs
LUTs as densely as they go, where there are fewer wires than it takes to reach them.
"""

import json
import pathlib
import re

from . import sources, wrapper

# Two tiles of the device's columns stand between one block RAM and the next, three behind each fourth; in the middle is the clock's column.
SITES = [first + step for first in (*range(4, 60, 9), *range(69, 115, 9)) for step in (0, 2, 4, 6)]
# Row of the device -> memories from left to right, bit by bit; those in brackets bit by bit in turn; a number leaves so many sites empty.
#
# Transmission is on the left, in the order in which data pass through it, beside reception, where what holds the same bits stands above one
# another: each entry of the connection table, and each FIFO of the stream. The table has two rows with much logic between them.
FLOORPLAN: dict[int, tuple[str | tuple[str, ...] | int, ...]] = {
    82: ("i_tx_engine.i_lines", "i_tx_engine.i_port.i_asked", 3,
         ("i_rx_engine.i_rx_queues.i_frame_fifo.i_beats", "i_rx_engine.i_rx_queues.i_ring_writer.i_beats")),
    70: ("i_tx_engine.i_beats", "i_tx_engine.i_expand.i_pieces", "i_write_master.i_outstanding",
         "i_rx_engine.i_rx_offload.u_out_beats", "i_rx_engine.i_rx_offload.u_out_facts",
         "i_rx_engine.i_rx_queues.i_frame_fifo.i_entries", "i_rx_engine.i_rx_queues.i_records"),
    46: ("i_tx_engine.i_buffer", "i_tx_engine.i_buffer.i_stored", "i_tx_engine.i_schedule.i_frames",
         tuple(f"i_rx_engine.i_rx_offload.u_table.u_main.gen_entry[{entry}]" for entry in range(4))),
    22: ("i_tx_engine.i_insert.i_beats", "i_tx_engine.i_segments", "i_rx_engine.i_rx_offload.u_table.u_main.i_tags",
         tuple(f"i_rx_engine.i_rx_offload.u_table.u_overflow.gen_entry[{entry}]" for entry in range(4))),
}
LOGIC_ROWS = [row for row in range(2, 94) if row not in (10, 34, 58, *FLOORPLAN)]  # The three are multipliers.
LOGIC_COLUMNS = range(2, 125)
# Where the table's logic meets that of its commands: more than elsewhere stays empty.
CROWDED_ROWS = range(8, 49)
CROWDED_COLUMNS = range(60, 97)


def empty_luts() -> list[str]:
    """A third. Carry chains take whole tiles, one beside the other: they have every other row."""
    found = []
    for row in LOGIC_ROWS:
        for column in LOGIC_COLUMNS:
            luts = []
            if row % 2 or (row in CROWDED_ROWS and column in CROWDED_COLUMNS):
                luts += ["C.K0", "C.K1", "D.K0", "D.K1"]
            if row % 2 and column % 2:
                luts.append("B.K1")
            found += [f"X{column}/Y{row}/SLICE{lut}" for lut in luts]
    return found


def sites_of(widths: dict[str, int]) -> dict[tuple[str, int], str]:
    """Memory and number in it -> where that block RAM lies. `widths`: block RAMs of each memory."""
    found = {}
    for row, groups in FLOORPLAN.items():
        site = 0
        for group in groups:
            if isinstance(group, int):
                site += group
                continue
            together = group if isinstance(group, tuple) else (group,)
            longest = max(widths.get(memory, 0) for memory in together)
            for memory, index in [(memory, index) for index in range(longest) for memory in together if index < widths.get(memory, 0)]:
                if site == len(SITES):
                    raise sources.ToolFailed(f"row {row} of the floorplan has no room for {memory}")
                found[memory, index] = f"X{SITES[site]}/Y{row}/EBR{site % 4}"
                site += 1
    return found


def constrain(netlist: pathlib.Path) -> int:
    """Puts the floorplan into the netlist. The number of cells that stand for LUTs to be left empty."""
    design = json.loads(netlist.read_text())
    cells = design["modules"][wrapper.TOP]["cells"]
    memories: dict[str, list[tuple[int, int, str]]] = {}
    for name, cell in cells.items():
        if cell["type"] == "DP16KD":
            found = re.fullmatch(r"block\.i_core\.(.*?)(?:\.i_ram)?\.memory\.(\d+)\.(\d+)", name)
            if found is None:
                raise sources.ToolFailed(f"block RAM {name} is not of a memory of nic_core")
            memories.setdefault(found[1], []).append((int(found[2]), int(found[3]), name))
    sites = sites_of({memory: len(rams) for memory, rams in memories.items()})
    for memory, rams in memories.items():
        for index, (_, _, name) in enumerate(sorted(rams)):
            if (memory, index) not in sites:
                raise sources.ToolFailed(f"{memory} is not in the floorplan")
            cells[name]["attributes"]["BEL"] = sites[memory, index]
    empty = empty_luts()
    for number, bel in enumerate(empty):
        cells[f"empty_lut_{number}"] = {"hide_name": 0, "type": "TRELLIS_COMB", "parameters": {"MODE": "LOGIC"}, "attributes": {"BEL": bel},
                                        "port_directions": {}, "connections": {}}
    netlist.write_text(json.dumps(design))
    return len(empty)
