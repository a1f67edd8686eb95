#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of the stack bench under callgrind and prints what an operation costs.

Instructions of both ends together, applications and wire included, the device's own work left out. They are repeatable for
the same binary. Only the operations are counted, after connections were set up and some operations have gone before.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# callgrind counts each byte that `rep movsb` moves as an instruction; glibc has another way for large copies.
ENVIRONMENT = {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff"}
# The device's own work, which is not the host's: memory_wire.cpp. --toggle-collect alone would begin with nothing collected.
CALLGRIND = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--toggle-collect=*memory_wire::device::device_*",
             "--toggle-collect=*memory_wire::device::connection_*", "--collect-atstart=yes"]
OURS = ("nic", "no-lookup", "software")
TITLES = {"nic": "with the NIC", "no-lookup": "NIC, no table", "software": "all software", "lwip": "lwIP"}


class Bench:
    def __init__(self, program):
        self.program = program

    def arguments(self, stack, case, pattern, connections, operations):
        return [self.program, "--stack", stack, "--case", case, "--pattern", pattern,
                "--connections", str(connections), "--operations", str(operations)]

    def operation(self, operations, *what):
        """What one comes to: instructions, frames, lookups by the hosts, bytes summed by them."""
        with tempfile.NamedTemporaryFile(suffix=".callgrind") as out:
            done = subprocess.run(CALLGRIND + [f"--callgrind-out-file={out.name}"] + self.arguments(*what, operations), capture_output=True, text=True,
                                  env=ENVIRONMENT)
            if done.returncode != 0:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                sys.exit(f"bench stack: {' '.join(map(str, what))}: {last}")
            totals = re.search(r"^totals: (\d+)$", pathlib.Path(out.name).read_text(), re.MULTILINE)
        frames, lookups, summed = map(float, done.stdout.split())
        return {"instructions": int(totals.group(1)) / operations, "frames": frames, "lookups": lookups, "summed_bytes": summed}

    def idle_bytes(self, stack, connections):
        done = subprocess.run(self.arguments(stack, "idle", "hot", connections, 1), capture_output=True, text=True, check=True)
        return int(done.stdout)


def rr_cases(full):
    yield "hot", 1
    for connections in (1_000, 10_000) + ((100_000, 1_000_000) if full else ()):
        for pattern in ("hot", "random", "cyclic"):
            yield pattern, connections


def measure_rr(bench, full, say):
    rows = []
    for pattern, connections in rr_cases(full):
        # lwIP has 16 384 local ports, and walks a list with both ends of every connection in it. What our stack costs with
        # less of a NIC does not depend on so many, and takes as long to find out.
        stacks = OURS + ("lwip",) if connections <= 10_000 else ("nic",)
        row = {"pattern": pattern, "connections": connections}
        for stack in stacks:
            say(f"rr {pattern} {connections} {stack}")
            row[stack] = bench.operation(2_000, stack, "rr", pattern, connections)
        rows.append(row)
    return rows


def measure_conn(bench, full, say):
    rows = []
    around = (0, 100, 1_000, 10_000) + ((100_000,) if full else ())
    for case, pattern, time_waits in [("conn", "fin", n) for n in around] + [("conn", "rst", 0), ("conn-rr", "fin", 0)]:
        row = {"case": case, "ending": pattern, "time_wait": time_waits}
        for stack in OURS + (("lwip",) if time_waits <= 1_000 else ()):
            say(f"{case} {pattern} {time_waits} {stack}")
            row[stack] = bench.operation(1_000, stack, case, pattern, time_waits)
        rows.append(row)
    return rows


def measure_bulk(bench, say):
    row = {}
    for stack in OURS + ("lwip",):
        say(f"bulk {stack}")
        row[stack] = bench.operation(20_000_000, stack, "bulk", "hot", 1)
    return row


def measure_idle(bench, full, say):
    connections = 1_000_000 if full else 100_000
    say(f"idle {connections}")
    return {"connections": connections, "fourtuple": bench.idle_bytes("software", connections),
            "lwip": bench.idle_bytes("lwip", 10_000)}


def ratio(row):
    """lwIP's instructions for one of ours, with the NIC."""
    if "lwip" not in row:
        return "-"
    return f"{row['lwip']['instructions'] / row['nic']['instructions']:,.2f}"


def table(title, names, rows, digits=0):
    print(f"\n{title}")
    print(" " * 26 + "".join(f"{TITLES[s]:>15}" for s in OURS + ("lwip",)) + f"{'lwIP : NIC':>12}")
    for name, row in zip(names, rows):
        cells = (f"{row[s]['instructions']:>15,.{digits}f}" if s in row else f"{'-':>15}" for s in OURS + ("lwip",))
        print(f"{name:<26}" + "".join(cells) + f"{ratio(row):>12}")


def offload_table(rows):
    """What the NIC takes off the hosts."""
    print("\nrr, what an exchange is made of")
    print(" " * 26 + "".join(f"{TITLES[s]:>15}" for s in OURS))
    for row in rows:
        name = f"{row['connections']:>9,} {row['pattern']}"
        lines = {"frames": lambda o: f"{o['frames']:.2f}",
                 "instructions a frame": lambda o: f"{o['instructions'] / o['frames']:,.0f}",
                 "lookups by the hosts": lambda o: f"{o['lookups']:.2f}",
                 "bytes summed by them": lambda o: f"{o['summed_bytes']:,.0f}"}
        print(name)
        for what, of in lines.items():
            print(f"    {what:<22}" + "".join(f"{of(row[s]):>15}" if s in row else f"{'-':>15}" for s in OURS))


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench stack", description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--full", action="store_true", help="up to a million connections: some minutes and 3 GB more")
    arguments = parser.parse_args()
    bench = Bench(arguments.program)

    def say(text):
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        def say(text):  # noqa: F811 - progress is for people
            pass

    figures = {"rr": measure_rr(bench, arguments.full, say), "conn": measure_conn(bench, arguments.full, say),
               "bulk": measure_bulk(bench, say), "idle": measure_idle(bench, arguments.full, say)}
    say("")
    print("Instructions, both ends, applications and wire included. lwIP: Debian's library, one copy with two interfaces")
    print("(its lists hold both ends of a connection), 64 KiB windows, sums in software.")
    table("rr: 64 bytes there and 64 back, a connection of N", [f"{r['connections']:>9,} {r['pattern']}" for r in figures["rr"]],
          figures["rr"])
    offload_table([r for r in figures["rr"] if r["connections"] == 1 or r["pattern"] == "cyclic"])
    table("conn: connect, accept, close", [f"{r['case']} {r['ending']}, {r['time_wait']:,} TIME_WAIT" for r in figures["conn"]],
          figures["conn"])
    table("bulk: a byte, writes of 16 KiB", ["per byte"], [figures["bulk"]], digits=2)
    idle = figures["idle"]
    print(f"\nidle: bytes an established end takes, of {idle['connections']:,}: {idle['fourtuple']}; lwIP, of 10 000: {idle['lwip']}")
    if arguments.json:
        try:
            pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=2) + "\n")
        except OSError as error:
            sys.exit(f"bench stack: cannot write {arguments.json}: {error.strerror}")


if __name__ == "__main__":
    main()
