#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every command of docs/tutorial.md, as a reader would: the blocks that are marked sh, in order, in one directory.

    tutorial.py FOURTUPLE TUTORIAL
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FOURTUPLE = pathlib.Path(sys.argv.pop(1)).resolve()
TUTORIAL = pathlib.Path(sys.argv.pop(1))


class Tutorial(unittest.TestCase):
    def test_every_command(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="fourtuple-tutorial-"))
        self.addCleanup(shutil.rmtree, directory)
        blocks = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text(), re.M | re.S)
        self.assertGreaterEqual(len(blocks), 7)
        environment = {**os.environ, "PATH": f"{FOURTUPLE.parent}:{os.environ['PATH']}"}
        printed = []
        for block in blocks:
            result = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=directory, env=environment, text=True,
                                    capture_output=True, timeout=600, check=False)
            self.assertEqual(result.returncode, 0, block + result.stdout[-2000:] + result.stderr)
            self.assertEqual(result.stderr, "", block)
            printed.append(result.stdout)
        everything = "\n".join(printed)
        # What the text around the blocks says.
        self.assertIn("Run complete.", printed[0])
        self.assertIn("report.html", printed[0])
        self.assertIn("rtl and model agree on every frame", everything)
        self.assertIn("20000 connections", everything)
        answers = dict(re.findall(r"^(2\^\d+ buckets, 2\^\d+ overflow lines): .* (\d+) without a place", everything, re.M))
        self.assertEqual(len(answers), 18)
        missing = {name: int(count) for name, count in answers.items()}
        self.assertGreater(missing["2^12 buckets, 2^12 overflow lines"], 300)
        self.assertEqual(missing["2^13 buckets, 2^10 overflow lines"], missing["2^13 buckets, 2^12 overflow lines"])
        self.assertEqual(missing["2^13 buckets, 2^10 overflow lines"], 16)
        self.assertGreater(missing["2^13 buckets, 2^9 overflow lines"], 100)
        self.assertGreater(missing["2^14 buckets, 2^7 overflow lines"], 0)
        self.assertEqual(missing["2^14 buckets, 2^8 overflow lines"], 0)
        self.assertTrue((directory / "comparison.html").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
