# SPDX-License-Identifier: Apache-2.0
"""Memory bits of a block: those that its parameters ask for, and those that synthesis has kept.

Yosys turns an array that it does not understand into nothing, without a word. So Verilator elaborates the same block, and the two must
agree on the size of every memory. An array whose name ends in _q is a row of registers, not a memory. Verilator's names leave out some
generate blocks (gen_...): so all of them are left out of both, and what is in several copies of one is added up.
"""

import pathlib
import re
import xml.etree.ElementTree as xml

from . import sources


def expected(module: str, parameters: dict[str, int] | None = None) -> dict[str, int]:
    """Bits by hierarchical name, as Verilator elaborates the module with these parameters, the others' defaults."""
    scratch = sources.OUT / f"{module}.xml.d"
    scratch.mkdir(exist_ok=True)
    tree_file = scratch / "tree.xml"
    sources.run(f"{module}.elaboration", ["verilator", "--xml-only", "--xml-output", str(tree_file), "--Mdir", str(scratch),
                                          "--top-module", module,
                                          *(f"-G{key}={value}" for key, value in (parameters or {}).items()), *sources.files()])
    tree = xml.parse(tree_file).getroot()
    types = {entry.get("id"): entry for entry in tree.iter() if entry.get("id") and entry.tag.endswith("dtype")}
    arrays = {}
    for entry in tree.find("netlist").findall("module"):
        arrays[entry.get("name")] = {
            variable.get("name"): _bits(types, variable.get("dtype_id"))
            for variable in entry.iter("var")
            if types[variable.get("dtype_id")].tag == "unpackarraydtype" and not variable.get("name").endswith("_q")
        }
    found = {}
    for cell in tree.find("cells").iter("cell"):
        place = cell.get("hier").split(".")[1:]
        for name, bits in arrays.get(cell.get("submodname"), {}).items():
            whole = _without_generate_blocks(".".join([*place, name]))
            found[whole] = found.get(whole, 0) + bits
    return found


def _without_generate_blocks(name: str) -> str:
    return re.sub(r"\bgen_\w+(\[\d+\])?\.", "", name)


def _number(text: str) -> int:
    return int(re.sub(r"^\d+'s?h", "", text), 16)


def _range(entry: xml.Element) -> int:
    high, low = (_number(limit.get("name")) for limit in entry.find("range").findall("const"))
    return abs(high - low) + 1


def _bits(types: dict[str, xml.Element], identity: str) -> int:
    entry = types[identity]
    if entry.tag in ("unpackarraydtype", "packarraydtype"):
        return _range(entry) * _bits(types, entry.get("sub_dtype_id"))
    if entry.tag == "structdtype":
        return sum(_bits(types, member.get("sub_dtype_id")) for member in entry.findall("memberdtype"))
    if entry.tag in ("refdtype", "enumdtype"):
        return _bits(types, entry.get("sub_dtype_id"))
    return abs(int(entry.get("left", "0")) - int(entry.get("right", "0"))) + 1


def found(dump: pathlib.Path) -> dict[str, int]:
    """Bits by hierarchical name in Yosys' dump of its memory cells."""
    bits = {}
    for cell in re.split(r"^  cell \$mem", dump.read_text(), flags=re.MULTILINE)[1:]:
        value = dict(re.findall(r"^    parameter (?:signed )?\\(\w+) (.*)$", cell, re.MULTILINE))
        name = _without_generate_blocks(value["MEMID"].strip('"').lstrip("\\"))
        bits[name] = bits.get(name, 0) + int(value["WIDTH"]) * int(value["SIZE"])
    return bits


def differences(asked_for: dict[str, int], kept: dict[str, int]) -> list[str]:
    """A line for every memory on which they do not agree."""
    return [
        f"memory {name}: {kept.get(name, 0)} bits, its parameters say {asked_for.get(name, 0)}"
        for name in sorted(asked_for.keys() | kept.keys())
        if kept.get(name, 0) != asked_for.get(name, 0)
    ]
