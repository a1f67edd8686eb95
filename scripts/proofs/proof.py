# SPDX-License-Identifier: Apache-2.0
"""What a proof is, and what comes out of it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Proof:
    """A property set: a harness, tb/formal/<name>_proof.sv."""

    name: str
    what: str                               # one line, for the tables
    engine: str = "z3"                      # z3: yosys-smtbmc; abc: berkeley-abc; sim: three-valued simulation, still.py
    induction: int = 0                      # k of k-induction; 0: not tried. z3 only
    unbounded: bool = False                 # property directed reachability. abc only
    bounded: int = 0                        # clocks looked at from the harness's initial states; 0: none
    cover: int = 0                          # clocks within which every cover point must be reached; 0: there are none
    not_before: int = 0                     # clocks of reset in which the blocks' own assertions are about what never was. abc only
    map_memories: bool = False              # small memories as registers, so that probes can look into them
    abstract: tuple[str, ...] = ()          # modules that are replaced by tb/formal/abstract_<module>.sv, which can do more
    leave_out: tuple[str, ...] = ()         # assertions of the blocks that what is replaced does not keep; other proofs and the tests look at them
    machine: str = ""                       # skip or still: what skip.py or still.py show of a whole design, instead of all of these
    before: int = 0                         # still: clocks of reset before it is; skip: clocks with anything before it is quiet
    late: tuple[str, ...] = ()              # skip: parts of the names of registers that may be as they were for a clock behind a skip
    bugs: tuple[str, ...] = ()              # BUG_<name>: a way to break the harness; each must give a counterexample
    slow: bool = False
    limit_s: int = 280                      # of the processor, for each run of a solver

    def methods(self) -> list[str]:
        if self.machine:
            return [self.machine]
        return [method for method in ("induction", "unbounded", "bounded", "cover") if getattr(self, method)]

    def search(self) -> str:
        """The method that has to find a planted bug."""
        return self.machine or "bounded"


@dataclasses.dataclass
class Outcome:
    """What a solver said."""

    proof: str
    method: str           # induction, unbounded, bounded, cover, skip or still
    depth: int            # k, or clocks; 0 for all
    seconds: float = 0.0  # of the processor
    verdict: str = "unknown"  # proved, failed, unknown
    detail: str = ""      # the property that failed
    bug: str = ""         # what was planted
    trace: str = ""       # where the VCD is
    engine: str = "z3"

    @property
    def good(self) -> bool:
        """A planted bug must be found; everything else must hold."""
        return self.verdict == ("failed" if self.bug else "proved")
