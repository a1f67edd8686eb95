#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goodput over impaired paths: Linux's own TCP beside ours. `scripts/bench linux` builds and runs it.

Linux's two ends are network namespaces of this machine, each with a TAP device; between the devices is the model's wire with its
impairments, in real time. Ours are two simulated hosts on the same wire with the same impairments, in simulated time. Both send the
same file with the same application protocol, with other random numbers each time, until the mean is known well enough or there were too
many: with one loss in a hundred segments and a long round trip one transfer takes six times as long as another. The figure is the bytes of
all the transfers by the time of all of them. Ours count CUBIC's time in ticks as long as this kernel's (CONFIG_HZ). Needs root and
/dev/net/tun, and a processor that nobody else uses."""

import argparse
import concurrent.futures
import contextlib
import gzip
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MBIT = 100
QUEUE_BYTES = 2_500_000  # A fifth of a second at 100 Mbit/s.
PORT = 2222
# What the stack's settings are by default (host/tcp/tcp_config.hpp).
SYSCTLS = {
    "net.ipv4.tcp_rmem": "4096 540000 15728640",
    "net.ipv4.tcp_wmem": "4096 262144 4194304",
    "net.ipv4.tcp_slow_start_after_idle": "0",
    "net.ipv4.tcp_early_retrans": "3",
    "net.ipv4.tcp_no_metrics_save": "1",
    "net.ipv6.conf.all.disable_ipv6": "1",
}
LATE_NS = 2_000_000
TRIAL_BYTES = 500_000
TRANSFER_S = 6
LEAST_TRANSFERS = 4
MOST_TRANSFERS = 96
# A mean's standard error, as a part of it, that is good enough.
ENOUGH = 0.03


def skip(reason):
    print(f"bench linux: skipped: {reason}", file=sys.stderr)
    sys.exit(77)


def points():
    """Name, options of the wire, round trip in us."""
    kinds = [
        ("clean", {}),
        ("loss 1 %", {"loss": 0.01}),
        ("loss 3 %", {"loss": 0.03}),
        ("loss 10 %", {"loss": 0.1}),
        ("reordering 2 %", {"reorder": 0.02}),
        ("duplication 5 %", {"duplicate": 0.05}),
    ]
    for name, impairments in kinds:
        for rtt_us in (100, 1_000, 10_000, 50_000, 200_000):
            options = {"wire-delay-ns": rtt_us * 500, "bottleneck-mbit": MBIT, "queue-bytes": QUEUE_BYTES, **impairments}
            if "reorder" in impairments:
                options["reorder-delay-ns"] = rtt_us * 500
            yield name, options, rtt_us


def kernel_hz():
    """CONFIG_HZ of the kernel that runs here; None: it does not tell."""
    for path, opener in ((f"/boot/config-{os.uname().release}", open), ("/proc/config.gz", gzip.open)):
        try:
            with opener(path, "rt", encoding="ascii", errors="replace") as config:
                if found := re.search(r"^CONFIG_HZ=(\d+)$", config.read(), re.MULTILINE):
                    return int(found[1])
        except OSError:
            continue
    return None


def arguments(options):
    return [f"--{key}={value}" for key, value in options.items()]


def call(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def namespaces(tag):
    """Two namespaces with a TAP device each; yields (namespace, device, address) of both."""
    ends = [(f"ft{tag}{end}", f"ft{tag}{end}", f"10.77.0.{number}") for number, end in ((1, "a"), (2, "b"))]
    made = []
    try:
        for namespace, device, _ in ends:
            call("ip", "netns", "add", namespace)
            made.append(namespace)
            call("ip", "tuntap", "add", "dev", device, "mode", "tap")
            for name, value in SYSCTLS.items():
                call("ip", "netns", "exec", namespace, "sysctl", "-qw", f"{name}={value}")
        yield ends
    finally:
        for namespace, device, _ in ends:
            subprocess.run(["ip", "link", "del", device], stderr=subprocess.DEVNULL, check=False)
        for namespace in made:
            subprocess.run(["ip", "netns", "del", namespace], check=False)


def in_namespace(namespace, *command, first=()):
    return ["ip", "netns", "exec", namespace, *first, *command]


def expect_ready(process, what):
    if process.stdout.readline().strip() != "ready":
        process.kill()
        raise RuntimeError(f"{what} did not start")


def linux_transfer(tag, wire_program, options, size, seed):
    """Nanoseconds of one transfer, and by how many the wire was late at most."""
    # Real time: the wire and both ends go before everything else on the machine.
    first = ("chrt", "--fifo", "10")
    with namespaces(tag) as ends:
        wire = subprocess.Popen(
            [*first, wire_program, f"--a={ends[0][1]}", f"--b={ends[1][1]}", f"--seed={seed}", *arguments(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"SYSTEMC_DISABLE_COPYRIGHT_MESSAGE": "1"})
        try:
            expect_ready(wire, wire_program)
            for namespace, device, address in ends:
                call("ip", "link", "set", device, "netns", namespace)
                call("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", device)
                call("ip", "-n", namespace, "link", "set", device, "up")
            peer = (sys.executable, str(HERE / "peer.py"))
            server = subprocess.Popen(in_namespace(ends[1][0], *peer, "server", ends[1][2], str(PORT), first=first),
                                      stdout=subprocess.PIPE, text=True)
            expect_ready(server, "the server")
            client = subprocess.run(in_namespace(ends[0][0], *peer, "client", ends[1][2], str(PORT), str(size), first=first),
                                    stdout=subprocess.PIPE, text=True, check=True)
            server.wait()
        finally:
            said, _ = wire.communicate(timeout=10)
        return int(client.stdout), int(said.split()[2])


def our_transfer(chosen, options, size, seed):
    with tempfile.TemporaryDirectory() as out:
        call(chosen.fourtuple, "run", "--nic=model", "--connections=1", f"--payload-bytes={size}", "--time-wait-ms=1", f"--seed={seed}",
             f"--set=tcp.hz={chosen.hz}", "--no-capture", f"--out={out}", *arguments(options))
        return json.loads((pathlib.Path(out) / "run.json").read_text())["workloads"][0]["active_ns"]


def with_other_seeds(transfer, seed):
    """With much loss three ARP requests in a row are lost now and then; then nobody is reached, here as there."""
    for attempt in range(5):
        try:
            return transfer(seed + attempt * 1000)
        except subprocess.CalledProcessError as error:
            failed = error
    raise failed


def mbit(size, times):
    return size * len(times) * 8e3 / sum(times)


def error_of(times):
    """The standard error of their mean, as a part of it."""
    return statistics.stdev(times) / statistics.mean(times) / math.sqrt(len(times))


def often_enough(transfer, at_once):
    """What transfers with one random number after another gave, so many at a time; the first of each result is the time it took."""
    results = []
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        while len(results) < LEAST_TRANSFERS or (len(results) < MOST_TRANSFERS and error_of([took for took, *_ in results]) > ENOUGH):
            first = len(results) + 1
            results += pool.map(lambda seed: with_other_seeds(transfer, seed), range(first, first + max(at_once, LEAST_TRANSFERS)))
    return results


def measure(point, chosen):
    name, options, rtt_us = point
    # So long that chance in slow start does not decide.
    rate = mbit(TRIAL_BYTES, [with_other_seeds(lambda seed: our_transfer(chosen, options, TRIAL_BYTES, seed), 1)])
    size = max(round(rate * 1e6 / 8 * TRANSFER_S / 1e5), 1) * 100_000
    ours = [took for took, *_ in often_enough(lambda seed: (our_transfer(chosen, options, size, seed),), 2)]
    # Those that mostly wait can run side by side.
    at_once = max(1, min(16, int(20 / mbit(size, ours))))
    linux = often_enough(lambda seed: linux_transfer(f"{os.getpid() % 10000}x{seed}", chosen.wire, options, size, seed), at_once)
    linux_took = [took for took, _ in linux]
    return {"path": name, "rtt_us": rtt_us, "bytes": size, "ours_transfers": len(ours), "linux_transfers": len(linux),
            "ours_mbit": round(mbit(size, ours), 3), "linux_mbit": round(mbit(size, linux_took), 3),
            "ratio_error": round(math.hypot(error_of(ours), error_of(linux_took)), 3), "wire_late_ns": max(late for _, late in linux)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wire", required=True, help="bench_impaired_wire")
    parser.add_argument("--fourtuple", required=True)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures into this file, too")
    parser.add_argument("--only", help="paths whose name and round trip (in us) contain this, e.g. 'loss 1 %%/10000'")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        skip("namespaces and TAP devices need root")
    if not os.path.exists("/dev/net/tun"):
        skip("there is no /dev/net/tun")
    if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        skip("no network namespace can be made here")
    chosen.hz = kernel_hz()
    if chosen.hz is None:
        chosen.hz = 1000
        print("bench linux: this kernel does not tell its CONFIG_HZ; ours has 1000", file=sys.stderr)
    print(f"{'path':<16} {'round trip':>10} {'ours':>9} {'Linux':>9} {'ratio':>6} {'error':>6} {'transfers':>10}   wire late")
    rows = []
    for point in points():
        if chosen.only and chosen.only not in f"{point[0]}/{point[2]}":
            continue
        row = measure(point, chosen)
        rows.append(row)
        late = f"{row['wire_late_ns'] / 1e6:.1f} ms" + (" (!)" if row["wire_late_ns"] > LATE_NS else "")
        print(f"{row['path']:<16} {row['rtt_us'] / 1000:>7g} ms {row['ours_mbit']:>9.3f} {row['linux_mbit']:>9.3f} "
              f"{row['ours_mbit'] / row['linux_mbit']:>6.2f} {row['ratio_error']:>6.2f} {row['ours_transfers']:>4} {row['linux_transfers']:>5}"
              f"   {late}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps({"unit": "Mbit/s", "bottleneck_mbit": MBIT, "hz": chosen.hz, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
