# SPDX-License-Identifier: Apache-2.0
"""A circuit of several clocks of a machine, for a SAT solver."""

import collections
import dataclasses
import pathlib

from .machine import Cone, Machine


class Contradiction(Exception):
    """What was assumed can never be."""


@dataclasses.dataclass
class Clock:
    """What a machine's gates are in a clock."""

    machine: Machine
    values: list[int]  # literals of the circuit, by variable of the machine's graph

    def _of(self, literal: int) -> int:
        return self.values[literal >> 1] ^ (literal & 1)

    def output(self, name: str, width: int = 1) -> list[int]:
        """The output, lowest bit first."""
        return [self._of(self.machine.graph.outputs[place]) for place in self.machine.outputs(name, width)]

    def outputs(self) -> list[int]:
        return [self._of(literal) for literal in self.machine.graph.outputs]

    def behind(self) -> list[int]:
        """The registers behind the clock."""
        return [self._of(literal) for literal in self.machine.graph.next]


class Circuit:
    """An and-inverter graph that grows. Literals are 2 * variable + inverted; 0 is false, 1 is true. Equal gates are one, and what follows
    from what was assumed is known in gates that are made later."""

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.gates: list[tuple[int, int]] = []
        self._known: dict[tuple[int, int], int] = {}
        self._input_of: dict[tuple[str, int], int] = {}
        self._follows: dict[int, int] = {}  # variable: its value

    def input(self, name: str, number: int = 0) -> int:
        """The one input with this name and number; what is known of it, if something is."""
        if (name, number) not in self._input_of:
            self.inputs.append(name)
            self._input_of[name, number] = -2 * len(self.inputs)  # gates are numbered behind all inputs: write()
        return self._value(self._input_of[name, number])

    def _value(self, literal: int) -> int:
        value = self._follows.get(literal & ~1)
        return literal if value is None else value ^ (literal & 1)

    def and_(self, left: int, right: int) -> int:
        return self._value(self.gate(self._value(left), self._value(right)))

    def gate(self, left: int, right: int) -> int:
        """and_ that does not look at what is known."""
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

    def assume(self, literal: int) -> int:
        """How many variables have one value only, if the literal is 1, beyond those that were known: unit propagation. A circuit
        that is made once more is the same circuit wherever the assumption holds, and smaller."""
        gates_of: dict[int, list[int]] = collections.defaultdict(list)
        for gate, (left, right) in enumerate(self.gates):
            gates_of[left & ~1].append(gate)
            gates_of[right & ~1].append(gate)
        before, new = len(self._follows), []

        def follows(literal: int) -> None:
            literal = self._value(literal)
            if literal == 0:
                raise Contradiction
            if literal != 1:
                self._follows[literal & ~1] = 1 ^ (literal & 1)
                new.append(literal & ~1)

        def look_at(gate: int) -> None:
            output = self._value(2 * (gate + 1))
            left, right = (self._value(literal) for literal in self.gates[gate])
            if output == 1:
                follows(left)
                follows(right)
            elif left == 0 or right == 0 or left == right ^ 1:
                follows(2 * (gate + 1) ^ 1)
            elif left == 1 and right == 1:
                follows(2 * (gate + 1))
            elif output == 0 and (left == 1 or left == right):
                follows(right ^ 1)
            elif output == 0 and right == 1:
                follows(left ^ 1)

        follows(literal)
        while new:
            variable = new.pop()
            for gate in [*([variable // 2 - 1] if variable > 0 else []), *gates_of[variable]]:
                look_at(gate)
        return len(self._follows) - before

    def clock(self, machine: Machine, inputs: list[int], state: list[int], cone: Cone) -> Clock:
        """What the cone's gates are in a clock that begins with this state."""
        graph = machine.graph
        values = [0, *inputs, *state, *[0] * len(graph.gates)]
        for gate in cone.gates:
            left, right = graph.gates[gate]
            values[graph.first_gate + gate] = self.and_(values[left >> 1] ^ (left & 1), values[right >> 1] ^ (right & 1))
        return Clock(machine, values)

    def write(self, path: pathlib.Path, output: int) -> None:
        """As binary AIGER with one output."""
        needed = bytearray(len(self.gates) + 1)
        needed[max(output >> 1, 0)] = 1
        for gate in range(len(self.gates), 0, -1):
            if needed[gate]:
                for literal in self.gates[gate - 1]:
                    needed[max(literal >> 1, 0)] = 1
        gates = [gate for gate in range(1, len(self.gates) + 1) if needed[gate]]
        inputs = len(self.inputs)
        places = [0] * len(needed)
        for place, gate in enumerate(gates):
            places[gate] = 2 * (inputs + 1 + place)

        def placed(literal: int) -> int:
            if literal < 0:
                return -(literal & ~1) + (literal & 1)
            return places[literal >> 1] + (literal & 1)

        data = bytearray(f"aig {inputs + len(gates)} {inputs} 0 1 {len(gates)}\n{placed(output)}\n".encode())

        def number(value: int) -> None:
            while value >= 128:
                data.append(value & 127 | 128)
                value >>= 7
            data.append(value)

        for gate in gates:
            left, right = self.gates[gate - 1]
            high, low = sorted((placed(left), placed(right)), reverse=True)
            number(places[gate] - high)
            number(high - low)
        path.write_bytes(data)


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
