#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scenario files and sweeps as a user meets them: those that ship, somebody else's, mistakes, and engines that sweeps are handed to.

    scenarios.py FOURTUPLE [unittest options]
"""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

FOURTUPLE = sys.argv.pop(1) if len(sys.argv) > 1 else "fourtuple"
SOURCE = pathlib.Path(__file__).resolve().parents[3]
TIMEOUT_S = 300


def fourtuple(*words: str, cwd: pathlib.Path = SOURCE) -> subprocess.CompletedProcess:
    return subprocess.run([FOURTUPLE, *words], text=True, capture_output=True, timeout=TIMEOUT_S, check=False, cwd=cwd)


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fourtuple-test-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def scenario(self, text: str, name: str = "scenario.toml") -> str:
        path = self.directory / name
        path.write_text(text)
        return str(path)

    def run_ok(self, *words: str, out: str = "out") -> dict:
        result = fourtuple("run", *words, f"--out={self.directory / out}")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return json.loads((self.directory / out / "run.json").read_text())

    def refused(self, *words: str, says: str):
        result = fourtuple(*words)
        self.assertEqual(result.returncode, 2, f"{words}: {result.stdout}{result.stderr}")
        self.assertEqual(result.stdout, "", words)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn(says, result.stderr)


def workload(report: dict, name: str) -> dict:
    return next(one for one in report["workloads"] if one["name"] == name)


def counter(report: dict, machine: str, name: str) -> int:
    return next(one for one in report["machines"] if one["name"] == machine)["counters"][name]


class Shipped(Directory):
    """Every scenario in scenarios/ runs, does what its comment says, and is what it prints itself to be."""

    def test_each_runs_and_is_repeatable_and_prints_itself(self):
        files = sorted((SOURCE / "scenarios").glob("*.toml"))
        self.assertGreaterEqual(len(files), 5)
        for file in files:
            with self.subTest(file.name):
                report = self.run_ok(str(file), out="a")
                self.assertEqual(report["errors"], [])
                printed = fourtuple("run", str(file), "--print-scenario")
                self.assertEqual(printed.returncode, 0, printed.stderr)
                again = self.run_ok(self.scenario(printed.stdout), out="b")
                self.assertEqual(report, again)
                self.assertEqual((self.directory / "a" / "wire.pcapng").read_bytes(), (self.directory / "b" / "wire.pcapng").read_bytes())

    def test_incast_overflows_the_switch_and_every_byte_arrives(self):
        report = self.run_ok("scenarios/incast.toml")
        self.assertTrue(report["payload_ok"])
        self.assertEqual(report["bytes_delivered"], 8 * 2 * 200_000)
        self.assertGreater(report["switch"]["server"]["dropped_queue_full"], 0)
        self.assertLessEqual(report["switch"]["server"]["queue_most_bytes"], 150_000)
        self.assertGreater(report["retransmits"], 0)
        # With a queue as large as all that is sent, nothing is lost.
        report = self.run_ok("scenarios/incast.toml", "--set", "switch.queue_bytes=10000000")
        self.assertEqual(report["switch"]["server"]["dropped_queue_full"], 0)
        self.assertEqual(report["retransmits"], 0)

    def test_syn_cookies_keep_a_server_open(self):
        report = self.run_ok("scenarios/syn_flood.toml")
        self.assertEqual(workload(report, "service")["finished"], 200)
        self.assertEqual(workload(report, "service")["failed"], 0)
        self.assertGreater(workload(report, "flood")["begun"], 5000)
        self.assertGreater(counter(report, "server", "TcpExtSyncookiesSent"), 1000)
        # The same without: the queue is full of requests that nobody will ever finish.
        result = fourtuple("run", "scenarios/syn_flood.toml", "--set", "tcp.syncookies=0", f"--out={self.directory / 'off'}")
        off = json.loads((self.directory / "off" / "run.json").read_text())
        self.assertEqual(counter(off, "server", "TcpExtSyncookiesSent"), 0)
        self.assertLess(workload(off, "service")["finished"], 200, result.stdout)

    def test_open_loop_says_how_busy_the_processors_are(self):
        report = self.run_ok("scenarios/open_loop.toml")
        requests = workload(report, "requests")
        self.assertEqual(requests["finished"], 4000)
        latency = requests["latency_ns"]
        self.assertEqual(latency["count"], 4000)
        self.assertEqual(sum(count for _, count in latency["histogram"]), 4000)
        self.assertTrue(latency["min"] <= latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p99_9"] <= latency["max"])
        for machine in report["machines"]:
            self.assertTrue(0.05 < machine["cpu"]["busy_share"] <= 1, machine["cpu"])
        idle = self.run_ok("scenarios/open_loop.toml", "--set", "cpu.packet_ns=0", "--set",
                           "cpu.call_ns=0", "--set", "cpu.interrupt_ns=0", "--set", "cpu.mmio_ns=0")
        self.assertEqual(idle["machines"][0]["cpu"]["busy_ns"], 0)
        self.assertLess(workload(idle, "requests")["latency_ns"]["p50"], latency["p50"])

    def test_web_delivers_files_across_a_bad_wire(self):
        report = self.run_ok("scenarios/web.toml", "--set", "impairments.browser.loss=0.01")
        self.assertEqual(workload(report, "http")["finished"], 80)
        self.assertEqual(workload(report, "crowd")["failed"], 0)

    def test_no_connection_is_lost_in_a_bad_slot(self):
        report = self.run_ok("scenarios/bad_slot.toml")
        self.assertTrue(report["payload_ok"])
        self.assertEqual(report["connections"], {"opened": 6, "accepted": 6, "closed": 6})
        client, server = report["machines"]
        for fault in ("completions_lost", "completions_poisoned", "interrupts_lost", "links_down"):
            self.assertEqual(client["pcie"]["faults"][fault], 1, fault)
        self.assertEqual(server["counters"]["driver_function_resets"], 1)

    def test_more_overflow_lines_hold_more_connections(self):
        full = [self.run_ok("scenarios/table_sizes.toml", "--set", f"nic.table_overflow_lines_log2={lines}")["table"]["full"]
                for lines in (3, 8)]
        self.assertGreater(full[0], full[1])


class Files(Directory):
    def test_options_override_the_file_and_set_overrides_everything(self):
        file = self.scenario('[nic]\nkind = "model"\n[tcp]\ntime_wait_ms = 1\n[run]\nseed = 5\n')
        self.assertEqual(self.run_ok(file)["seed"], 5)
        report = self.run_ok(file, "--seed=6", "--connections=2")
        self.assertEqual((report["seed"], report["nic"], report["connections"]["opened"]), (6, "model", 2))
        report = self.run_ok(file, "--set", "hosts.server.nic.kind=rtl", "--set", "workloads.bulk.connections=1")
        self.assertEqual((report["nic"], report["connections"]["opened"]), ("mixed", 1))

    def test_the_default_scenario_printed_gives_the_default_run(self):
        printed = fourtuple("run", "--print-scenario").stdout
        words = ("--time-wait-ms=1", "--connections=2")
        self.assertEqual(self.run_ok(self.scenario(printed), *words, out="a"), self.run_ok(*words, out="b"))

    def test_several_transmit_queues_carry_a_connection_each_by_one(self):
        words = ("--connections=12", "--time-wait-ms=1", "--set", "workloads.bulk.payload_bytes=100000", "--set", "nic.tx_queues=4")
        for kind in ("model", "rtl"):
            report = self.run_ok(f"--nic={kind}", *words)
            self.assertTrue(report["payload_ok"], kind)
            self.assertEqual(report["connections"]["opened"], 12)
            for machine in ("client", "server"):
                frames = [counter(report, machine, f"driver_tx_frames_queue_{queue}") for queue in range(4)]
                self.assertEqual(sum(frames), counter(report, machine, "driver_tx_frames"))
                self.assertGreater(sum(count != 0 for count in frames), 1, frames)
                # A wire without loss and with queues that keep their order has nothing to repeat.
                self.assertEqual(counter(report, machine, "TcpRetransSegs"), 0, kind)

    def test_rtl_and_model_share_a_switch(self):
        file = self.scenario("""
            [tcp]
            time_wait_ms = 1
            [nic]
            kind = "model"
            [[hosts]]
            name = "a"
            nic.kind = "rtl"
            [[hosts]]
            name = "b"
            [[hosts]]
            name = "c"
            nic.kind = "rtl"
            """)
        report = self.run_ok(file, "--payload-bytes=30000", "--connections=2")
        self.assertTrue(report["payload_ok"])
        digest = report["digest"]
        self.assertEqual(digest, self.run_ok(file, "--payload-bytes=30000", "--connections=2", "--quantum=1")["digest"])

    def test_costs_make_calls_slower_whatever_the_quantum(self):
        words = ("--connections=2", "--time-wait-ms=1", "--cpu-call-ns=500", "--cpu-packet-ns=300", "--cpu-interrupt-ns=200",
                 "--cpu-mmio-ns=50")
        for nic in ("model", "rtl"):
            free = self.run_ok(*words[:2], f"--nic={nic}")
            costly = self.run_ok(*words, f"--nic={nic}")
            self.assertGreater(costly["transfer_ns"], free["transfer_ns"])
            self.assertTrue(costly["payload_ok"])
            self.assertGreater(costly["machines"][1]["cpu"]["busy_share"], 0.05)
            self.assertLessEqual(costly["machines"][1]["cpu"]["busy_share"], 1)
            self.assertEqual(costly["digest"], self.run_ok(*words, f"--nic={nic}", *(("--quantum=1",) if nic == "rtl" else ()))["digest"])

    def test_pcie_settings_have_an_effect(self):
        base = ("--nic=model", "--connections=2", "--time-wait-ms=1")
        digests = {self.run_ok(*base, *words)["digest"]
                   for words in ((), ("--pcie-mps=128",), ("--pcie-mrrs=128", "--pcie-tags=1"), ("--pcie-lanes=1",), ("--pcie-generation=1",),
                                 ("--pcie-round-trip-ns=2000",))}
        self.assertEqual(len(digests), 6)

    def test_a_duration_ends_what_would_not_end(self):
        file = self.scenario('[nic]\nkind = "model"\n[run]\nduration_us = 1000\n[tcp]\ntime_wait_ms = 1\n'
                             '[[workloads]]\nkind = "request_response"\nrequests = 0\nconnections = 3\n')
        report = self.run_ok(file)
        self.assertGreater(workload(report, "request_response")["finished"], 100)
        self.assertEqual(report["connections"], {"opened": 3, "accepted": 3, "closed": 3})

    def test_mistakes(self):
        self.refused("run", "/nonexistent.toml", says="/nonexistent.toml")
        self.refused("run", str(self.directory), says=str(self.directory))
        self.refused("run", self.scenario("[nic]\n\nkin = 1\n"), says="scenario.toml:3: [nic] has no \"kin\"; did you mean kind?")
        self.refused("run", "--set", "nic.kind", says="PATH=VALUE")
        self.refused("run", "--set", "nic.kind=x", says="--set nic.kind=x is not rtl or model")
        self.refused("run", "--print-scenario=xml", says="xml")
        self.refused("run", self.scenario("[[workloads]]\n[[workloads]]\nname = \"x\"\n"), "--connections=1", says="2 workloads")
        self.refused("run", self.scenario('[[workloads]]\nkind = "http"\nroot = "/nonexistent"\n'), says="/nonexistent")
        self.refused("run", self.scenario('[[workloads]]\nkind = "http"\npaths = ["../secret"]\n'), says="secret")
        self.refused("run", self.scenario('[[workloads]]\nname = "first"\nfile = "/nonexistent"\n'), says="workloads.first.file")
        self.refused("run", self.scenario("[[workloads]]\nconnections = 2.0\n"), says="workloads.connections = 2.0 is not a whole number")
        binary = self.directory / "binary.toml"
        binary.write_bytes(os.urandom(1000).replace(b"\n", b"x"))
        self.refused("run", str(binary), says="binary.toml:1")

    def test_help_fits_and_has_an_example(self):
        for command in ("run", "sweep"):
            result = fourtuple(command, "--help")
            self.assertEqual(result.returncode, 0)
            self.assertIn(f"  fourtuple {command} ", result.stdout)
            self.assertLessEqual(max(map(len, result.stdout.splitlines())), 120)


SWEEP = """
[run]
seed = 1
[nic]
kind = "model"
[tcp]
time_wait_ms = 1
[[workloads]]
payload_bytes = 20_000
[sweep]
seeds = [1, 2]
[sweep.parameters]
"workloads.bulk.connections" = [1, 4]
"impairments.client.drop" = ["data:3", "syn:1"]
"""


OF_SOMEBODY_ELSE = """
nic = { kind = "model" }
hosts = [{ name = "a" }, { name = "b" }, { name = "c" }, { name = "d", nic.kind = "rtl" }]
run.duration_us = 0x12C
[[workloads]]
kind = "bulk"
name = "backup"
from = ["a"]
to = "d"
connections = 2
payload_bytes = 10_000
[[workloads]]
kind = "request_response"
name = "database"
from = ["b"]
to = "c"
connections = 3
requests = 20
think_ns = "exponential:1000"
request_bytes = "uniform:1:100"
[[workloads]]
kind = "connection_storm"
name = "visitors"
from = ["a", "b"]
to = "c"
connections = 20
[[workloads]]
kind = "syn_flood"
name = "attack"
to = "a"
gap_ns = 1000
[[workloads]]
kind = "http"
name = "web"
from = ["c"]
to = "b"
root = "ROOT"
[[workloads]]
kind = "idle_crowd"
name = "chat"
from = ["d"]
to = "b"
connections = 30
"""


class SomebodyElse(Directory):
    """Files as other people's editors and habits make them."""

    def test_all_workloads_between_four_hosts_of_both_kinds(self):
        (self.directory / "page.html").write_text("hello\n" * 100)
        report = self.run_ok(self.scenario(OF_SOMEBODY_ELSE.replace("ROOT", str(self.directory))))
        self.assertEqual(report["nic"], "mixed")
        for name, least in (("backup", 2), ("database", 20), ("visitors", 40), ("web", 8), ("chat", 0)):
            self.assertGreaterEqual(workload(report, name)["begun"], least, name)
            self.assertEqual(workload(report, name)["failed"], 0, name)
        self.assertGreater(workload(report, "attack")["begun"], 200)
        self.assertGreaterEqual(report["connections"]["opened"], 2 + 3 + 2 * 20 + 8 + 30)

    def test_marks_line_ends_and_encodings(self):
        text = '[nic]\nkind = "model"\n[[workloads]]\nconnections = 3\n'
        path = self.directory / "scenario.toml"
        for name, content in (("a byte order mark", b"\xef\xbb\xbf" + text.encode()), ("CRLF", text.replace("\n", "\r\n").encode()),
                              ("no line end", text.strip().encode()), ("comments", text.replace("\n", " # \u00fc\n").encode())):
            with self.subTest(name):
                path.write_bytes(content)
                self.assertEqual(self.run_ok(str(path))["connections"]["closed"], 3)
        path.write_bytes(b"# nothing\n")
        self.assertEqual(self.run_ok(str(path), "--nic=model")["connections"]["closed"], 8)
        for name, content, line in (("UTF-16", text.encode("utf-16"), 1), ("old Macintosh", text.replace("\n", "\r").encode(), 1),
                                    ("NUL", b'[nic]\nkind = "mod\0el"\n', 2), ("nested", b"a = " + b"[" * 5000 + b"]" * 5000, 1)):
            with self.subTest(name):
                path.write_bytes(content)
                self.refused("run", str(path), says=f"scenario.toml:{line}: not TOML")


class Sweep(Directory):
    def setUp(self):
        super().setUp()
        self.file = self.scenario(SWEEP, "sweep.toml")
        self.out = self.directory / "it's a sweep"

    def sweep(self, *words: str, status: int = 0) -> subprocess.CompletedProcess:
        result = fourtuple("sweep", self.file, f"--out={self.out}", *words)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def rows(self) -> list:
        with open(self.out / "sweep.csv", newline="") as stream:
            return list(csv.DictReader(stream))

    def check_results(self):
        rows = self.rows()
        self.assertEqual([(row["workloads.bulk.connections"], row["impairments.client.drop"], row["seed"], row["status"]) for row in rows],
                         [(n, drop, seed, "ok") for n in ("1", "4") for drop in ("data:3", "syn:1") for seed in ("1", "2")])
        self.assertEqual({row["bytes_delivered"] for row in rows[:4]}, {"20000"})
        self.assertEqual({row["bytes_delivered"] for row in rows[4:]}, {"80000"})
        self.assertEqual(len({row["digest"] for row in rows}), 8)
        runs = json.loads((self.out / "sweep.json").read_text())["runs"]
        self.assertEqual([run["digest"] for run in runs], [row["digest"] for row in rows])
        page = (self.out / "report.html").read_text()
        self.assertIn("goodput_gbit", page)
        self.assertNotIn("src=", page, "the page needs nothing but itself")

    def test_every_combination_is_run_once_and_what_is_there_is_not_run_again(self):
        result = self.sweep("--jobs=2")
        self.assertIn("8 of 8 runs good", result.stdout)
        self.check_results()
        self.assertEqual(len(result.stderr.splitlines()), 8)
        times = {path: path.stat().st_mtime_ns for path in self.out.glob("runs/*/run.json")}
        lost = sorted(times)[3]
        lost.unlink()
        result = self.sweep()
        self.assertIn("7 of 8 runs have a good result from before", result.stderr)
        self.check_results()
        again = {path: path.stat().st_mtime_ns for path in self.out.glob("runs/*/run.json")}
        self.assertEqual({path for path in times if times[path] != again[path]}, {lost})

    def test_another_scenario_in_the_same_place_is_run_anew(self):
        self.sweep()
        before = [row["digest"] for row in self.rows()]
        self.scenario(SWEEP.replace("20_000", "20_001"), "sweep.toml")
        self.sweep()
        self.assertTrue(all(old != new["digest"] for old, new in zip(before, self.rows())))

    def test_a_sweep_gives_what_single_runs_give(self):
        self.sweep("--set", "nic.mtu=1000")
        report = self.run_ok(self.file, "--set", "nic.mtu=1000", "--set", "workloads.bulk.connections=4", "--set",
                             "impairments.client.drop=syn:1", "--seed=2")
        self.assertEqual(self.rows()[7]["digest"], report["digest"])

    def test_failures_are_listed_and_do_not_stop_the_others(self):
        self.scenario(SWEEP.replace("[run]", "[run]\nlimit_s = 1").replace('"syn:1"', '"syn:1-3"'), "sweep.toml")
        result = self.sweep(status=1)
        # With one connection nothing else knocks: its SYN comes through after three seconds.
        self.assertIn("6 of 8 runs good", result.stdout)
        self.assertIn("not finished after 1 simulated seconds", result.stdout)
        self.assertEqual([row["status"] for row in self.rows()].count("failed"), 2)
        self.assertIn("not finished after", (self.out / "report.html").read_text())

    def test_make_runs_the_same(self):
        if shutil.which("make") is None:
            self.skipTest("make is missing")
        self.sweep("--emit=make")
        self.assertFalse(list(self.out.glob("runs/*/run.json")))
        result = subprocess.run(["make", "-j2", "-C", str(self.out)], text=True, capture_output=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.check_results()
        again = subprocess.run(["make", "-C", str(self.out)], text=True, capture_output=True, timeout=TIMEOUT_S, check=True)
        self.assertNotIn(" run ", again.stdout, "nothing is run a second time")

    def test_gather_says_what_is_missing(self):
        result = self.sweep("--gather", status=1)
        self.assertIn("0 of 8 runs good", result.stdout)
        self.assertIn("it has not been run", result.stdout)

    def test_mistakes(self):
        self.refused("sweep", says="scenario")
        self.refused("sweep", self.scenario("[nic]\nkind = \"model\"\n", "plain.toml"), says="nothing to sweep")
        self.refused("sweep", self.file, "--emit=pbs", says="make or slurm")
        self.refused("sweep", self.file, "--emit=make", "--gather", says="two steps")
        self.refused("sweep", self.file, "--jobs=5000", says="--jobs=5000")
        self.refused("sweep", self.file, "--set", "nic.mtu=1", f"--out={self.out}", says="--set nic.mtu=1 is not")
        bad = self.scenario('[sweep.parameters]\n"workloads.bulk.to" = ["server", "nobody"]\n', "bad.toml")
        self.refused("sweep", bad, f"--out={self.out}", says="workloads.bulk.to=nobody")


SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Slurm(Directory):
    """A job array on a cluster of one node that is made for the test."""

    def start(self, *command: str) -> subprocess.Popen:
        log = open(self.directory / f"{command[0]}.out", "w")
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=self.environment)
        self.addCleanup(log.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("Slurm's daemons need root")
        for program in ("slurmctld", "slurmd", "sbatch", "sinfo"):
            if shutil.which(program) is None:
                self.skipTest(f"{program} is missing: Debian's slurm-wlm")
        host = os.uname().nodename.split(".")[0]
        port = 20_000 + os.getpid() % 20_000
        for name in ("state", "spool"):
            (self.directory / name).mkdir()
        conf = self.directory / "slurm.conf"
        conf.write_text(SLURM_CONF.format(host=host, directory=self.directory, port=port, node_port=port + 1))
        self.environment = {**os.environ, "SLURM_CONF": str(conf)}
        self.start("slurmctld", "-D", "-f", str(conf))
        self.start("slurmd", "-D", "-f", str(conf), "-N", host)
        for _ in range(60):
            state = subprocess.run(["sinfo", "-h", "-o", "%t"], text=True, capture_output=True, env=self.environment, check=False)
            if state.stdout.strip() == "idle":
                return
            time.sleep(1)
        said = "".join((self.directory / log).read_text()[-2000:] for log in ("slurmctld.log", "slurmd.log", "slurmctld.out", "slurmd.out")
                       if (self.directory / log).exists())
        self.skipTest(f"Slurm does not come up here: {state.stdout}{state.stderr}{said}")

    def test_a_job_array_gives_what_a_sweep_here_gives(self):
        file = self.scenario(SWEEP, "sweep.toml")
        out = self.directory / "sweep"
        emitted = fourtuple("sweep", file, f"--out={out}", "--emit=slurm")
        self.assertEqual(emitted.returncode, 0, emitted.stderr)
        result = subprocess.run(["sbatch", "--wait", str(out / "sweep.sbatch")], text=True, capture_output=True, timeout=TIMEOUT_S,
                                env=self.environment, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        gathered = fourtuple("sweep", file, f"--out={out}", "--gather")
        self.assertEqual(gathered.returncode, 0, gathered.stdout + gathered.stderr)
        here = self.directory / "here"
        self.assertEqual(fourtuple("sweep", file, f"--out={here}").returncode, 0)
        self.assertEqual((out / "sweep.csv").read_text(), (here / "sweep.csv").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
