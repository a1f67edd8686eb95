# SPDX-License-Identifier: Apache-2.0
"""What is shown of a design as one machine: an and-inverter graph of its registers and what they become in a clock.

From any state that is quiet, a clock followed by one with skip n - 1 leaves every register as one clock with skip n does. SAT, by ABC."""

import pathlib

from . import aiger


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


class Circuit:
    """An and-inverter graph that grows. Literals are 2 * variable + inverted; 0 is false, 1 is true."""

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.gates: list[tuple[int, int]] = []
        self._known: dict[tuple[int, int], int] = {}
        self._input_literals: list[int] = []

    def input(self, name: str) -> int:
        self.inputs.append(name)
        return -2 * len(self.inputs)  # gates are numbered behind all inputs: write()

    def and_(self, left: int, right: int) -> int:
        if left == right:
            return left
        if left == 0 or right == 0 or left == right ^ 1:
            return 0
        if left == 1:
            return right
        if right == 1:
            return left
        key = (left, right) if left < right else (right, left)
        found = self._known.get(key)
        if found is None:
            self.gates.append(key)
            found = self._known[key] = 2 * len(self.gates)
        return found

    def or_(self, left: int, right: int) -> int:
        return self.and_(left ^ 1, right ^ 1) ^ 1

    def xor(self, left: int, right: int) -> int:
        return self.or_(self.and_(left, right ^ 1), self.and_(left ^ 1, right))

    def any(self, literals: list[int]) -> int:
        while len(literals) > 1:
            literals = [self.or_(*literals[place:place + 2]) if place + 1 < len(literals) else literals[place]
                        for place in range(0, len(literals), 2)]
        return literals[0] if literals else 0

    def less_one(self, number: list[int]) -> list[int]:
        """The number less 1, lowest bit first."""
        borrow, result = 1, []
        for bit in number:
            result.append(self.xor(bit, borrow))
            borrow = self.and_(bit ^ 1, borrow)
        return result

    def at_most(self, left: list[int], right: list[int]) -> int:
        """left <= right"""
        result = 1
        for low, high in zip(left, right):
            result = self.or_(self.and_(low ^ 1, high), self.and_(self.xor(low, high) ^ 1, result))
        return result

    def clock(self, machine: Machine, inputs: list[int], state: list[int]) -> tuple[list[int], list[int]]:
        """The machine's outputs in a clock, and its registers behind it."""
        values = [0, *inputs, *state]
        for left, right in machine.graph.gates:
            values.append(self.and_(values[left >> 1] ^ (left & 1), values[right >> 1] ^ (right & 1)))
        return ([values[literal >> 1] ^ (literal & 1) for literal in machine.graph.outputs],
                [values[literal >> 1] ^ (literal & 1) for literal in machine.graph.next])

    def write(self, path: pathlib.Path, output: int) -> None:
        """As binary AIGER with one output."""
        inputs = len(self.inputs)

        def place(literal: int) -> int:
            if literal < 0:
                return -(literal & ~1) + (literal & 1)
            return literal + 2 * inputs if literal > 1 else literal

        data = bytearray(f"aig {inputs + len(self.gates)} {inputs} 0 1 {len(self.gates)}\n{place(output)}\n".encode())

        def number(value: int) -> None:
            while value >= 128:
                data.append(value & 127 | 128)
                value >>= 7
            data.append(value)

        for index, gate in enumerate(self.gates):
            own = 2 * (inputs + 1 + index)
            high, low = sorted((place(gate[0]), place(gate[1])), reverse=True)
            number(own - high)
            number(high - low)
        path.write_bytes(data)


def skip(machine: Machine) -> tuple[Circuit, int, int, dict[str, int]]:
    """The circuit, what must never be 1, what must be possible, and what each register's difference is.

    Of the harness's inputs, idle_... are 0 and rst_ni is 1 (if it tied them, Yosys would take registers away that then never change);
    held_... are the same in all clocks; others are free in each."""
    circuit = Circuit()
    state = [circuit.input(f"state {name}") for name in machine.names["latch"]]
    number = [circuit.input(f"skip [{bit}]") for bit in range(48)]
    held = {name: circuit.input(name) for name in machine.names["input"] if name.startswith("held_")}

    def inputs(clock: str, skipped: list[int]) -> list[int]:
        return [skipped[int(name[7:-1])] if name.startswith("skip_i[") else held[name] if name in held else 0 if name.startswith("idle_")
                else 1 if name.startswith("rst_ni") else circuit.input(f"{clock} {name}") for name in machine.names["input"]]

    first, between = circuit.clock(machine, inputs("first", [0] * 48), state)
    last, behind = circuit.clock(machine, inputs("last", circuit.less_one(number)), between)
    once, skipped = circuit.clock(machine, inputs("skipped", number), state)

    def output(outputs: list[int], name: str, width: int = 1) -> list[int]:
        return [outputs[place] for place in machine.outputs(name, width)]

    quiet_clocks = output(first, "quiet_clocks_o", 48)
    assumed = circuit.and_(output(first, "quiet_o")[0], circuit.and_(circuit.any(number), circuit.at_most(number, quiet_clocks)))
    differences = {name: circuit.xor(left, right) for name, left, right in zip(machine.names["latch"], behind, skipped)}
    for name, outputs in (("first", first), ("last", last), ("skipped", once)):
        differences[f"offers_o, {name}"] = output(outputs, "offers_o")[0]
    differences["quiet_o, last"] = output(last, "quiet_o")[0] ^ 1
    differences["quiet_clocks_o, last"] = circuit.at_most(circuit.less_one(number), output(last, "quiet_clocks_o", 48)) ^ 1
    wrong = circuit.and_(assumed, circuit.any(list(differences.values())))
    return circuit, wrong, assumed, differences


def evaluate(circuit: Circuit, given: str, literals: dict[str, int]) -> list[str]:
    """Which of the literals are 1 with these values of the inputs."""
    inputs = [int(bit == "1") for bit in given]
    values = [0]
    append = values.append

    def value(literal: int) -> int:
        if literal < 0:
            return inputs[-(literal & ~1) // 2 - 1] ^ (literal & 1)
        return values[literal >> 1] ^ (literal & 1)

    for left, right in circuit.gates:
        append(value(left) & value(right))
    return [name for name, literal in literals.items() if value(literal)]
