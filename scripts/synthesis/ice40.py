# SPDX-License-Identifier: Apache-2.0
"""A block's clock frequency, placed and routed alone on an iCE40 HX8K by nextpnr.

The device is small and slow, but its tools are free and their result is the same everywhere: a measure to compare designs with, not what
a NIC would be built with.
"""

import dataclasses
import re
import shutil
import statistics

from . import sources, wrapper

SEEDS = (1, 2, 3)
# How much faster than its peer a block is at least. A placement is partly luck, so the middle one of the seeds is what counts.
LEAST_OF_PEER = 1.3


@dataclasses.dataclass
class Candidate:
    """A block that fits, how it is configured for that, and what the same flow gives for another project's block of that kind."""

    module: str
    parameters: dict[str, int]
    peer: str = ""
    peer_mhz: int = 0


CANDIDATES = {
    candidate.module: candidate
    for candidate in (
        Candidate("jhash_tuple", {}, "Enso", 124),
        Candidate("rx_checksum", {}, "Corundum", 78),
        # Two beats of room: 32 of them need more block RAM side by side than the device has.
        Candidate("tx_checksum_insert", {"ROOM_LOG2": 1}, "Corundum", 78),
        Candidate("frame_parser", {}),
    )
}


@dataclasses.dataclass
class Placement:
    """Names of fields are the keys of the JSON output."""

    module: str
    parameters: dict[str, int]
    logic_cells: int = 0
    mhz: list[float] = dataclasses.field(default_factory=list)  # by seed
    median_mhz: float = 0
    peer: str = ""
    peer_mhz: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


def installed() -> bool:
    """Whether placing and routing can be done here."""
    return shutil.which("nextpnr-ice40") is not None


def place(candidate: Candidate) -> Placement:
    """Synthesises, places and routes the block once with each seed."""
    module = candidate.module
    result = Placement(module, candidate.parameters, peer=candidate.peer, peer_mhz=candidate.peer_mhz)
    name = f"{module}.ice40"
    netlist = sources.OUT / f"{name}.json"
    try:
        sources.yosys(name, [
            *wrapper.read(name, module, candidate.parameters),
            f"synth_ice40 -top {wrapper.TOP} -json {netlist}",
        ])
        for seed in SEEDS:
            log = sources.run(f"{name}.{seed}", ["nextpnr-ice40", "--hx8k", "--package", "ct256", "--json", str(netlist),
                                                 "--seed", str(seed), "--pcf-allow-unconstrained", "--timing-allow-fail"])
            result.mhz.append(float(re.findall(r"Max frequency for clock .*?: ([0-9.]+) MHz", log)[-1]))
            result.logic_cells = int(re.search(r"ICESTORM_LC: *(\d+)/", log).group(1))
    except sources.ToolFailed as failure:
        result.problems.append(str(failure))
        return result
    judge(result)
    return result


def judge(result: Placement) -> None:
    """Says what is in the middle of the frequencies, and whether that is too slow."""
    result.median_mhz = statistics.median(result.mhz)
    least = LEAST_OF_PEER * result.peer_mhz
    if result.median_mhz < least:
        result.problems.append(f"{result.median_mhz:.1f} MHz, at least {least:.1f}: {LEAST_OF_PEER} times {result.peer}'s")
