# SPDX-License-Identifier: Apache-2.0
"""One clock with skip n is n + 1 clocks: from any quiet state, a clock followed by one with skip n - 1 leaves every register as one clock
with skip n does, offers nothing, and is quiet still. That is a step of an induction over n.

A state is one that some clocks of the machine lead to from any state whatever, with whatever arrives meanwhile: what is quiet has been
so long enough to have forgotten the rest. These clocks have no skip; no state is left out, because one clock with skip n is n + 1 without.

Registers that are shown late may still be different behind these clocks, if nobody looks: one clock more, in which anything may arrive and
be skipped, then leaves the same registers and gives the same outputs.

Of the harness's inputs, idle_... are 0 and rst_ni is 1 in the clocks compared (if it tied them, Yosys would take registers away that then
never change); held_... are the same in all of them; others are free in each, and all are before."""

import dataclasses
import functools

from .circuit import Circuit, Clock
from .machine import Cone, Machine

SKIP_BITS = 48


@dataclasses.dataclass
class Skip:
    """What a solver is asked."""

    circuit: Circuit
    possible: int                # must be possible: quiet, with a number of clocks that may be skipped
    wrong: int                   # must not: and something is different
    differences: dict[str, int]  # what is different


class _Runs:
    """The runs of a machine, in a circuit that may come to know something between one and the next."""

    def __init__(self, machine: Machine, before: int, late: tuple[str, ...]) -> None:
        self.machine, self.before, self.late = machine, before, late
        self.circuit = Circuit()
        self.skip = [self.circuit.input("skip", bit) for bit in range(SKIP_BITS)]

    @functools.cached_property
    def _everything(self) -> Cone:
        graph = self.machine.graph
        return Cone(list(range(len(graph.gates))), list(range(graph.latches)))

    @functools.cached_property
    def _quiet(self) -> list[Cone]:
        """What the outputs that say whether it is quiet depend on, in each clock up to the first that is compared."""
        graph = self.machine.graph
        cone = self.machine.cone(graph.outputs[place] for name, width in (("quiet_o", 1), ("quiet_clocks_o", SKIP_BITS))
                                 for place in self.machine.outputs(name, width))
        return [*self._history(cone), cone]

    def assumed(self) -> int:
        """It is quiet, and the skip is one that may be."""
        circuit, (*history, cone) = self.circuit, self._quiet
        first = self._clock("first", [0] * SKIP_BITS, self._state(history, cone), cone)
        may_be = circuit.at_most(self.skip, first.output("quiet_clocks_o", SKIP_BITS))
        return circuit.and_(first.output("quiet_o")[0], circuit.and_(circuit.any(self.skip), may_be))

    def differences(self) -> dict[str, int]:
        """What is different, by name."""
        circuit, latches = self.circuit, self.machine.names["latch"]
        none, less_one = [0] * SKIP_BITS, circuit.less_one(self.skip)
        state = self._state(self._history(self._everything), self._everything)
        first = self._clock("first", none, state)
        last = self._clock("last", less_one, first.behind())
        once = self._clock("skipped", self.skip, state)
        late = [any(part in name for part in self.late) for name in latches]
        found = {name: circuit.xor(left, right) for name, left, right, is_late in zip(latches, last.behind(), once.behind(), late) if not is_late}
        for name, clock in (("first", first), ("last", last), ("skipped", once)):
            found[f"offers_o, {name}"] = clock.output("offers_o")[0]
        found["quiet_o, last"] = last.output("quiet_o")[0] ^ 1
        found["quiet_clocks_o, last"] = circuit.at_most(less_one, last.output("quiet_clocks_o", SKIP_BITS)) ^ 1
        if any(late):
            mixed = [one if is_late else other for one, other, is_late in zip(last.behind(), once.behind(), late)]
            found |= self._one_more(mixed, once.behind())
        return found

    def _one_more(self, behind_last: list[int], behind_once: list[int]) -> dict[str, int]:
        any_skip = [self.circuit.input("next skip", bit) for bit in range(SKIP_BITS)]
        one, other = (self._clock("next", any_skip, state, compared=False) for state in (behind_last, behind_once))
        names = [f"{name}, next" for name in (*self.machine.names["latch"], *self.machine.names["output"])]
        return {name: self.circuit.xor(left, right)
                for name, left, right in zip(names, one.behind() + one.outputs(), other.behind() + other.outputs())}

    def _history(self, needed: Cone) -> list[Cone]:
        """What the registers that a cone needs depend on, in each clock before."""
        cones: list[Cone] = []
        for _ in range(self.before):
            needed = self.machine.cone(self.machine.graph.next[latch] for latch in needed.latches)
            cones.insert(0, needed)
        return cones

    def _state(self, history: list[Cone], needed: Cone) -> list[int]:
        """The registers before the first clock that is compared; only those that the cone needs."""
        state = [0] * self.machine.graph.latches
        for latch in [*history, needed][0].latches:
            state[latch] = self.circuit.input("state", latch)
        for clock, cone in zip(range(-self.before, 0), history):
            state = self._clock(str(clock), [0] * SKIP_BITS, state, cone, compared=False).behind()
        return state

    def _clock(self, clock: str, skip: list[int], state: list[int], cone: Cone | None = None, compared: bool = True) -> Clock:
        def value(number: int, name: str) -> int:
            if name.startswith("skip_i["):
                return skip[int(name[7:-1])]
            if compared and name.startswith(("idle_", "rst_ni")):
                return int(name.startswith("rst_ni"))
            return self.circuit.input(name if compared and name.startswith("held_") else clock, number)

        inputs = [value(number, name) for number, name in enumerate(self.machine.names["input"])]
        return self.circuit.clock(self.machine, inputs, state, cone or self._everything)


def skip(machine: Machine, before: int, late: tuple[str, ...] = ()) -> Skip:
    """Both runs behind `before` clocks, of which those with `late` in their name may be different for a clock. What follows from the assumption
    is found first: most of what could be different then is not."""
    runs = _Runs(machine, before, late)
    circuit = runs.circuit
    possible = assumed = runs.assumed()
    while circuit.assume(assumed):
        assumed = runs.assumed()
    differences = runs.differences()
    return Skip(circuit, possible, circuit.gate(possible, circuit.any(list(differences.values()))), differences)
