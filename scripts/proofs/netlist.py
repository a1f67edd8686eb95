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


def _register(name: str, clock: str, data: str, initially: str) -> str:
    """A register of one bit, which it declares."""
    return (f"  attribute \\init 1'{initially}\n  wire {name}\n"
            f"  cell $dff {name}_q\n    parameter \\CLK_POLARITY 1'1\n    parameter \\WIDTH 1\n"
            f"    connect \\CLK \\{clock}\n    connect \\D {data}\n    connect \\Q {name}\n  end\n")


def _conditions(assumed: list[str], clock: str, not_before: int) -> str:
    """$property$open: every assumption has held from the beginning, and clock `not_before` has come."""
    text = cell("$reduce_and", "$property$assumed", len(assumed) + 1, "$property$all", "{ " + " ".join([*assumed, "$property$held"]) + " }")
    text += _register("$property$held", clock, "$property$all", "1")
    come = "1'1"
    for stage in range(not_before):
        text += _register(f"$property$stage{stage}", clock, come, "0")
        come = f"$property$stage{stage}"
    return text + cell("$logic_and", "$property$opens", 1, "$property$open", "$property$all", come)


def _assumption(number: int, condition: str, enable: str) -> str:
    """$property$holds<number>"""
    return (cell("$logic_not", f"$property$not{number}", 1, f"$property$off{number}", enable)
            + cell("$logic_or", f"$property$or{number}", 1, f"$property$holds{number}", f"$property$off{number}", condition))


def _output(number: int, port: int, wanted: str, enable: str) -> str:
    """\\property_<number>: the condition is seen, looked at and counts."""
    return (cell("$logic_and", f"$property$and{number}", 1, f"$property$now{number}", enable, wanted)
            + cell("$logic_and", f"$property$gate{number}", 1, f"$property$out{number}", f"$property$now{number}", "$property$open")
            + f"  wire output {port} \\property_{number}\n  connect \\property_{number} $property$out{number}\n")


def properties_as_outputs(text: str, top: str, kind: str, clock: str, not_before: int) -> tuple[str, list[str]]:
    """Each property of that kind ($assert or $cover) as an output that is 1 when an assertion fails or a cover point is reached while
    every assumption has held from the beginning, from clock `not_before` on; and their names, in the order of the outputs. Other properties
    are taken out."""
    begin, end = module_span(text, top)
    names: list[str] = []
    assumed: list[str] = []
    added: list[str] = []
    ports = [int(port) for port in re.findall(r"^  wire .*?(?:input|output) (\d+)", text[begin:end], re.MULTILINE)]

    def taken_out(match: re.Match) -> str:
        found, name, body = match.groups()
        if found not in ("$assert", "$assume", "$cover"):
            return match.group(0)
        condition, enable = connection(body, "A"), connection(body, "EN")
        if found == "$assume":
            added.append(_assumption(len(added), condition, enable).replace("$property$", "$property$assume$"))
            assumed.append(f"$property$assume$holds{len(added) - 1}")
        elif found == kind:
            number = len(names)
            if kind == "$assert":
                added.append(cell("$logic_not", f"$property$not{number}", 1, f"$property$fails{number}", condition))
                condition = f"$property$fails{number}"
            added.append(_output(number, max(ports, default=0) + number + 1, condition, enable))
            names.append(name.lstrip("\\"))
        return ""

    netlist = CELL.sub(taken_out, text[begin:end])
    body = _conditions(assumed, clock, not_before) + "".join(added)
    # Wires before what uses them, connections last.
    wire = re.compile(r"^(?:  attribute \S+ \S+\n)?  wire .*\n", re.MULTILINE)
    connect = re.compile(r"^  connect .*\n", re.MULTILINE)
    cells = connect.sub("", wire.sub("", body))
    return text[:begin] + netlist + "".join(wire.findall(body)) + cells + "".join(connect.findall(body)) + text[end:], names
