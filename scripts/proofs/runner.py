# SPDX-License-Identifier: Apache-2.0
"""Runs a proof. Yosys makes a netlist of the harness and what it needs of the RTL. Then either yosys-smtbmc asks z3, word by word, or, for
what is too wide for that, ABC looks at the single bits."""

import os
import pathlib
import re
import subprocess
import threading
import time

from synthesis import sources

from . import aiger, netlist, still
from .circuit import Circuit, Contradiction, evaluate
from .machine import Machine
from .proof import Outcome, Proof
from .skip import skip

OUT = sources.TOP / "build" / "formal"
HARNESSES = "tb/formal"
SUPPORT = ["formal_reset", "stream_rules", "stream_scoreboard", "stream_buffer_rules", "axi_write_rules", "axi_read_rules", "axil_rules"]
PROBE = re.compile(r"^\s*`FOURTUPLE_PROBE\(\s*[^,]+,\s*(\w+),\s*([^)\s]+)\s*\)", re.MULTILINE)


class ProofBroken(Exception):
    """A proof cannot be run: the text says why."""


def harness(proof: Proof) -> pathlib.Path:
    """The file with the top module."""
    return sources.TOP / HARNESSES / f"{proof.name}_proof.sv"


def _files(proof: Proof) -> list[str]:
    """Everything that Yosys reads: the RTL without what is replaced, the replacements, the harness and what it uses."""
    replaced = {f"{module}.sv" for module in proof.abstract}
    rtl = [file for file in sources.files() if pathlib.Path(file).name not in replaced]
    return [*rtl, *(f"{HARNESSES}/abstract_{module}.sv" for module in proof.abstract),
            *(f"{HARNESSES}/{name}.sv" for name in SUPPORT), str(harness(proof).relative_to(sources.TOP))]


def _elaborate(proof: Proof, bug: str) -> list[str]:
    """Yosys commands up to one flat module of plain registers: their resets and enables are logic before their inputs."""
    top = harness(proof).stem
    define = f"-DBUG_{bug} " if bug else ""
    commands = [f"read_verilog -formal -defer -sv -I. -DRAM_COLLISIONS_INVERT {define}{' '.join(_files(proof))}",
                f"hierarchy -check -top {top}", "proc", "flatten", *(f"delete {top}/c:*.{name}" for name in proof.leave_out),
                "opt_expr", "opt_clean", "memory -nordff -nomap"]
    if proof.map_memories:
        commands.append("memory_map")
    probes = PROBE.findall(harness(proof).read_text())
    commands += [f"cd {top}", *(f"connect -set {name} \\{path}" for name, path in probes), "cd .."]
    return [*commands, "opt -full -fine", "async2sync", "dffunmap", "opt_expr", "opt_clean", "check -assert"]


# Seconds of the processor that this thread's programs have taken: the clock on the wall would say how busy the machine is.
_used = threading.local()


def used_s() -> float:
    return getattr(_used, "seconds", 0.0)


def _elaborate_machine(proof: Proof, bug: str) -> list[str]:
    """Likewise, up to an and-inverter graph. What the blocks assert is not looked at."""
    top = harness(proof).stem
    define = f"-DBUG_{bug} " if bug else ""
    probes = PROBE.findall(harness(proof).read_text())
    return [f"read_verilog -formal -defer -sv -I. -DRAM_COLLISIONS_INVERT {define}{' '.join(_files(proof))}", f"hierarchy -check -top {top}", "proc", "flatten",
            f"cd {top}", *(f"connect -set {name} \\{path}" for name, path in probes), "cd ..", "opt_expr", "opt_clean",
            "delete t:$assert t:$assume t:$cover", "memory -nordff", "opt_expr -fine", "opt_clean", "async2sync", "dffunmap",
            "opt_expr", "opt_clean", "setundef -undriven -anyseq", "techmap", "dffunmap", "opt_clean", "aigmap", "opt_clean"]


def _run(work: pathlib.Path, name: str, command: list[str]) -> str:
    """What the command printed, which is also in <name>.log."""
    log = work / f"{name}.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=sources.TOP, stdout=file, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _used.seconds = used_s() + usage.ru_utime + usage.ru_stime
    output = log.read_text(errors="replace")
    if process.returncode != 0 and command[0] == "yosys":
        last = "\n".join(output.rstrip().splitlines()[-5:])
        raise ProofBroken(f"{command[0]} failed, {log.relative_to(sources.TOP)}:\n{last}")
    return output


def _limited(proof: Proof, command: list[str]) -> list[str]:
    """Seconds of the processor, not of the clock on the wall: a busy machine must not change a verdict."""
    return ["prlimit", f"--cpu={proof.limit_s}", "--core=0", *command]


def _yosys(work: pathlib.Path, name: str, commands: list[str]) -> None:
    script = work / f"{name}.ys"
    script.write_text("\n".join(commands) + "\n")
    _run(work, name, ["yosys", "-q", "-s", str(script)])


def build(proof: Proof, bug: str = "") -> pathlib.Path:
    """The directory with the netlist in it: flat.il, and proof.smt2 if yosys-smtbmc is to read it."""
    work = OUT / (proof.name + (f"-{bug}" if bug else ""))
    work.mkdir(parents=True, exist_ok=True)
    if bug and f"BUG_{bug}" not in harness(proof).read_text():
        raise ProofBroken(f"{proof.name}: nothing in {harness(proof).relative_to(sources.TOP)} plants {bug}")
    if proof.machine:
        _yosys(work, "elaborate", [*_elaborate_machine(proof, bug), f"write_aiger -map {work}/machine.aim {work}/machine.aig"])
        return work
    ending = [] if proof.engine == "abc" else [f"write_smt2 -wires {work}/proof.smt2"]
    _yosys(work, "elaborate", [*_elaborate(proof, bug), *ending, f"write_rtlil {work}/flat.il"])
    return work


def _smtbmc(proof: Proof, work: pathlib.Path, outcome: Outcome) -> None:
    """k-induction, bounded search or cover points, word by word."""
    trace = work / f"{outcome.method}.vcd"
    option = {"induction": ["-i"], "bounded": [], "cover": ["-c"]}[outcome.method]
    output = _run(work, outcome.method, _limited(proof, ["yosys-smtbmc", "-s", "z3", *option, "-t", str(outcome.depth), "--dump-vcd",
                                                         str(trace), str(work / "proof.smt2")]))
    status = re.findall(r"Status: (\w+)", output)
    if status == ["PASSED"]:
        outcome.verdict = "proved"
    elif status == ["FAILED"]:
        outcome.verdict = "failed"
        failed = re.findall(r"(?:Assert failed in|Unreached cover statement at) (.*)", output)
        outcome.detail = "; ".join(dict.fromkeys(failed[:2]))
        outcome.trace = str(trace.relative_to(sources.TOP)) if trace.exists() else ""
    else:
        outcome.detail = (output.strip().splitlines() or ["no output"])[-1][-200:]


def _abc_cover(proof: Proof, work: pathlib.Path, outcome: Outcome, names: list[str]) -> None:
    """Each point by itself: searching for all at once ends Debian's ABC with a segmentation fault now and then."""
    missing = []
    for number, name in enumerate(names):
        command = f"read_aiger {work}/cover.aig; cone -s -O {number}; bmc3 -F {outcome.depth}"
        if "was asserted" not in _run(work, f"cover_{number}", _limited(proof, ["berkeley-abc", "-c", command])):
            missing.append(name)
    outcome.verdict = "failed" if missing else "proved"
    outcome.detail = "; ".join(missing[:2])


def _abc(proof: Proof, work: pathlib.Path, outcome: Outcome) -> None:
    """Bounded search, cover points or property directed reachability (unbounded), bit by bit."""
    top = harness(proof).stem
    kind = "$cover" if outcome.method == "cover" else "$assert"
    text, names = netlist.properties_as_outputs((work / "flat.il").read_text(), top, kind, "clk_i", proof.not_before)
    if not names:
        raise ProofBroken(f"{proof.name}: no {kind[1:]} was found")
    base = work / outcome.method
    base.with_suffix(".il").write_text(text)
    _yosys(work, f"{outcome.method}_aiger",
           [f"read_rtlil {base}.il", "setundef -undriven -anyseq", "memory_map", "opt -full", "techmap", "dffunmap", "abc -g AND -fast",
            "opt_clean", f"write_aiger -zinit -map {base}.aim {base}.aig"])
    if outcome.method == "cover":
        _abc_cover(proof, work, outcome, names)
        return
    search = {"bounded": f"bmc3 -F {outcome.depth}", "unbounded": "pdr"}[outcome.method]
    witness = base.with_suffix(".aiw")
    witness.unlink(missing_ok=True)
    output = _run(work, outcome.method, _limited(proof, ["berkeley-abc", "-c", f"read_aiger {base}.aig; {search}; write_cex -a {witness}"]))
    if re.search(r"Output \d+ of miter .* was asserted", output):
        outcome.verdict = "failed"
        graph = aiger.Graph(base.with_suffix(".aig"))
        run = graph.run(aiger.read_witness(witness, graph.inputs))
        seen = {names[output] for _, outputs in run for output in outputs}
        outcome.detail = "; ".join(sorted(seen)[:2])
        aiger.write_vcd(base.with_suffix(".vcd"), base.with_suffix(".aim"), graph, run)
        outcome.trace = str(base.with_suffix(".vcd").relative_to(sources.TOP))
    elif "Property proved" in output or "No output" in output or "Explored all" in output:
        outcome.verdict = "proved"
    else:
        outcome.detail = (output.strip().splitlines() or ["no output"])[-1]


def _satisfiable(proof: Proof, work: pathlib.Path, name: str, circuit: Circuit, literal: int) -> str:
    """The inputs with which the literal is 1; "" if there are none."""
    file, witness = work / f"{name}.aig", work / f"{name}.aiw"
    circuit.write(file, literal)
    witness.unlink(missing_ok=True)
    output = _run(work, name, _limited(proof, ["berkeley-abc", "-c", f"read_aiger {file}; strash; dsat; write_cex -a {witness}"]))
    if re.search(r"^SATISFIABLE", output, re.MULTILINE):
        return aiger.read_witness(witness, len(circuit.inputs))[0]
    if re.search(r"^UNSATISFIABLE", output, re.MULTILINE):
        return ""
    raise ProofBroken(f"{proof.name}: {(output.strip().splitlines() or ['no output'])[-1]}")


def _still(proof: Proof, work: pathlib.Path, outcome: Outcome) -> None:
    """The whole design behind a reset."""
    began = time.process_time()
    moves = still.outputs_that_move(Machine(work / "machine"), "rst_ni", proof.before)
    _used.seconds = used_s() + time.process_time() - began
    outcome.verdict, outcome.detail = ("failed" if moves else "proved"), "; ".join(moves)


def _skip(proof: Proof, work: pathlib.Path, outcome: Outcome) -> None:
    """The whole design in one step."""
    began = time.process_time()
    try:
        question = skip(Machine(work / "machine"), proof.before, proof.late)
    except Contradiction:
        question = None
    _used.seconds = used_s() + time.process_time() - began
    if not question or not _satisfiable(proof, work, "possible", question.circuit, question.possible):
        outcome.verdict, outcome.detail = "failed", "it can never be quiet"
        return
    given = _satisfiable(proof, work, "wrong", question.circuit, question.wrong)
    outcome.verdict = "failed" if given else "proved"
    if given:
        different = evaluate(question.circuit, given, question.differences)
        outcome.detail = f"{len(different)} of {len(question.differences)} differ: " + "; ".join(different[:4])
        (work / "differences.txt").write_text("\n".join(different) + "\n")


def solve(proof: Proof, work: pathlib.Path, method: str, bug: str = "") -> Outcome:
    """One question to a solver. A counterexample leaves <method>.vcd in `work`."""
    depth = getattr(proof, method) if method in ("induction", "bounded", "cover") else 0
    outcome = Outcome(proof.name, method, depth, bug=bug, engine=proof.engine)
    began = used_s()
    ({"still": _still, "skip": _skip}[proof.machine] if proof.machine else _abc if proof.engine == "abc" else _smtbmc)(proof, work, outcome)
    outcome.seconds = used_s() - began
    return outcome
