#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays random scenarios against the stack and against Linux's own TCP, and shows where the two first part."""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import connection
import interface
import scenario
import trace

PATIENCE_S = 60


def play_here(arguments):
    """In a process of its own: writes the trace to stdout."""
    with tempfile.TemporaryDirectory() as directory:
        s = scenario.make(arguments.seed, arguments.kind)
        to = interface.Interface(os.path.abspath(arguments.play), s.settings, directory)
        print(json.dumps(connection.Connection(to, s).play()), flush=True)
    os._exit(0)  # The object has threads of its own.


def play(path, seed, kind):
    done = subprocess.run([sys.executable, __file__, "--play", path, "--seed", str(seed), "--kind", kind], capture_output=True, text=True, timeout=PATIENCE_S)
    if done.returncode != 0:
        raise RuntimeError(f"{path}, seed {seed}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def compare(arguments, seed, kind):
    ours, linux = play(arguments.ours, seed, kind), play(arguments.linux, seed, kind)
    return seed, kind, ours, linux, trace.first_difference(ours, linux)


def show_difference(seed, kind, ours, linux, difference, context):
    index, what = difference
    print(f"{kind} {seed}: {what}")
    if context:
        print(f"  {scenario.make(seed, kind)}")
        for entry in ours[max(0, index - context) : index]:
            print(f"    {trace.show(entry)}")
        for name, entries in (("here", ours), ("Linux", linux)):
            print(f"  {name}:")
            for entry in entries[index : index + context]:
                print(f"    {trace.show(entry)}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/beside-linux", description=__doc__)
    parser.add_argument("--ours", default="build/release/lib/libfourtuple_packetdrill.so", help=argparse.SUPPRESS)
    parser.add_argument("--linux", default="build/release/lib/libpacketdrill_kernel.so", help=argparse.SUPPRESS)
    parser.add_argument("--play", help=argparse.SUPPRESS)
    parser.add_argument("--kind", action="append", choices=scenario.KINDS, help="what the connection does; all of them otherwise")
    parser.add_argument("--seed", type=int, default=1, help="the first scenario's number")
    parser.add_argument("--count", type=int, default=20, help="how many of each kind")
    parser.add_argument("--context", type=int, default=0, metavar="N", help="show N entries around each difference")
    parser.add_argument("--jobs", type=int, default=8, help="how many at once; Linux's take seconds and wait most of that")
    arguments = parser.parse_args()
    if arguments.play:
        arguments.kind = arguments.kind[0]
        play_here(arguments)
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        print("beside-linux: needs root and /dev/net/tun", file=sys.stderr)
        return 77
    same = total = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        wanted = [(seed, kind) for kind in arguments.kind or scenario.KINDS for seed in range(arguments.seed, arguments.seed + arguments.count)]
        for seed, kind, ours, linux, difference in pool.map(lambda w: compare(arguments, *w), wanted):
            total += 1
            same += difference is None
            if difference is not None:
                show_difference(seed, kind, ours, linux, difference, arguments.context)
    print(f"{same} of {total} scenarios the same to the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
