# SPDX-License-Identifier: Apache-2.0
"""A block on an UltraScale+ device, by Yosys: what it takes, and how deep its logic is."""

import dataclasses
import re

from . import memories, sources

MOST_CELLS_DEEP = 10
# What the same flow makes of other projects' blocks of that kind.
PEERS_CELLS_DEEP = {"rx_checksum": "Corundum 17", "tx_checksum_insert": "Corundum 19", "jhash_tuple": "Enso 9"}
# LUTs that one cell of distributed memory takes (UltraScale Architecture CLB User Guide, UG574, Distributed RAM).
LUTS_OF_MEMORY = {
    "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM512X1S": 8,
    "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8,
    "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8,
}


@dataclasses.dataclass
class Block:
    """What one module became. Names of fields are the keys of the JSON output."""

    module: str
    parameters: dict[str, int] = dataclasses.field(default_factory=dict)  # those that do not have their defaults
    lut: int = 0
    ff: int = 0
    lutram_lut: int = 0
    srl: int = 0
    bram36: float = 0
    uram: int = 0
    memory_bits: int = 0
    memory_bits_expected: int = 0
    cells_deep: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


def synthesise(modules: list[str], queues: int | None) -> list[Block]:
    """Synthesises the modules, one after the other in one process: reading the device's library takes longer than most of them.
    Parameters have their defaults, but QUEUES where `queues` is given. Problems are in the results.
    """
    try:
        sources.yosys(f"{modules[0]}.batch", [*_READ, *(command for module in modules for command in _commands(module, queues))])
    except sources.ToolFailed as failure:
        # Whose fault it is shows when each is alone.
        if len(modules) > 1:
            return [block for module in modules for block in synthesise([module], queues)]
        return [Block(modules[0], parameters=sources.parameters(modules[0], queues), problems=[str(failure)])]
    return [_block(module, queues) for module in modules]


# What synth_xilinx does in its first step, begin; done once for all.
_READ = [
    "read_verilog -lib -specify +/xilinx/cells_sim.v",
    "read_verilog -lib +/xilinx/cells_xtra.v",
    sources.read(),
    "design -save sources",
]


def _commands(module: str, queues: int | None) -> list[str]:
    out = sources.OUT / module
    flow = "synth_xilinx -family xcup -flatten -noiopad -noclkbuf -nowidelut"
    return [
        "design -load sources",
        *(f"chparam -set {key} {value} {module}" for key, value in sources.parameters(module, queues).items()),
        f"hierarchy -check -top {module}",
        # Assertions are no hardware, but what they compare would count as cells.
        "proc",
        "chformal -remove",
        f"{flow} -run prepare:map_memory",
        f"tee -q -o {out}.memories dump t:$mem*",
        f"{flow} -run map_memory:",
        "check -assert",
        f"tee -q -o {out}.stat stat",
        "select -set comb t:LUT* t:CARRY* t:MUXF* t:INV",
        f"tee -q -o {out}.depth ltp -noff @comb w:* %u",
    ]


def _block(module: str, queues: int | None) -> Block:
    block = Block(module, parameters=sources.parameters(module, queues))
    out = sources.OUT / module
    try:
        asked_for = memories.expected(module, block.parameters)
    except sources.ToolFailed as failure:
        block.problems.append(str(failure))
        return block
    kept = memories.found(out.with_suffix(".memories"))
    block.memory_bits_expected = sum(asked_for.values())
    block.memory_bits = sum(kept.values())
    block.problems += memories.differences(asked_for, kept)
    _count_cells(block, out.with_suffix(".stat").read_text())
    lengths = re.findall(r"\(length=(\d+)\)", out.with_suffix(".depth").read_text())
    block.cells_deep = int(lengths[-1]) if lengths else 0
    if block.cells_deep > MOST_CELLS_DEEP:
        block.problems.append(f"{block.cells_deep} cells deep, at most {MOST_CELLS_DEEP}")
    return block


def _count_cells(block: Block, stat: str) -> None:
    for name, text in re.findall(r"^ +([A-Z][A-Z0-9_]*) +(\d+)$", stat, re.MULTILINE):
        count = int(text)
        if re.fullmatch(r"LUT[1-6]", name):
            block.lut += count
        elif name.startswith("FD"):
            block.ff += count
        elif name in LUTS_OF_MEMORY:
            block.lutram_lut += count * LUTS_OF_MEMORY[name]
        elif name.startswith("SRL"):
            block.srl += count
        elif name.startswith("RAMB36"):
            block.bram36 += count
        elif name.startswith("RAMB18"):
            block.bram36 += count / 2
        elif name.startswith("URAM"):
            block.uram += count
