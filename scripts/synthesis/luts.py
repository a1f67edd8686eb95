# SPDX-License-Identifier: Apache-2.0
"""Makes one of LUTs that do the same.

ABC gives every output that is the inverse of something an inverter of its own, so each register that is reset at 0 gets its own reset. A tile
of the ECP5 has two resets for its eight registers: thousands of them find no legal place. Yosys' opt_merge does not know the device's cells.
"""

import json
import pathlib

WIDE = ("PFUMX", "L6MUX21")  # put two LUTs beside each other together: those are theirs alone


def merge(netlist: pathlib.Path, top: str) -> None:
    """Does it in the file, a netlist of LUT4 by Yosys' write_json."""
    design = json.loads(netlist.read_text())
    module = design["modules"][top]
    cells = module["cells"]
    bound = {bit for cell in cells.values() if cell["type"] in WIDE for bits in cell["connections"].values() for bit in bits}
    while same := _same(cells, bound):
        for cell in cells.values():
            cell["connections"] = {port: [same.get(bit, bit) for bit in bits] for port, bits in cell["connections"].items()}
        for port in module["ports"].values():
            port["bits"] = [same.get(bit, bit) for bit in port["bits"]]
        module["netnames"] = {name: net for name, net in module["netnames"].items() if not same.keys() & set(net["bits"])}
    netlist.write_text(json.dumps(design))


def _same(cells: dict, bound: set) -> dict[int, int]:
    """Removes LUTs that others stand for; returns whose output is used instead of theirs."""
    kept: dict[tuple, int] = {}
    same = {}
    for name, cell in list(cells.items()):
        if cell["type"] != "LUT4" or (output := cell["connections"]["Z"][0]) in bound:
            continue
        inputs = tuple(sorted((port, *bits) for port, bits in cell["connections"].items() if port != "Z"))
        stands = kept.setdefault((cell["parameters"]["INIT"], inputs), output)
        if stands != output:
            same[output] = stands
            del cells[name]
    return same
