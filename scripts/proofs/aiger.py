# SPDX-License-Identifier: Apache-2.0
"""Reads and-inverter graphs as Yosys's write_aiger makes them, runs them, and writes what happened as VCD."""

import collections
import pathlib


class Graph:
    """A binary AIGER 1.0 file: literals are 2 * variable + inverted."""

    def __init__(self, path: pathlib.Path) -> None:
        data = path.read_bytes()
        header, rest = data.split(b"\n", 1)
        _, self.inputs, self.latches, outputs, ands = (int(field) for field in header.split()[1:6])
        self.first_gate = 1 + self.inputs + self.latches  # its variable
        lines = rest.split(b"\n", self.latches + outputs)
        self.next = [int(line.split()[0]) for line in lines[:self.latches]]
        self.outputs = [int(line) for line in lines[self.latches:self.latches + outputs]]
        self.gates = self._gates(lines[-1], ands)

    def _gates(self, data: bytes, count: int) -> list[tuple[int, int]]:
        place = 0

        def number() -> int:
            nonlocal place
            value = shift = 0
            while True:
                byte = data[place]
                place += 1
                value |= (byte & 127) << shift
                if byte < 128:
                    return value
                shift += 7

        gates = []
        for gate in range(count):
            left = 2 * (self.first_gate + gate) - number()
            gates.append((left, left - number()))
        return gates

    def run(self, frames: list[str]) -> list[tuple[bytearray, list[int]]]:
        """For each clock the values of inputs and latches, and the outputs that are 1. All latches begin with 0."""
        state = bytes(self.latches)
        results = []
        for frame in frames:
            values = bytearray(b"\0" + bytes(int(bit == "1") for bit in frame) + state)
            append = values.append
            for left, right in self.gates:
                append((values[left >> 1] ^ (left & 1)) & (values[right >> 1] ^ (right & 1)))
            results.append((values[:self.first_gate], [index for index, literal in enumerate(self.outputs) if values[literal >> 1] ^ (literal & 1)]))
            state = bytes(values[literal >> 1] ^ (literal & 1) for literal in self.next)
        return results


def read_witness(path: pathlib.Path, inputs: int) -> list[str]:
    """The inputs of each clock, from what ABC's write_cex -a leaves: a line of latches, then one of inputs for each clock."""
    return [line[:inputs].replace("x", "0") for line in path.read_text().splitlines()[1:] if line[:1] in "01x"]


def _places(map_file: pathlib.Path, graph: Graph) -> tuple[dict, dict]:
    """Where the bits of each name are among the values of a clock, and whether inverted; and where those are that a register begins with."""
    bits: dict[str, dict[int, tuple[int, bool]]] = collections.defaultdict(dict)
    beginnings: dict[str, dict[int, int]] = collections.defaultdict(dict)
    for line in map_file.read_text().splitlines():
        kind, index, bit, name = line.split(maxsplit=3)
        if kind == "input":
            bits[name][int(bit)] = (1 + int(index), False)
        elif kind == "init":
            beginnings[name][int(bit)] = 1 + int(index)
        elif kind in ("latch", "invlatch"):
            bits[name][int(bit)] = (1 + graph.inputs + int(index), kind == "invlatch")
    return bits, beginnings


def write_vcd(path: pathlib.Path, map_file: pathlib.Path, graph: Graph, run: list[tuple[bytearray, list[int]]]) -> None:
    """All inputs and registers under their names, one clock every 10 units of time."""
    bits, beginnings = _places(map_file, graph)

    def value(clock: int, name: str, bit: int) -> str:
        values = run[clock][0]
        if clock == 0 and bit in beginnings.get(name, {}):
            return str(values[beginnings[name][bit]])
        place, inverted = bits[name].get(bit, (0, False))
        return str(values[place] ^ inverted) if place else "x"

    with path.open("w", encoding="utf-8") as file:
        file.write("$timescale 1ns $end\n$scope module proof $end\n")
        for number, (name, places) in enumerate(bits.items()):
            file.write(f"$var wire {max(places) + 1} n{number} {name.replace(' ', '_')} $end\n")
        file.write("$upscope $end\n$enddefinitions $end\n")
        for clock in range(len(run)):
            file.write(f"#{10 * clock}\n")
            for number, (name, places) in enumerate(bits.items()):
                file.write("b" + "".join(value(clock, name, bit) for bit in range(max(places), -1, -1)) + f" n{number}\n")
        file.write(f"#{10 * len(run)}\n")
