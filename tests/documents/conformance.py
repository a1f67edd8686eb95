#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/conformance.md against the sources: its behaviours are numbered without a gap, and each has tests that exist."""
import pathlib
import re
import sys

ROW = re.compile(r"^\| (?P<number>\d*) \| (?P<behaviour>.+?) \| (?P<tests>.*) \|$")
TEST = re.compile(r"^TEST(?:_F)?\((\w+), (\w+)\)", re.MULTILINE)


def tests_of(top):
    return {f"{suite}.{name}" for file in (top / "tests").rglob("*.cpp") for suite, name in TEST.findall(file.read_text())}


def main():
    top = pathlib.Path(__file__).resolve().parents[2]
    known = tests_of(top)
    problems, numbers = [], []
    for row in filter(None, map(ROW.match, (top / "docs" / "conformance.md").read_text().splitlines())):
        if not row["number"]:
            continue
        numbers.append(int(row["number"]))
        named = re.findall(r"`([^`]+)`", row["tests"])
        if not named:
            problems.append(f"{row['number']}: no test")
        problems += [f"{row['number']}: there is no test {name}" for name in named if name not in known]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        problems.append(f"behaviours are numbered {numbers}")
    print("\n".join(f"docs/conformance.md: {problem}" for problem in problems) or f"{len(numbers)} behaviours have their tests")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
