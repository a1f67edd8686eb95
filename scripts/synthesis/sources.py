# SPDX-License-Identifier: Apache-2.0
"""Which RTL there is, and how a tool is run on it."""

import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = TOP / "build" / "synthesis"
WHOLE = "fourtuple_nic"


class ToolFailed(Exception):
    """A tool has ended with an error; the text says which and where its log is."""


def files() -> list[str]:
    """rtl/fourtuple_nic.f, relative to the top of the tree."""
    lines = (TOP / "rtl" / f"{WHOLE}.f").read_text().splitlines()
    return ["rtl/" + line for line in lines if re.fullmatch(r"[^#/+-].*\.sv", line)]


def modules() -> list[str]:
    """Every module, the ones that are used before the ones that use them."""
    found = []
    for file in files():
        found += re.findall(r"^module\s+(\w+)", (TOP / file).read_text(), re.MULTILINE)
    return found


def parameters(module: str, queues: int | None) -> dict[str, int]:
    """What differs from the module's defaults with that many queues."""
    if queues is None:
        return {}
    for file in files():
        declared = re.search(rf"^module\s+{module}\b(.*?)^endmodule", (TOP / file).read_text(), re.MULTILINE | re.DOTALL)
        if declared:
            return {"QUEUES": queues} if re.search(r"^ *parameter int unsigned QUEUES\b", declared[1], re.MULTILINE) else {}
    raise ValueError(f"no module {module}")


def run(name: str, command: list[str], limit_s: int | None = None) -> str:
    """What the command printed, which is also in build/synthesis/<name>.log. ToolFailed also if it takes longer than the limit."""
    log = OUT / f"{name}.log"
    tool = pathlib.Path(command[0]).name
    with log.open("w") as output:
        try:
            done = subprocess.run(command, cwd=TOP, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=limit_s)
        except subprocess.TimeoutExpired as expired:
            raise ToolFailed(f"{tool} was not done after {limit_s} s, {log.relative_to(TOP)}") from expired
    printed = log.read_text()
    if done.returncode != 0:
        last = "\n".join(printed.rstrip().splitlines()[-5:])
        raise ToolFailed(f"{tool} failed, {log.relative_to(TOP)}:\n{last}")
    return printed


def read() -> str:
    """The Yosys command that reads all of the RTL. Deferred: only what the block uses is elaborated."""
    return f"read_verilog -defer -sv {' '.join(files())}"


def yosys(name: str, commands: list[str]) -> None:
    """Runs a Yosys script; what it prints is in build/synthesis/<name>.log."""
    script = OUT / f"{name}.ys"
    script.write_text("\n".join(commands) + "\n")
    run(name, ["yosys", "-s", str(script)])
