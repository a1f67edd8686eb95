# SPDX-License-Identifier: Apache-2.0
"""Edits RTLIL, Yosys's text form of a netlist, where Yosys has no command for it."""

import re

CELL = re.compile(r"^(?:  attribute .*\n)*  cell (\S+) (\S+)\n((?:    .*\n)*)  end\n", re.MULTILINE)


def connection(body: str, port: str) -> str:
    return re.search(rf"^    connect \\{port} (.*)$", body, re.MULTILINE).group(1)


def parameter(body: str, name: str) -> int:
    value = re.search(rf"^    parameter (?:signed )?\\{name} (\S+)$", body, re.MULTILINE).group(1)
    return int(value.split("'")[1], 2) if "'" in value else int(value)


def cell(kind: str, name: str, width: int, result: str, left: str, right: str = "") -> str:
    """A cell with one bit of result, which it declares."""
    text = (f"  wire {result}\n  cell {kind} {name}\n"
            f"    parameter \\A_SIGNED 0\n    parameter \\A_WIDTH {width}\n    parameter \\Y_WIDTH 1\n    connect \\A {left}\n")
    if right:
        text += f"    parameter \\B_SIGNED 0\n    parameter \\B_WIDTH {width}\n    connect \\B {right}\n"
    return text + f"    connect \\Y {result}\n  end\n"


def module_span(text: str, top: str) -> tuple[int, int]:
    """Where the module is, without its `end`."""
    begin = text.index(f"\nmodule \\{top}\n")
    return begin, text.index("\nend\n", begin) + 1


def properties_as_outputs(text: str, top: str, kind: str, clock: str, not_before: int) -> tuple[str, list[str]]:
    """Each property of that kind ($assert or $cover) as an output that is 1 when an assertion fails or a cover point is reached while
    every assumption has held from the beginning, from clock `not_before` on; and their names, in the order of the outputs. Other properties are taken out."""
    begin, end = module_span(text, top)
    names: list[str] = []
    added: list[str] = []
    assumed: list[str] = []
    last_port = max((int(port) for port in re.findall(r"^  wire .*?(?:input|output) (\d+)", text[begin:end], re.MULTILINE)), default=0)

    def taken_out(match: re.Match) -> str:
        found, name, body = match.groups()
        if found not in ("$assert", "$assume", "$cover"):
            return match.group(0)
        number = len(added)
        condition, enable = connection(body, "A"), connection(body, "EN")
        if found == "$assume":
            added.append(cell("$logic_not", f"$property$not{number}", 1, f"$property$off{number}", enable)
                         + cell("$logic_or", f"$property$or{number}", 1, f"$property$holds{number}", f"$property$off{number}", condition))
            assumed.append(f"$property$holds{number}")
        elif found == kind:
            if kind == "$assert":
                added.append(cell("$logic_not", f"$property$not{number}", 1, f"$property$seen{number}", condition))
                condition = f"$property$seen{number}"
            added.append(cell("$logic_and", f"$property$and{number}", 1, f"$property$now{number}", enable, condition))
            names.append(name.lstrip("\\"))
            output = f"  wire output {last_port + len(names)} \\property_{len(names) - 1}\n"
            gate = cell("$logic_and", f"$property$gate{number}", 1, f"$property$out{number}", f"$property$now{number}", "$property$open")
            added.append(gate + output + f"  connect \\property_{len(names) - 1} $property$out{number}\n")
        return ""

    netlist = CELL.sub(taken_out, text[begin:end])
    held = ("  attribute \\init 1'1\n  wire $property$held\n"
            + cell("$reduce_and", "$property$assumed", len(assumed) + 1, "$property$all",
                   "{ " + " ".join([*assumed, "$property$held"]) + " }")
            + "  cell $dff $property$held_q\n    parameter \\CLK_POLARITY 1'1\n    parameter \\WIDTH 1\n"
            + f"    connect \\CLK \\{clock}\n    connect \\D $property$all\n    connect \\Q $property$held\n  end\n")
    stages = [f"$property$stage{stage}" for stage in range(not_before)]
    one = "1'1"
    for stage, name in enumerate(stages):
        held += (f"  attribute \\init 1'0\n  wire {name}\n"
                 + f"  cell $dff {name}_q\n    parameter \\CLK_POLARITY 1'1\n    parameter \\WIDTH 1\n    connect \\CLK \\{clock}\n"
                 + f"    connect \\D {stages[stage - 1] if stage else one}\n    connect \\Q {name}\n  end\n")
    held += cell("$logic_and", "$property$opens", 1, "$property$open", "$property$all", stages[-1] if stages else one)
    # Wires before what uses them, connections last.
    body = held + "".join(added)
    wire, connect = re.compile(r"^(?:  attribute \S+ \S+\n)?  wire .*\n", re.MULTILINE), re.compile(r"^  connect .*\n", re.MULTILINE)
    wires, connects = "".join(wire.findall(body)), "".join(connect.findall(body))
    body = connect.sub("", wire.sub("", body))
    return text[:begin] + netlist + wires + body + connects + text[end:], names
