# SPDX-License-Identifier: Apache-2.0
"""What a design does not do after a reset, whatever its registers held before: three-valued simulation.

A bit is what it can be: 0, 1, or either. The first clocks are looked at one by one, while a design initialises itself; then a register that
had both values at different times counts as either from then on, so the simulation ends, and what cannot be 1 then is 0 for ever. It errs on one
side only: what bits have to do with each other is lost, so it may say that an output can be 1 although it cannot."""

from .machine import Machine

CAN_BE_0, CAN_BE_1, EITHER = 1, 2, 3
INVERTED = (0, CAN_BE_1, CAN_BE_0, EITHER)
ONE_BY_ONE = 256  # clocks


def _inputs(machine: Machine, reset: str, in_reset: bool) -> list[int]:
    """Of the harness's inputs, idle_... are 0; the others but the reset are free in each clock."""
    level = CAN_BE_0 if in_reset else CAN_BE_1
    return [level if name.startswith(reset) else CAN_BE_0 if name.startswith("idle_") else EITHER for name in machine.names["input"]]


def _multiplexers(machine: Machine) -> list[tuple[int, int] | None]:
    """For each gate that is the inverse of `s ? a : b`, a and b: what both are it is whatever s is, which the gates alone do not tell."""
    graph = machine.graph
    first = graph.first_gate

    def data(left: int, right: int) -> tuple[int, int] | None:
        if not left & 1 or not right & 1 or min(left, right) >> 1 < first:
            return None
        for select, one in (pair := graph.gates[(left >> 1) - first], pair[::-1]):
            for other, two in (pair := graph.gates[(right >> 1) - first], pair[::-1]):
                if select == other ^ 1:
                    return one, two
        return None

    return [data(left, right) for left, right in graph.gates]


class _Simulation:
    """Clocks of the machine, one after the other."""

    def __init__(self, machine: Machine, reset: str) -> None:
        self.machine = machine
        self.reset = reset
        self.gates = list(zip(machine.graph.gates, _multiplexers(machine)))

    def clock(self, state: list[int], in_reset: bool) -> tuple[list[int], list[int]]:
        """The outputs, and the registers behind the clock."""
        graph = self.machine.graph
        values = [CAN_BE_0, *_inputs(self.machine, self.reset, in_reset), *state]

        def literal(number: int) -> int:
            value = values[number >> 1]
            return INVERTED[value] if number & 1 else value

        for (left, right), choice in self.gates:
            one, two = literal(left), literal(right)
            # 1 if both can be; 0 if one of them can be.
            value = (one & two & CAN_BE_1) | ((one | two) & CAN_BE_0)
            if value == EITHER and choice:
                value = INVERTED[literal(choice[0]) | literal(choice[1])]
            values.append(value)
        return [literal(number) for number in graph.outputs], [literal(number) for number in graph.next]


def outputs_that_move(machine: Machine, reset: str, clocks: int) -> list[str]:
    """The outputs that can be 1 at some time behind as many clocks of reset, each with the first clock in which it can; of none that is
    missing is that possible, ever.
    """
    simulation = _Simulation(machine, reset)
    state = [EITHER] * machine.graph.latches
    for _ in range(clocks):
        _, state = simulation.clock(state, in_reset=True)
    moved: dict[str, str] = {}
    clock = 0
    while True:
        outputs, behind = simulation.clock(state, in_reset=False)
        clock += 1
        for name, value in zip(machine.names["output"], outputs):
            if value & CAN_BE_1:
                moved.setdefault(name, f"{name} in clock {clock}")
        after = behind if clock < ONE_BY_ONE else [new | old for new, old in zip(behind, state)]
        if len(moved) == len(outputs) or (clock >= ONE_BY_ONE and after == state):
            return list(moved.values())
        state = after
