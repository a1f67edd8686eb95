# SPDX-License-Identifier: Apache-2.0
"""A design as one machine: an and-inverter graph of its registers and what they become in a clock."""

import dataclasses
import pathlib
from collections.abc import Iterable

from . import aiger


@dataclasses.dataclass
class Cone:
    """What some literals of the graph depend on, within a clock."""

    gates: list[int]    # their numbers, in order
    latches: list[int]


class Machine:
    """A graph with the names of its bits."""

    def __init__(self, base: pathlib.Path) -> None:
        self.graph = aiger.Graph(base.with_suffix(".aig"))
        self.names: dict[str, list[str]] = {
            "input": [""] * self.graph.inputs,
            "latch": [f"register {index}" for index in range(self.graph.latches)],
            "output": [""] * len(self.graph.outputs),
        }
        for line in base.with_suffix(".aim").read_text().splitlines():
            kind, index, bit, name = line.split(maxsplit=3)
            kind = kind.removeprefix("inv")
            if kind in self.names:
                self.names[kind][int(index)] = f"{name}[{bit}]"

    def outputs(self, name: str, width: int = 1) -> list[int]:
        """Numbers of the outputs that are bits of `name`, lowest first. They stand together; of bits that are
        always the same the map has only one."""
        first = {number - int(text[len(name) + 1:-1]) for number, text in enumerate(self.names["output"]) if text.startswith(name + "[")}
        if len(first) != 1:
            raise ValueError(f"no output {name}")
        return list(range(min(first), min(first) + width))

    def cone(self, literals: Iterable[int]) -> Cone:
        """What the literals depend on."""
        first = self.graph.first_gate
        marked = bytearray(first + len(self.graph.gates))
        for literal in literals:
            marked[literal >> 1] = 1
        for gate in range(len(self.graph.gates) - 1, -1, -1):
            if marked[first + gate]:
                left, right = self.graph.gates[gate]
                marked[left >> 1] = marked[right >> 1] = 1
        return Cone([gate for gate in range(len(self.graph.gates)) if marked[first + gate]],
                    [latch for latch in range(self.graph.latches) if marked[1 + self.graph.inputs + latch]])
