# SPDX-License-Identifier: Apache-2.0
"""What Verilator counted, by source line: instances and models of the same source are one."""

import collections
import dataclasses
import pathlib
import re
import tomllib

TOP = pathlib.Path(__file__).resolve().parents[2]
EXCLUSIONS = TOP / "tb" / "coverage" / "exclusions.toml"


@dataclasses.dataclass
class Source:
    """A file of the RTL."""

    blocks: dict[tuple, int] = dataclasses.field(default_factory=lambda: collections.defaultdict(int))    # (column, kind, lines): count
    branches: dict[tuple, int] = dataclasses.field(default_factory=lambda: collections.defaultdict(int))  # (line, column, arm): count
    toggles: dict[tuple, int] = dataclasses.field(default_factory=lambda: collections.defaultdict(int))   # (line, column, bit): count
    excluded: dict[int, str] = dataclasses.field(default_factory=dict)                                    # line: reason

    def lines(self) -> dict[int, int]:
        """Times that each line with a statement was executed. Of several blocks on a line the rarest counts: `if (a) b <= c;` is only reached
        if both were."""
        counts: dict[int, int] = {}
        for (_, _, lines), count in self.blocks.items():
            for line in lines:
                counts[line] = min(counts.get(line, count), count)
        return {line: count for line, count in counts.items() if line not in self.excluded}


@dataclasses.dataclass
class Coverage:
    """All of a run."""

    sources: dict[str, Source]
    functional: dict[str, int]  # property set / name of a cover point: count
    problems: list[str]         # with the exclusions


def _lines(text: str) -> tuple[int, ...]:
    """Verilator's list of lines: 3-5,9"""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _relative(name: str) -> str:
    path = pathlib.Path(name)
    path = path if path.is_absolute() else (TOP / path)
    return str(path.resolve().relative_to(TOP)) if path.resolve().is_relative_to(TOP) else name


def read(merged: pathlib.Path) -> Coverage:
    sources: dict[str, Source] = collections.defaultdict(Source)
    functional: dict[str, int] = collections.defaultdict(int)
    names: dict[str, str] = {}
    with merged.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            if not text.startswith("C '"):
                continue
            key, _, number = text[3:].rpartition("' ")
            values = dict(part.split("\2", 1) for part in key.split("\1") if "\2" in part)
            count = int(number)
            name = names.setdefault(values["f"], _relative(values["f"]))
            page, line, column = values["page"].split("/")[0], int(values["l"]), values["n"]
            if page == "v_user":
                functional[f"{pathlib.Path(name).stem}/{values['o'].rsplit('.', 1)[-1]}"] += count
            elif not name.startswith("rtl/"):
                continue
            elif page == "v_toggle":
                sources[name].toggles[line, column, values["o"]] += count
            else:
                if "S" in values:
                    sources[name].blocks[column, values["o"], _lines(values["S"])] += count
                if page == "v_branch":
                    sources[name].branches[line, column, values["o"]] += count
    coverage = Coverage(dict(sorted(sources.items())), dict(sorted(functional.items())), [])
    _exclude(coverage)
    return coverage


def _exclude(coverage: Coverage) -> None:
    """Takes out what cannot be reached. An exclusion that is not needed is a problem: it would hide what comes later."""
    for number, exclusion in enumerate(tomllib.loads(EXCLUSIONS.read_text()).get("exclusion", []), 1):
        what = f"exclusion {number} ({exclusion.get('file', exclusion.get('cover'))})"
        if not exclusion.get("reason"):
            coverage.problems.append(f"{what}: no reason")
        if "cover" in exclusion:
            if coverage.functional.pop(exclusion["cover"], None) != 0:
                coverage.problems.append(f"{what}: the point is hit, or there is none")
            continue
        source = coverage.sources.get(exclusion["file"])
        text = (TOP / exclusion["file"]).read_text().splitlines()
        counts = source.lines() if source else {}
        unreached = [line for line, count in counts.items() if count == 0 and re.search(exclusion["line"], text[line - 1])]
        if not unreached:
            coverage.problems.append(f"{what}: no line that is not reached matches {exclusion['line']!r}")
        for line in unreached:
            source.excluded[line] = exclusion["reason"]
