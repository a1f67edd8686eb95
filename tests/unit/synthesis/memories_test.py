# SPDX-License-Identifier: Apache-2.0
"""Shows that the synthesis check knows how many bits a block's memories have, and notices one that synthesis has lost or changed."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from synthesis import memories, sources  # noqa: E402  (found through the line above)

DUMP = r"""
module \sync_fifo
  cell $mem_v2 \i_ram.memory
    parameter \ABITS 4
    parameter \MEMID "\\i_ram.memory"
    parameter \SIZE 16
    parameter \WIDTH 64
    connect \RD_CLK \clk_i
  end
end
"""


def found_in(dump: str) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "dump"
        file.write_text(dump)
        return memories.found(file)


class Memories(unittest.TestCase):
    def setUp(self) -> None:
        sources.OUT.mkdir(parents=True, exist_ok=True)

    def test_names_are_without_generate_blocks(self) -> None:
        copies = "".join(DUMP.replace("i_ram.memory", f"gen_half[{i}].i_ram.memory") for i in range(2))
        self.assertEqual(found_in(copies), {"i_ram.memory": 2 * 64 * 16})
        engine = memories.expected("tx_engine")
        self.assertEqual(engine["i_segmenter.i_even.memory"], 32 * 513)

    def test_a_block_that_is_left_out_has_no_memories(self) -> None:
        self.assertNotIn("i_segmenter.i_even.memory", memories.expected("tx_engine", {"TSO": 0}))

    def test_expectation_follows_the_parameters(self) -> None:
        self.assertEqual(memories.expected("sync_fifo"), {"i_ram.memory": 64 * 16})
        self.assertEqual(memories.expected("jhash_tuple"), {})
        table = memories.expected("connection_table")
        self.assertEqual(table["u_main.i_ram.memory"], 1024 * 4 * 134)
        self.assertEqual(table["u_main.i_tags.memory"], 1024 * (1 + 8))
        self.assertEqual(table["u_overflow.i_ram.memory"], 256 * 4 * 134)
        self.assertEqual(table["u_overflow.i_tags.memory"], 256 * 10)

    def test_agreement(self) -> None:
        self.assertEqual(memories.differences(memories.expected("sync_fifo"), found_in(DUMP)), [])

    def test_a_lost_memory_is_noticed(self) -> None:
        self.assertEqual(
            memories.differences(memories.expected("sync_fifo"), found_in("module \\sync_fifo\nend\n")),
            ["memory i_ram.memory: 0 bits, its parameters say 1024"],
        )

    def test_a_smaller_memory_is_noticed(self) -> None:
        self.assertEqual(
            memories.differences({"i_ram.memory": 1024}, found_in(DUMP.replace("SIZE 16", "SIZE 8"))),
            ["memory i_ram.memory: 512 bits, its parameters say 1024"],
        )

    def test_a_memory_that_nobody_asked_for_is_noticed(self) -> None:
        self.assertEqual(memories.differences({}, found_in(DUMP)), ["memory i_ram.memory: 1024 bits, its parameters say 0"])


if __name__ == "__main__":
    unittest.main()
