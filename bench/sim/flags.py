#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the Verilated NIC with other flags of Verilator and of the compiler, and prints what a clock costs with each of them.

Instructions are counted by valgrind, so that figures do not depend on what else the machine does; clocks a second are the best of some
rounds. Everything is built in build/bench_sim, where from one to the next only the model is compiled again.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import typing

TREE = pathlib.Path("build/bench_sim")
PROFILE = (TREE / "profile").absolute()
CLANG = "clang++-14"


class Variant(typing.NamedTuple):
    """How the model is built."""

    flags: str
    verilator: str = ""
    compiler: str = ""  # If not the one of the rest.


# The first is what is built otherwise.
VARIANTS = {
    "-O2, as built": Variant("-O2"),
    "-O2, with a profile": Variant(f"-O2 -fprofile-use={PROFILE} -fprofile-correction -Wno-missing-profile"),
    "-O2, Clang": Variant("-O2", compiler=CLANG),
    "-O1": Variant("-O1"),
    "-O3": Variant("-O3"),
    "-O2, no assertions": Variant("-O2", "--no-assert"),
    "-O2, no DFG": Variant("-O2", "-fno-dfg"),
}
TRAINING = Variant(f"-O2 -fprofile-generate={PROFILE} -fprofile-update=single")
TRAINING_CLOCKS = 20_000
MEASUREMENTS = ("bare_idle", "bare_busy", "systemc_busy")
COUNTED_CLOCKS = 4_000
ROUND_CLOCKS = 100_000
ROUNDS = 5


def run(command, **keywords):
    done = subprocess.run(command, capture_output=True, text=True, **keywords)
    if done.returncode != 0:
        sys.exit(f"bench sim --flags: {' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()[-2000:]}")
    return done


def build(variant):
    """Seconds of processor time for the model alone, and the bench."""
    run(["cmake", "-S", ".", "-B", TREE, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DFOURTUPLE_TESTS=ON",
         f"-DFOURTUPLE_MODEL_FLAGS={variant.flags}", f"-DFOURTUPLE_MODEL_VERILATOR_ARGUMENTS={variant.verilator}",
         f"-DFOURTUPLE_MODEL_COMPILER={variant.compiler}"])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # A cache of compilations would hide what they take.
    run(["cmake", "--build", TREE, "--target", "fourtuple_verilated_fourtuple_nic"], env={**os.environ, "CCACHE_RECACHE": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(["cmake", "--build", TREE, "--target", "bench_sim"])
    return after.ru_utime - before.ru_utime, TREE / "bin" / "bench_sim"


def instructions_a_clock(program, measurement):
    """From two runs of different length, so that what comes before the clocks does not count."""
    counted = []
    for clocks in (COUNTED_CLOCKS, 2 * COUNTED_CLOCKS):
        done = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, measurement, str(clocks)])
        counted.append(int(re.search(r"Collected : (\d+)", done.stderr).group(1)))
    return (counted[1] - counted[0]) / COUNTED_CLOCKS


def clocks_a_second(program, measurement):
    best = 0.0
    for _ in range(ROUNDS):
        evaluated, _, seconds = run([program, measurement, str(ROUND_CLOCKS)]).stdout.split()
        best = max(best, int(evaluated) / float(seconds))
    return best


def train():
    """Leaves the profile of a model that runs idle and busy."""
    shutil.rmtree(PROFILE, ignore_errors=True)
    _, program = build(TRAINING)
    for measurement in ("bare_busy", "bare_idle"):
        run([program, measurement, str(TRAINING_CLOCKS)])


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench sim --flags", description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--only", action="append", choices=VARIANTS, metavar="NAME", help=f"of {'; '.join(VARIANTS)}")
    arguments = parser.parse_args()
    rows = {}
    print(f"{'':<22}{'instructions a clock':>39}{'clocks a second':>18}{'compiling':>12}")
    print(f"{'':<22}{'idle':>13}{'receiving':>13}{'in SystemC':>13}{'receiving':>18}{'CPU s':>12}")
    for name, variant in VARIANTS.items():
        if arguments.only and name not in arguments.only:
            continue
        if variant.compiler and shutil.which(variant.compiler) is None:
            print(f"{name:<22}{variant.compiler} is not installed")
            continue
        if "-fprofile-use" in variant.flags:
            train()
        seconds, program = build(variant)
        row = {measurement: instructions_a_clock(program, measurement) for measurement in MEASUREMENTS}
        row.update(clocks_a_second=clocks_a_second(program, "bare_busy"), build_cpu_s=seconds)
        rows[name] = row
        print(f"{name:<22}{row['bare_idle']:>13,.0f}{row['bare_busy']:>13,.0f}{row['systemc_busy']:>13,.0f}"
              f"{row['clocks_a_second']:>18,.0f}{seconds:>12.0f}", flush=True)
    if arguments.json:
        try:
            pathlib.Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n")
        except OSError as error:
            sys.exit(f"bench sim --flags: cannot write {arguments.json}: {error.strerror}")


if __name__ == "__main__":
    main()
