#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/call-trees.md against the sources: every line of its trees names a file and a name that stands in it, or a reason."""
import pathlib
import re
import sys

LINE = re.compile(r"^(?P<indent> *)(?P<linux>[A-Za-z_]\w*) {2,}(?:- (?P<reason>\S.*)|(?P<file>\S+) (?P<name>[\w:]+))$")


def trees(page):
    """Yields (line number, line) of the blocks that are call trees."""
    inside = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```calls"
        elif inside:
            yield number, line


def problem_with(top, line, depth_before):
    match = LINE.match(line)
    if match is None:
        return "is neither 'function  file name' nor 'function  - reason'"
    indent = len(match["indent"])
    if indent % 2 or indent // 2 > depth_before + 1:
        return "is indented under nothing"
    if match["reason"]:
        return None
    file = top / match["file"]
    if not file.is_file():
        return f"there is no {match['file']}"
    if not re.search(rf"\b{re.escape(match['name'])}\b", file.read_text()):
        return f"{match['name']} does not stand in {match['file']}"
    return None


def main():
    top = pathlib.Path(__file__).resolve().parents[2]
    page = top / "docs" / "call-trees.md"
    depth, lines, problems = -1, 0, []
    for number, line in trees(page):
        problem = problem_with(top, line, depth)
        if problem:
            problems.append(f"docs/call-trees.md:{number}: {line.strip()}: {problem}")
        depth = (len(line) - len(line.lstrip())) // 2
        lines += 1
    if lines == 0:
        problems.append("docs/call-trees.md has no call trees")
    print("\n".join(problems) or f"{lines} lines of call trees stand in the sources")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
