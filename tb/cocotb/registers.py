# SPDX-License-Identifier: Apache-2.0
"""The register map and the formats in host memory, read from rtl/regs/*.rdl."""

from pathlib import Path

from systemrdl import RDLCompiler
from systemrdl.node import RegNode

RTL = Path(__file__).resolve().parents[2] / "rtl"


class Record:
    """A register or a record of a ring: packs and unpacks its fields."""

    def __init__(self, node):
        self.bytes = node.get_property("regwidth") // 8
        self.fields = {field.inst_name: (field.low, field.width) for field in node.fields()}

    def pack(self, **values):
        number = 0
        for name, value in values.items():
            low, width = self.fields[name]
            if value >> width:
                raise ValueError(f"{name}: {value} does not fit {width} bits")
            number |= value << low
        return number

    def to_bytes(self, **values):
        return self.pack(**values).to_bytes(self.bytes, "little")

    def unpack(self, number):
        if isinstance(number, (bytes, bytearray)):
            number = int.from_bytes(number, "little")
        return {name: number >> low & ((1 << width) - 1) for name, (low, width) in self.fields.items()}


class Register(Record):
    def __init__(self, node):
        super().__init__(node)
        self.address = node.absolute_address


def registers():
    """Path, as in "queues[1].rx_base" -> Register, for every register of BAR0."""
    top = compiler().elaborate("fourtuple_nic").top
    return {
        node.get_path().removeprefix("fourtuple_nic."): Register(node)
        for node in top.descendants(unroll=True)
        if isinstance(node, RegNode)
    }


def formats():
    """Name, as in "frame_completion" -> Record."""
    top = compiler().elaborate("fourtuple_formats").top
    return {node.inst_name: Record(node) for node in top.children() if isinstance(node, RegNode)}


def compiler():
    rdl = RDLCompiler()
    for path in sorted((RTL / "regs").glob("*.rdl")):
        rdl.compile_file(str(path))
    return rdl
