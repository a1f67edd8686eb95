# SPDX-License-Identifier: Apache-2.0
"""The report: figures as text and JSON, and one page of HTML with all sources."""

import html

from .points import TOP, Coverage, Source


def share(counts) -> tuple[int, int]:
    """(reached, all)"""
    values = list(counts)
    return sum(1 for value in values if value), len(values)


def percent(reached: int, total: int) -> float:
    return 100.0 * reached / total if total else 100.0


def figures(coverage: Coverage) -> dict:
    """What --json writes."""

    def of(kind) -> dict:
        per_file = {name: share(kind(source)) for name, source in coverage.sources.items()}
        reached, total = (sum(pair[place] for pair in per_file.values()) for place in (0, 1))
        return {"reached": reached, "total": total, "percent": round(percent(reached, total), 2),
                "files": {name: {"reached": pair[0], "total": pair[1]} for name, pair in per_file.items() if pair[1]}}

    return {
        "line": of(lambda source: source.lines().values()),
        "branch": of(lambda source: source.branches.values()),
        "toggle": of(lambda source: source.toggles.values()),
        "functional": {"reached": sum(1 for count in coverage.functional.values() if count), "total": len(coverage.functional),
                       "points": coverage.functional},
        "excluded_lines": sum(len(source.excluded) for source in coverage.sources.values()),
    }


def text(coverage: Coverage) -> str:
    numbers = figures(coverage)
    lines = [f"{'file':<44}{'lines':>14}{'branches':>16}{'toggles':>18}"]

    def cell(kind: str, name: str) -> str:
        pair = numbers[kind]["files"].get(name)
        return f"{pair['reached']}/{pair['total']}" if pair else "-"

    for name in coverage.sources:
        lines.append(f"{name:<44}{cell('line', name):>14}{cell('branch', name):>16}{cell('toggle', name):>18}")
    for kind in ("line", "branch", "toggle"):
        lines.append(f"{kind:<8}{numbers[kind]['reached']:>8} of {numbers[kind]['total']:>7}  {numbers[kind]['percent']:.2f} %")
    lines.append(f"{'covers':<8}{numbers['functional']['reached']:>8} of {numbers['functional']['total']:>7}")
    lines.append(f"{'excluded':<8}{numbers['excluded_lines']:>8} lines")
    for name, source in coverage.sources.items():
        missed = sorted(line for line, count in source.lines().items() if count == 0)
        if missed:
            lines.append(f"not reached: {name}: {', '.join(map(str, missed))}")
    lines += [f"not hit: {name}" for name, count in coverage.functional.items() if count == 0]
    return "\n".join(lines) + "\n"


STYLE = """body{font-family:sans-serif;margin:2em}pre{margin:0}table{border-collapse:collapse}td,th{padding:0 .6em;text-align:right}
td:first-child,th:first-child,td.code{text-align:left}td.code{white-space:pre;font-family:monospace}tr.hit td.code{background:#e4f6e4}
tr.miss td.code{background:#fbdada}tr.out td.code{background:#eee}tr.half td.code{background:#fdf3d0}tr.bad{background:#fbdada}"""


def _file(name: str, source: Source) -> str:
    counts = source.lines()
    dull: dict[int, list[str]] = {}
    for (line, _, bit), count in source.toggles.items():
        if count == 0:
            dull.setdefault(line, []).append(bit)
    rows = []
    for number, line in enumerate((TOP / name).read_text().splitlines(), 1):
        kind, shown, title = "", "", ""
        if number in source.excluded:
            kind, title = "out", source.excluded[number]
        elif number in counts:
            kind, shown = ("hit" if counts[number] else "miss"), str(counts[number])
        elif number in dull:
            kind, title = "half", "never toggled: " + ", ".join(dull[number][:40])
        rows.append(f'<tr class="{kind}" title="{html.escape(title)}"><td>{number}</td><td>{shown}</td><td class="code">{html.escape(line)}</td></tr>')
    return f'<details id="{name}"><summary>{name}</summary><table>{"".join(rows)}</table></details>'


def page(coverage: Coverage) -> str:
    numbers = figures(coverage)

    def cells(name: str) -> str:
        found = [numbers[kind]["files"].get(name) for kind in ("line", "branch", "toggle")]
        return "".join(f"<td>{pair['reached']}/{pair['total']}</td><td>{percent(pair['reached'], pair['total']):.1f} %</td>" if pair
                       else "<td></td><td></td>" for pair in found)

    totals = "".join(f"<td>{numbers[kind]['reached']}/{numbers[kind]['total']}</td><td>{numbers[kind]['percent']:.1f} %</td>"
                     for kind in ("line", "branch", "toggle"))
    rows = "".join(f'<tr><td><a href="#{name}">{name}</a></td>{cells(name)}</tr>' for name in coverage.sources)
    covers = "".join(f'<tr class="{"" if count else "bad"}"><td>{name}</td><td>{count}</td></tr>' for name, count in coverage.functional.items())
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Coverage of the RTL</title><style>{STYLE}</style>'
            f'<h1>Coverage of the RTL</h1><table><tr><th>file</th><th colspan="2">lines</th><th colspan="2">branches</th><th colspan="2">toggles</th></tr>'
            f'<tr><td>all</td>{totals}</tr>{rows}</table><h2>Cover points</h2><table><tr><th>point</th><th>hits</th></tr>{covers}</table>'
            f'<h2>Sources</h2><p>Green: executed as often as it says. Red: never. Grey: excluded, the reason is its title. Yellow: a declaration of '
            f'bits that never toggled.</p>{"".join(_file(name, source) for name, source in coverage.sources.items())}</html>\n')
