#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: what a run leaves behind, that it is repeatable, and what bad input gets.

    command_line.py FOURTUPLE [unittest options]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FOURTUPLE = sys.argv.pop(1) if len(sys.argv) > 1 else "fourtuple"
TIMEOUT_S = 300
# Short enough to be evaluated clock by clock, long enough for a handshake, data and an orderly end.
SHORT = ("--connections=3", "--time-wait-ms=1")


def fourtuple(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([FOURTUPLE, *words], text=True, capture_output=True, timeout=TIMEOUT_S, check=False)


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fourtuple-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.payload = self.directory / "payload"
        # Not a multiple of anything.
        self.payload.write_bytes(bytes(i * 7 % 251 for i in range(20_011)))

    def run_ok(self, *words: str, out: str = "out") -> dict:
        result = fourtuple("run", f"--file={self.payload}", f"--out={self.directory / out}", *words)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return json.loads((self.directory / out / "run.json").read_text())


class Run(Directory):
    def check_run(self, nic: str):
        report = self.run_ok(f"--nic={nic}", "--connections=8", "--seed=7")
        self.assertEqual(report["nic"], nic)
        self.assertEqual(report["seed"], 7)
        self.assertEqual(report["connections"], {"opened": 8, "accepted": 8, "closed": 8})
        self.assertEqual(report["bytes_delivered"], 8 * 20_011)
        self.assertTrue(report["payload_ok"])
        self.assertEqual(report["errors"], [])
        self.assertRegex(report["digest"], "^[0-9a-f]{64}$")
        # TIME_WAIT is a minute.
        self.assertGreater(report["sim_time_ps"], 60 * 10**12)
        self.assertEqual(report["table"]["inserted"], 16)
        self.assertEqual(report["table"]["deleted"], 16)
        self.assertGreater(report["table"]["hits"], 0)
        self.assertGreater(report["checksum"]["rx_good"], 0)
        self.assertEqual(report["checksum"]["rx_bad"], 0)
        self.assertGreater(report["checksum"]["tx_inserted"], 0)
        self.assertEqual(report["retransmits"], 0)
        self.assertEqual(set(report["drops"].values()), {0}, report["drops"])
        self.assertGreater(report["latency_ns"]["p99"], 0)
        self.assertTrue(all(machine["iommu_faults"] == 0 for machine in report["machines"]))
        return report

    def test_rtl(self):
        report = self.check_run("rtl")
        self.assertGreater(report["clocks_evaluated"], 0)
        # 60 s of TIME_WAIT at 250 MHz, on two NICs.
        self.assertGreater(report["clocks_skipped"], 2 * 60 * 250_000_000)

    def test_model(self):
        report = self.check_run("model")
        self.assertEqual(report["clocks_evaluated"], 0)

    def test_empty_file(self):
        self.payload.write_bytes(b"")
        report = self.run_ok("--nic=model", "--connections=1")
        self.assertEqual(report["bytes_delivered"], 0)
        self.assertTrue(report["payload_ok"])

    def test_capture_is_read_by_tshark_and_its_checksums_are_right(self):
        if shutil.which("tshark") is None:
            self.skipTest("tshark is missing")
        self.run_ok("--nic=rtl", *SHORT)
        fields = subprocess.run(
            ["tshark", "-r", str(self.directory / "out" / "wire.pcapng"), "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
             "-T", "fields", "-e", "tcp.checksum.status", "-e", "ip.checksum.status", "-Y", "tcp"],
            text=True, capture_output=True, timeout=TIMEOUT_S, check=True).stdout.split("\n")
        rows = [row.split("\t") for row in fields if row]
        self.assertGreater(len(rows), 3 * 10)
        self.assertEqual({tuple(row) for row in rows}, {("1", "1")}, "1 is Wireshark's word for good")

    def test_waveform(self):
        result = fourtuple("run", f"--file={self.payload}", f"--out={self.directory / 'out'}", "--nic=rtl", "--trace", *SHORT)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertGreater((self.directory / "out" / "nic.fst").stat().st_size, 1000)
        self.assertEqual(result.stderr, "")
        self.assertNotIn("%", result.stdout.split("Run complete.")[0], "a complaint of Verilator's")

    def test_waveform_that_cannot_be_written(self):
        out = self.directory / "out"
        (out / "nic.fst").mkdir(parents=True)
        result = fourtuple("run", f"--file={self.payload}", f"--out={out}", "--nic=rtl", "--trace", *SHORT)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("nic.fst", result.stderr)

    def test_summary_is_on_standard_output_and_nothing_else_is_said(self):
        result = fourtuple("run", f"--file={self.payload}", f"--out={self.directory / 'out'}", "--nic=model")
        self.assertIn("Run complete.", result.stdout)
        self.assertEqual(result.stderr, "")


class Repeatable(Directory):
    def digest(self, *words: str) -> str:
        return self.run_ok(*SHORT, *words)["digest"]

    def test_same_command_same_everything(self):
        for nic in ("rtl", "model"):
            self.run_ok(*SHORT, f"--nic={nic}", "--seed=7", out="a")
            self.run_ok(*SHORT, f"--nic={nic}", "--seed=7", out="b")
            for name in ("run.json", "wire.pcapng"):
                self.assertEqual((self.directory / "a" / name).read_bytes(), (self.directory / "b" / name).read_bytes(), name)

    def test_the_hundredth_run_is_the_first(self):
        """Wherever memory lies, whatever the environment, the locale, the time zone and the directory are."""
        digests = set()
        for number in range(100):
            environment = {**os.environ, "LC_ALL": ("C", "C.UTF-8", "de_DE.UTF-8")[number % 3], "TZ": f"UTC{number % 12:+d}",
                           "MALLOC_PERTURB_": str(number), "PADDING": "x" * (number * 37)}
            result = subprocess.run([FOURTUPLE, "run", "--nic=model", "--no-capture", f"--out={self.directory / 'out'}", f"--file={self.payload}", *SHORT],
                                    cwd=("/", str(self.directory))[number % 2], env=environment, text=True, capture_output=True, timeout=TIMEOUT_S,
                                    check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            digests.add(json.loads((self.directory / "out" / "run.json").read_text())["digest"])
        self.assertEqual(len(digests), 1)

    def test_another_seed_is_another_run(self):
        self.assertNotEqual(self.digest("--nic=model", "--seed=1"), self.digest("--nic=model", "--seed=2"))

    def test_skipping_idle_clocks_changes_nothing(self):
        skipped = self.run_ok(*SHORT, "--nic=rtl", "--seed=7", out="a")
        evaluated = self.run_ok(*SHORT, "--nic=rtl", "--seed=7", "--no-skip", out="b")
        self.assertGreater(skipped["clocks_skipped"], 0)
        self.assertEqual(evaluated["clocks_skipped"], 0)
        self.assertEqual(skipped["digest"], evaluated["digest"])
        for report in (skipped, evaluated):
            del report["clocks_evaluated"], report["clocks_skipped"]
        self.assertEqual(skipped, evaluated)

    def test_neither_quantum_nor_trace_changes_anything(self):
        expected = self.digest("--nic=rtl", "--seed=7")
        self.assertEqual(expected, self.digest("--nic=rtl", "--seed=7", "--quantum=1"))
        self.assertEqual(expected, self.digest("--nic=rtl", "--seed=7", "--quantum=37"))
        self.assertEqual(expected, self.digest("--nic=rtl", "--seed=7", "--trace"))


class Part(Directory):
    """--from and --until: a run that is cut in two is the run."""

    WORDS = ("--connections=3", "--time-wait-ms=1", "--loss=0.02", "--seed=7")

    def frames(self, out: str) -> list:
        """The blocks with frames of a capture, each with its interface, time and bytes."""
        data = (self.directory / out / "wire.pcapng").read_bytes()
        blocks, at = [], 0
        while at < len(data):
            length = int.from_bytes(data[at + 4:at + 8], "little")
            if int.from_bytes(data[at:at + 4], "little") == 6:
                blocks.append(data[at:at + length])
            at += length
        return blocks

    def test_the_halves_are_the_whole(self):
        for nic in ("model", "rtl"):
            with self.subTest(nic):
                words = (f"--nic={nic}", *self.WORDS)
                whole = self.run_ok(*words, f"--events={self.directory / 'whole.jsonl'}", out="whole")
                events = [json.loads(line) for line in (self.directory / "whole.jsonl").read_text().splitlines()]
                # In the middle of it, and at no multiple of anything.
                cut_ps = events[len(events) // 3]["time_ps"] + 123
                cut = f"{cut_ps}ps"
                first = self.run_ok(*words, f"--events={self.directory / 'first.jsonl'}", f"--until={cut}", out="first")
                second = self.run_ok(*words, f"--events={self.directory / 'second.jsonl'}", f"--from={cut}", out="second")
                self.assertEqual(whole, second)
                self.assertEqual(first["until_ps"], cut_ps)
                self.assertNotEqual(first["digest"], whole["digest"])
                self.assertIsNone(first["payload_ok"])
                for half in ("first", "second"):
                    self.assertGreater(len(self.frames(half)), 5)
                self.assertEqual(self.frames("first") + self.frames("second"), self.frames("whole"))
                halves = [(self.directory / f"{half}.jsonl").read_text() for half in ("first", "second")]
                self.assertEqual("".join(halves), (self.directory / "whole.jsonl").read_text())
                self.assertLess(max(json.loads(line)["time_ps"] for line in halves[0].splitlines()), cut_ps)

    def test_a_run_that_ends_before_its_cut_is_whole(self):
        whole = self.run_ok("--nic=model", *self.WORDS)
        self.assertEqual(whole, self.run_ok("--nic=model", *self.WORDS, "--until=1000s"))

    def test_the_waveform_begins_there(self):
        sizes = []
        for number, words in enumerate(((), ("--from=20us",))):
            self.run_ok("--nic=rtl", "--connections=1", "--time-wait-ms=1", "--trace", *words, out=f"trace-{number}")
            sizes.append((self.directory / f"trace-{number}" / "nic.fst").stat().st_size)
        self.assertLess(sizes[1], sizes[0])

    def test_times_that_are_none(self):
        for words in (("--from=soon",), ("--until=3",), ("--from=3us", "--until=2us")):
            result = fourtuple("run", "--nic=model", f"--out={self.directory / 'out'}", *words)
            self.assertEqual(result.returncode, 2, result.stdout)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertFalse((self.directory / "out").exists())


def impaired(report: dict, name: str) -> int:
    return sum(way[name] for way in report["wire"]["impairments"].values())


class Impaired(Directory):
    """A bad wire: the files arrive all the same, and what was done to the frames is counted where it was noticed."""

    NICS = ("model", "rtl")
    # All that can go wrong together, on enough frames that all of it does.
    BAD_WIRE = ("--connections=8", "--seed=7", "--time-wait-ms=1000", "--loss=0.02", "--duplicate=0.02", "--reorder=0.05",
                "--corrupt-silent=0.02")

    def setUp(self):
        super().setUp()
        self.payload.write_bytes(bytes(i * 7 % 251 for i in range(100_003)))

    def check_transfer(self, report: dict, connections: int):
        self.assertTrue(report["payload_ok"])
        self.assertEqual(report["connections"], {"opened": connections, "accepted": connections, "closed": connections})
        self.assertEqual(report["table"]["inserted"], report["table"]["deleted"])
        self.assertEqual(report["errors"], [])

    def counter(self, report: dict, name: str) -> int:
        return sum(machine["counters"].get(name, 0) for machine in report["machines"])

    def test_every_file_arrives_across_a_bad_wire(self):
        for nic in self.NICS:
            with self.subTest(nic):
                report = self.run_ok(f"--nic={nic}", *self.BAD_WIRE)
                self.check_transfer(report, 8)
                for name in ("lost_random", "duplicated", "reordered", "corrupted_silently"):
                    self.assertGreater(impaired(report, name), 0, name)
                self.assertGreater(report["retransmits"], 0)

    def test_checksums_catch_every_silent_corruption(self):
        for nic in self.NICS:
            with self.subTest(nic):
                report = self.run_ok(f"--nic={nic}", "--connections=8", "--time-wait-ms=1000", "--corrupt-silent=0.05")
                self.check_transfer(report, 8)
                corrupted = impaired(report, "corrupted_silently")
                self.assertGreater(corrupted, 20)
                tcp, ip = self.counter(report, "TcpInCsumErrors"), self.counter(report, "IpExtInCsumErrors")
                self.assertGreater(tcp, 0)
                self.assertGreater(ip, 0)
                self.assertGreaterEqual(report["checksum"]["rx_bad"], tcp + ip)
                # One flipped bit is always found; one in the data offset is called malformed before a sum is looked at.
                self.assertEqual(report["drops"]["ip_header"] + report["drops"]["tcp_malformed"], corrupted)

    def test_a_wrong_check_sequence_is_dropped_by_the_nic(self):
        for nic in self.NICS:
            with self.subTest(nic):
                report = self.run_ok(f"--nic={nic}", "--connections=4", "--time-wait-ms=1000", "--corrupt=0.03")
                self.check_transfer(report, 4)
                self.assertGreater(impaired(report, "corrupted"), 0)
                self.assertEqual(report["drops"]["rx_mac_error"], impaired(report, "corrupted"))
                self.assertEqual(report["checksum"]["rx_bad"], 0)

    def test_a_scripted_loss_is_the_only_one(self):
        for nic in self.NICS:
            with self.subTest(nic):
                report = self.run_ok(f"--nic={nic}", "--connections=1", "--time-wait-ms=1", "--drop=client:data:3")
                self.check_transfer(report, 1)
                self.assertEqual(list(report["wire"]["impairments"]), ["from_client"])
                self.assertEqual(impaired(report, "lost_scripted"), 1)
                self.assertEqual(impaired(report, "delivered"), impaired(report, "offered") - 1)
                self.assertGreaterEqual(report["retransmits"], 1)

    def test_every_part_of_a_connection_survives_its_loss(self):
        # Of the ACKs so many that the client times out a few times, and not so often that it gives up (tcp_retries2).
        for drop in ("client:syn:1", "server:syn-ack:1", "client:ack:1", "client:data:1", "server:data:1", "client:fin:1",
                     "server:fin:1", "client:syn:1-3", "server:ack:1-10"):
            with self.subTest(drop):
                report = self.run_ok("--nic=model", "--connections=1", "--time-wait-ms=60000", f"--drop={drop}")
                self.check_transfer(report, 1)
                self.assertGreater(impaired(report, "lost_scripted"), 0)

    def test_bursts_jitter_and_a_bottleneck(self):
        for words, counted in ((("--loss-burst=good-to-bad=0.01,bad-to-good=0.3", ), "lost_burst"),
                               (("--jitter-ns=20000", "--jitter-reorders"), "jittered"),
                               (("--bottleneck-mbit=1000", "--queue-bytes=20000"), "lost_queue_full")):
            with self.subTest(counted):
                report = self.run_ok("--nic=model", "--connections=8", "--time-wait-ms=1000", *words)
                self.check_transfer(report, 8)
                self.assertGreater(impaired(report, counted), 0)

    def test_jitter_that_keeps_the_order_costs_no_retransmission(self):
        report = self.run_ok("--nic=model", "--connections=8", "--time-wait-ms=1000", "--jitter-ns=20000")
        self.check_transfer(report, 8)
        self.assertGreater(impaired(report, "jittered"), 0)
        self.assertEqual(report["retransmits"], 0)

    def test_same_seed_same_everything_and_the_quantum_changes_nothing(self):
        words = ("--nic=rtl", "--connections=3", "--time-wait-ms=1", *self.BAD_WIRE[3:])
        self.payload.write_bytes(b"x" * 20_011)
        self.run_ok(*words, "--seed=7", out="a")
        self.run_ok(*words, "--seed=7", out="b")
        for name in ("run.json", "wire.pcapng"):
            self.assertEqual((self.directory / "a" / name).read_bytes(), (self.directory / "b" / name).read_bytes(), name)
        digest = json.loads((self.directory / "a" / "run.json").read_text())["digest"]
        self.assertEqual(digest, self.run_ok(*words, "--seed=7", "--quantum=1")["digest"])
        self.assertEqual(digest, self.run_ok(*words, "--seed=7", "--quantum=37")["digest"])
        self.assertNotEqual(digest, self.run_ok(*words, "--seed=8")["digest"])

    def test_skipping_idle_clocks_changes_nothing(self):
        # Nothing that takes a retransmission timeout: those are too many clocks to evaluate.
        words = ("--nic=rtl", *SHORT, "--seed=7", "--duplicate=0.1", "--reorder=0.1", "--reorder-delay-ns=3000", "--jitter-ns=1000")
        self.payload.write_bytes(b"x" * 20_011)
        skipped = self.run_ok(*words)
        evaluated = self.run_ok(*words, "--no-skip")
        self.assertEqual(evaluated["clocks_skipped"], 0)
        self.assertGreater(impaired(skipped, "reordered"), 0)
        for report in (skipped, evaluated):
            del report["clocks_evaluated"], report["clocks_skipped"]
        self.assertEqual(skipped, evaluated)

    def test_a_wire_without_impairments_is_the_same_as_one_whose_chances_are_nought(self):
        for nic in self.NICS:
            plain = self.run_ok(f"--nic={nic}", *SHORT, "--seed=7")
            self.assertNotIn("impairments", plain["wire"])
            nought = self.run_ok(f"--nic={nic}", *SHORT, "--seed=7", "--loss=0", "--corrupt=0", "--jitter-ns=0")
            self.assertEqual(plain, nought)
            # The stage is there and does nothing: no segment is counted so far.
            idle = self.run_ok(f"--nic={nic}", *SHORT, "--seed=7", "--drop=frame:1000000")
            self.assertEqual(idle["wire"]["impairments"]["from_client"]["lost_scripted"], 0)
            self.assertEqual(plain["digest"], idle["digest"])


class Events(Directory):
    """--events, series.json and report.html: what is in them, and what they do not depend on."""

    def events(self, *words: str) -> list:
        path = self.directory / "events.jsonl"
        self.run_ok(f"--events={path}", *words)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def test_one_order_whatever_ran_ahead(self):
        files = []
        for number, words in enumerate(((), ("--no-skip",), ("--quantum=1",), ("--trace",))):
            path = self.directory / f"events-{number}.jsonl"
            self.run_ok("--nic=rtl", "--loss=0.02", f"--events={path}", *SHORT, *words, out=f"out-{number}")
            series = json.loads((self.directory / f"out-{number}" / "series.json").read_text())
            del series["command"]
            files.append((path.read_bytes(), series))
        self.assertEqual(files[0][0].count(b"\n"), len(files[0][0].splitlines()))
        for other in files[1:]:
            self.assertTrue(other == files[0])

    def check_events(self, nic: str):
        events = self.events(f"--nic={nic}", "--connections=2", "--drop=client:data:3", "--corrupt=0.05", "--time-wait-ms=1")
        report = json.loads((self.directory / "out" / "run.json").read_text())
        times = [event["time_ps"] for event in events]
        self.assertEqual(times, sorted(times))
        names = {}
        for event in events:
            names.setdefault(event["event"], []).append(event)
        for name in ("tcp_v4_connect", "tcp_conn_request", "inet_csk_reqsk_queue_hash_add", "tcp_check_req",
                     "inet_csk_complete_hashdance", "tcp_rcv_synsent_state_process"):
            self.assertEqual(len(names[name]), 2, name)
        self.assertEqual(len(names["frame_sent"]), report["wire"]["frames"])
        impaired = report["wire"]["impairments"]
        self.assertEqual(len(names["frame_lost"]), sum(impaired[way][reason] for way in impaired for reason in impaired[way]
                                                       if reason.startswith("lost_")))
        self.assertEqual(len(names["tcp_retransmit_skb"]), report["retransmits"])
        self.assertEqual(len([e for e in names["table_insert"] if e["result"] == "done"]), report["table"]["inserted"])
        drops = {}
        for event in names.get("frame_dropped", []):
            drops[event["reason"]] = drops.get(event["reason"], 0) + 1
            self.assertTrue(event["bad"], event)
        self.assertGreater(drops["rx_drop_mac_error"], 0)
        self.assertEqual(drops, {"rx_drop_mac_error": report["drops"]["rx_mac_error"]})
        received = names["frame_received"]
        self.assertEqual(sum(event["hit"] for event in received), report["table"]["hits"])
        self.assertEqual(sum(e["l4_checksum"] == "good" for e in received), report["checksum"]["rx_good"])
        for event in received:
            self.assertGreater(event["latency_ns"], 50, event)
            self.assertLess(event["latency_ns"], 10_000, event)

    def test_rtl(self):
        self.check_events("rtl")

    def test_model(self):
        self.check_events("model")

    def test_series_add_up(self):
        report = self.run_ok("--nic=model", "--connections=5")
        series = json.loads((self.directory / "out" / "series.json").read_text())
        client, server = series["hosts"]
        self.assertEqual((client["name"], server["name"]), ("client", "server"))
        self.assertEqual(sum(client["sent_payload_bytes"]), report["bytes_delivered"])
        self.assertEqual(max(client["table_entries"]), 5)
        # The plots end with the last byte; the last connection may go after that.
        self.assertLessEqual(client["table_entries"][-1], 1)
        self.assertLessEqual(series["bins"], 1024)
        self.assertEqual(sum(n for _, n in series["latency_ns"]["histogram"]), 5)
        self.assertLess(series["bins"] * series["bin_ns"], 1e9, "TIME_WAIT is no part of the plots")
        page = (self.directory / "out" / "report.html").read_text()
        self.assertIn(report["digest"], page)

    def test_bad_input(self):
        result = fourtuple("run", "--nic=model", "--events=/nonexistent/events", f"--out={self.directory / 'out'}")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertIn("/nonexistent", result.stderr)
        (self.directory / "run.json").write_text("{}")
        for words in (("report",), ("report", "/nonexistent"), ("report", str(self.directory))):
            result = fourtuple(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


class BadInput(Directory):
    def refused(self, *words: str, says: str):
        """Exit status 2, one line on standard error that says what is wrong, no output directory left behind."""
        result = fourtuple(*words)
        self.assertEqual(result.returncode, 2, f"{words}: {result.stdout}{result.stderr}")
        self.assertEqual(result.stdout, "", words)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn(says, result.stderr)
        self.assertFalse((self.directory / "out").exists(), f"{words} left an output directory behind")

    def run_refused(self, *words: str, says: str):
        self.refused("run", f"--out={self.directory / 'out'}", *words, says=says)

    def test_no_subcommand_prints_the_help(self):
        result = fourtuple()
        self.assertEqual(result.returncode, 2)
        self.assertIn("usage:", result.stdout)

    def test_help(self):
        listed = re.findall(r"^  ([a-z]+) ", fourtuple("--help").stdout.split("SUBCOMMAND", 1)[1], re.MULTILINE)
        self.assertIn("replay", listed)
        for words in (("--help",), *((name, "--help") for name in listed if name not in ("man", "completion", "fourtuple"))):
            with self.subTest(words):
                result = fourtuple(*words)
                self.assertEqual(result.returncode, 0)
                self.assertIn("usage:", result.stdout)
                self.assertRegex(result.stdout, r"\n +fourtuple [a-z]+ ", "an example")
                lines = result.stdout.splitlines()
                self.assertLessEqual(len(lines), 32, "a screen")
                self.assertLessEqual(max(map(len, lines)), 100, max(lines, key=len))
                for topic in re.findall(r"--help=([a-z]+)", result.stdout):
                    more = fourtuple(words[0], f"--help={topic}")
                    self.assertEqual(more.returncode, 0)
                    self.assertIn("--", more.stdout)
                    self.assertLessEqual(max(map(len, more.stdout.splitlines())), 100)
        for option in ("--connections", "--loss", "--trace-on", "--pcie-lanes", "--set"):
            self.assertIn(option, fourtuple("run", "--help=all").stdout)
        self.refused("run", "--help=nothing", says="nothing")

    def test_version(self):
        self.assertRegex(fourtuple("--version").stdout, r"^fourtuple \d+\.\d+\.\d+\n$")

    def test_subcommand(self):
        self.refused("walk", says="walk")

    def test_options(self):
        self.run_refused("--conections=8", says="conections")
        self.run_refused("--nic=verilog", says="verilog")
        self.run_refused("--connections=0", says="--connections")
        self.run_refused("--connections=many", says="connections")
        self.run_refused("--seed=-", says="seed")
        self.run_refused("--seed=-1", says="--seed=-1")
        self.run_refused("-n", "-3", says="--connections=-3")
        self.run_refused("--wire-delay-ns=0", says="--wire-delay-ns")
        self.run_refused("--wire-delay-ns=18446744073709551615", says="--wire-delay-ns")
        self.run_refused("--wire-gbit=0", says="--wire-gbit")
        self.run_refused("--quantum=100000", says="quantum")
        self.run_refused("--time-wait-ms=0", says="--time-wait-ms")
        self.run_refused("--pcie-lanes=3", says="lanes")
        self.run_refused("--pcie-round-trip-ns=1", says="round trip")
        self.run_refused("--trace", "--nic=model", says="--trace")

    def test_impairments(self):
        self.run_refused("--loss=2", says="--loss=2")
        self.run_refused("--loss=client:-0.1", says="-0.1")
        self.run_refused("--loss=both:0.1", says="both:0.1")
        self.run_refused("--loss-burst=good-to-bad", says="--loss-burst")
        self.run_refused("--loss-burst=better=0.1", says="better")
        for rule in ("data", "data:", "data:0", "data:3-2", "data:3-", "dota:3"):
            self.run_refused(f"--drop={rule}", says="--drop")
        self.run_refused("--jitter-ns=1e3", says="--jitter-ns")
        self.run_refused("--reorder-delay-ns=1000000001", says="--reorder-delay-ns")
        self.run_refused("--queue-bytes=20000", says="--bottleneck-mbit")
        self.run_refused("--bottleneck-mbit=10", "--queue-bytes=20000", "--ecn-mark-bytes=20000", says="20000")

    def test_files(self):
        self.run_refused("--file=/nonexistent/file", says="/nonexistent/file")
        self.run_refused(f"--file={self.directory}", says=str(self.directory))
        # Can be opened, and then not read.
        self.run_refused("--file=/proc/self/mem", says="/proc/self/mem")

    def test_out_is_a_file(self):
        self.refused("run", f"--out={self.payload}", says=str(self.payload))

    def test_serve(self):
        address = "--address=10.9.0.2/24"
        self.refused("serve", "--tap=tap0", address, "--http=/nonexistent", says="/nonexistent")
        self.refused("serve", "--tap=tap0", "--http=.", says="address")
        self.refused("serve", "--tap=tap0", "--http=.", "--address=10.9.0.2", says="10.9.0.2")
        self.refused("serve", "--tap=tap0", "--http=.", "--address=10.9.0.256/24", says="10.9.0.256")
        for nobody in ("0.0.0.0/24", "10.9.0.0/24", "10.9.0.255/24", "127.0.0.1/8", "224.0.0.1/24"):
            self.refused("serve", "--tap=tap0", "--http=.", f"--address={nobody}", says=nobody)
        self.refused("serve", "--tap=tap0", "--http=.", address, "--port=-1", says="--port=-1")
        self.refused("serve", "--tap=a-name-that-is-too-long", "--http=.", address, says="a-name-that-is-too-long")
        self.refused("serve", "--tap=tap0", "--http=.", address, "--gateway=10.8.0.1", says="10.8.0.1")

    def test_fetch(self):
        tap = ("--tap=tap0", "--address=10.9.0.2/24")
        self.refused("fetch", *tap, "ftp://10.9.0.1/x", "-o", str(self.directory / "x"), says="ftp://10.9.0.1/x")
        self.refused("fetch", *tap, "http://10.9.0.1/x", "http://10.9.0.1/y", "-o", str(self.directory / "x"), says="-o")
        self.refused("fetch", *tap, "http://10.9.0.1/x", "-o", "/nonexistent/x", says="/nonexistent/x")
        self.refused("fetch", *tap, "http://10.9.0.1/x", "-o", str(self.directory), says=str(self.directory))
        self.refused("fetch", *tap, "http://10.9.0.1/x", "http://10.9.0.1/y", *("-o", str(self.directory / "x")) * 2, says="same file")
        self.assertEqual([path.name for path in self.directory.iterdir()], ["payload"])

    def test_standard_output_is_full(self):
        for words in (("tables", "--at=ack"), ("run", "--help"), ("run", "--nic=model", f"--out={self.directory / 'out'}")):
            with open("/dev/full", "w") as full:
                result = subprocess.run([FOURTUPLE, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn("standard output", result.stderr)

    def test_disk_is_full(self):
        """One line, and no file that is not whole, wherever in a run the disk gets full."""
        mount = self.directory / "small"
        mount.mkdir()
        for size_kib, trace in ((64, ()), (64, ("--trace",)), (300, ("--trace",)), (800, ("--trace",))):
            command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(mount)]
            if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
                self.skipTest("needs the right to mount a tmpfs")
            try:
                result = fourtuple("run", "--nic=rtl", "--time-wait-ms=1", f"--out={mount / 'out'}", *trace)
                left = {path.name for path in mount.glob("out/*")}
            finally:
                subprocess.run(["umount", str(mount)], check=True)
            self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertLessEqual(left, {"wire.pcapng"}, f"{size_kib} KiB: what is not whole was left behind")

    def test_tap_without_privilege(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("needs root, and setpriv to give it up")
        result = subprocess.run(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--clear-groups", "--reuid=65534", "--regid=65534",
                                 FOURTUPLE, "serve", "--tap=tap77", "--address=10.9.0.2/24", "--http=/usr"],
                                text=True, capture_output=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("--tap", result.stderr)


class Documentation(Directory):
    def test_readme_shows_what_a_run_prints(self):
        readme = (pathlib.Path(__file__).resolve().parents[3] / "README.md").read_text()
        shown = re.search(r"It ends so:\n\n```\n(.*?)```", readme, re.DOTALL).group(1)
        result = fourtuple("run", f"--out={self.directory / 'out'}")
        # How long it took, and where it was written, differ from machine to machine.
        printed = [line for line in result.stdout.splitlines() if line and not line.startswith(("  speed ", "  written "))]
        self.assertEqual(shown.splitlines(), printed)


class Tables(Directory):
    def test_every_moment_in_every_format(self):
        states = {"listen": "TCP_LISTEN", "syn": "TCP_NEW_SYN_RECV", "ack": "TCP_ESTABLISHED", "accept": "TCP_ESTABLISHED",
                  "connect": "TCP_SYN_SENT"}
        for moment, state in states.items():
            text = fourtuple("tables", f"--at={moment}")
            self.assertEqual(text.returncode, 0, text.stderr)
            self.assertIn(state, text.stdout)
            self.assertIn("372" if moment == "connect" else "174", text.stdout)
            dot = fourtuple("tables", f"--at={moment}", "--format=dot").stdout
            self.assertTrue(dot.startswith("digraph"), dot)
            if shutil.which("dot"):
                self.assertIn("<svg", fourtuple("tables", f"--at={moment}", "--format=svg").stdout)

    def svg(self, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run([FOURTUPLE, "tables", "--at=ack", "--format=svg"], env={**os.environ, **environment}, text=True,
                              capture_output=True, timeout=TIMEOUT_S, check=False)

    def test_temporary_directory(self):
        odd = self.directory / "it's a $(false) directory"
        odd.mkdir()
        if shutil.which("dot"):
            self.assertIn("<svg", self.svg(TMPDIR=str(odd)).stdout)
        self.assertEqual(list(odd.iterdir()), [])
        result = self.svg(TMPDIR="/nonexistent")
        self.assertEqual(result.returncode, 2)
        self.assertIn("TMPDIR", result.stderr)

    def test_no_graphviz(self):
        result = self.svg(PATH="/nonexistent")
        self.assertEqual(result.returncode, 2)
        self.assertIn("install the package graphviz", result.stderr)

    def test_bad_options(self):
        for words in (("--at=noon",), ("--at=syn", "--format=png"), ()):
            result = fourtuple("tables", *words)
            self.assertEqual(result.returncode, 2)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
