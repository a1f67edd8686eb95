# SPDX-License-Identifier: Apache-2.0
"""Shows how scripts/syn divides its work, which parameters --queues sets, and which clock frequencies it refuses."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[3] / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True
from synthesis import ice40, memories, sources  # noqa: E402  (found through the lines above)

LOADER = importlib.machinery.SourceFileLoader("syn", str(SCRIPTS / "syn"))
SYN = importlib.util.module_from_spec(importlib.util.spec_from_loader("syn", LOADER))
LOADER.exec_module(SYN)


class Work(unittest.TestCase):
    def test_every_module_is_in_one_batch_and_the_largest_is_alone_in_the_first(self) -> None:
        modules = sources.modules()
        batches = SYN.batches(modules)
        self.assertEqual(sorted(module for batch in batches for module in batch), sorted(modules))
        self.assertEqual(batches[0], [sources.WHOLE])

    def test_queues_are_set_where_there_is_such_a_parameter(self) -> None:
        self.assertEqual(sources.parameters("rx_queues", 2), {"QUEUES": 2})
        self.assertEqual(sources.parameters("jhash_tuple", 2), {})
        self.assertEqual(sources.parameters("rx_queues", None), {})

    def test_expected_memories_follow_the_queues(self) -> None:
        sources.OUT.mkdir(parents=True, exist_ok=True)
        name = "i_frames.memory"
        two, sixteen = (memories.expected("tx_frame_schedule", {"QUEUES": queues})[name] for queues in (2, 16))
        self.assertEqual(8 * two, sixteen)


class Verdict(unittest.TestCase):
    def judged(self, *mhz: float) -> ice40.Placement:
        placed = ice40.Placement("jhash_tuple", {}, mhz=list(mhz), peer="Enso", peer_mhz=100)
        ice40.judge(placed)
        return placed

    def test_the_median_counts(self) -> None:
        self.assertEqual(self.judged(90, 140, 131).median_mhz, 131)
        self.assertEqual(self.judged(90, 140, 131).problems, [])

    def test_less_than_1_3_of_the_peer_is_a_problem(self) -> None:
        self.assertEqual(self.judged(129.9, 150, 100).problems, ["129.9 MHz, at least 130.0: 1.3 times Enso's"])

    def test_without_a_peer_nothing_is_too_slow(self) -> None:
        placed = ice40.Placement("frame_parser", {}, mhz=[1, 2, 3])
        ice40.judge(placed)
        self.assertEqual((placed.median_mhz, placed.problems), (2, []))


if __name__ == "__main__":
    unittest.main()
