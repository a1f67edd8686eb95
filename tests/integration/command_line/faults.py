#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults of PCIe and of the device under load: no connection is lost and no byte is wrong, with the RTL and with the functional model; what
happened is counted; and how far the RTL runs ahead changes nothing.

    faults.py FOURTUPLE [unittest options]
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

FOURTUPLE = sys.argv.pop(1) if len(sys.argv) > 1 else "fourtuple"
TIMEOUT_S = 300
CONNECTIONS = 6
PAYLOAD_BYTES = 150_001
NICS = ("model", "rtl")
TRANSFER = (f"--connections={CONNECTIONS}", "--time-wait-ms=1", "--no-capture")


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fourtuple-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.payload = self.directory / "payload"
        self.payload.write_bytes(bytes(i * 7 % 251 for i in range(PAYLOAD_BYTES)))

    def run_with(self, *words: str) -> tuple:
        """Exit status, run.json, and what was printed."""
        settings = [word for pair in (("--set", word) for word in words if not word.startswith("--")) for word in pair]
        options = [word for word in words if word.startswith("--")]
        result = subprocess.run([FOURTUPLE, "run", f"--file={self.payload}", f"--out={self.directory / 'out'}", *TRANSFER, *options, *settings],
                                text=True, capture_output=True, timeout=TIMEOUT_S, check=False)
        self.assertLess(result.returncode, 2, result.stderr)
        return result.returncode, json.loads((self.directory / "out" / "run.json").read_text()), result.stdout + result.stderr

    def survives(self, *words: str) -> dict:
        status, report, printed = self.run_with(*words)
        self.assertEqual(status, 0, printed)
        self.assertTrue(report["payload_ok"])
        self.assertEqual(report["bytes_delivered"], CONNECTIONS * PAYLOAD_BYTES)
        self.assertEqual(report["connections"], {"opened": CONNECTIONS, "accepted": CONNECTIONS, "closed": CONNECTIONS})
        self.assertEqual(report["errors"], [])
        for machine in report["machines"]:
            self.assertEqual(machine["iommu_faults"], 0, machine["name"])
            # What the device has in its table is what the host thinks that it has: nothing, at the end.
            self.assertEqual(machine["counters"]["entries"], 0, machine["name"])
        return report


def faults(report: dict, name: str) -> int:
    return sum(machine["pcie"].get("faults", {}).get(name, 0) for machine in report["machines"])


def counters(report: dict, name: str) -> int:
    return sum(machine["counters"][name] for machine in report["machines"])


class Faults(Directory):
    def test_a_lost_interrupt(self):
        for nic in NICS:
            for rule in ("hosts.server.faults.lose_interrupt=3", "hosts.client.faults.lose_interrupt=2-3", "faults.lose_interrupt=20us"):
                with self.subTest(f"{nic} {rule}"):
                    # With several queues, the others' interrupts tell of what this one's did not.
                    report = self.survives(f"--nic={nic}", rule, "nic.queues=1")
                    self.assertGreaterEqual(faults(report, "interrupts_lost"), 1)
                    self.assertGreaterEqual(counters(report, "driver_missed_interrupts"), 1)
                    self.assertEqual(counters(report, "driver_function_resets"), 0)

    def test_many_lost_interrupts(self):
        for nic in NICS:
            with self.subTest(nic):
                report = self.survives(f"--nic={nic}", "faults.lose_interrupt_probability=0.2", "nic.watchdog_ms=10")
                self.assertGreater(faults(report, "interrupts_lost"), 2)

    def test_a_lost_completion(self):
        for nic in NICS:
            for number in (1, 2, 9, 40):
                with self.subTest(f"{nic} {number}"):
                    report = self.survives(f"--nic={nic}", f"hosts.client.faults.lose_completion={number}")
                    self.assertEqual(faults(report, "completions_lost"), 1)
                    self.assertGreaterEqual(counters(report, "driver_events"), 1)

    def test_a_poisoned_completion(self):
        for nic in NICS:
            for number in (1, 2, 9, 40):
                with self.subTest(f"{nic} {number}"):
                    report = self.survives(f"--nic={nic}", f"hosts.client.faults.poison_completion={number}")
                    self.assertEqual(faults(report, "completions_poisoned"), 1)
                    self.assertGreaterEqual(counters(report, "driver_events"), 1)

    def test_all_of_them_again_and_again(self):
        for nic in NICS:
            with self.subTest(nic):
                report = self.survives(f"--nic={nic}", "faults.lose_completion_probability=0.002", "faults.poison_completion_probability=0.01",
                                       "faults.lose_interrupt_probability=0.05", "pcie.completion_timeout_us=50", "nic.watchdog_ms=10")
                for name in ("completions_lost", "completions_poisoned", "interrupts_lost"):
                    self.assertGreaterEqual(faults(report, name), 1, name)

    def test_a_link_that_goes_down_and_comes_up(self):
        for nic in NICS:
            for rule in ("hosts.client.faults.link_down=20us+5us", "hosts.server.faults.link_down=25us+30ms", "faults.link_down=20us+1us,60ms+1ms"):
                with self.subTest(f"{nic} {rule}"):
                    # While a function is reset it waits for what it has asked for, and the RTL is not idle: no longer than it need be.
                    patience = ("pcie.completion_timeout_us=100",) if nic == "rtl" else ()
                    report = self.survives(f"--nic={nic}", rule, *patience)
                    self.assertGreaterEqual(faults(report, "links_down"), 1)
                    self.assertGreater(faults(report, "tlps_lost_link_down"), 0)
                    self.assertEqual(counters(report, "driver_link_errors"), faults(report, "links_down"))

    def test_a_function_reset(self):
        for nic in NICS:
            with self.subTest(nic):
                report = self.survives(f"--nic={nic}", "hosts.client.faults.function_reset=15us,400us", "hosts.server.faults.function_reset=20us")
                self.assertEqual(counters(report, "driver_function_resets"), 3)
                self.assertGreater(report["retransmits"], 0)

    def test_a_link_that_stays_down_ends_connections_with_the_error_that_linux_gives(self):
        """The neighbour does not answer either, and its error is what a connection that timed out tells of (Linux: sk_err_soft)."""
        status, report, printed = self.run_with("--nic=model", "hosts.client.faults.link_down=20us+100000s")
        self.assertEqual(status, 1, printed)
        self.assertEqual(sum(error.endswith(("No route to host", "Connection timed out")) for error in report["errors"]), CONNECTIONS,
                         report["errors"])

    def test_neither_quantum_nor_tracing_changes_anything(self):
        self.payload.write_bytes(b"x" * 20_011)
        words = ("--nic=rtl", "faults.lose_interrupt=2", "faults.poison_completion=4", "faults.lose_completion=11",
                 "faults.link_down=20us+5us", "pcie.completion_timeout_us=50", "nic.watchdog_ms=1", "tcp.rto_min_ms=1")
        expected = self.run_with(*words)[1]
        self.assertEqual(faults(expected, "links_down"), 2)
        for other in ("--quantum=1", "--quantum=37", "--trace"):
            with self.subTest(other):
                report = self.run_with(*words, other)[1]
                for one in (expected, report):
                    one.pop("clocks_evaluated", None)
                    one.pop("clocks_skipped", None)
                self.assertEqual(expected, report)

    def test_faults_that_never_come_change_nothing(self):
        for nic in NICS:
            plain = self.run_with(f"--nic={nic}")[1]
            idle = self.run_with(f"--nic={nic}", "faults.lose_completion=1000000", "faults.link_down=1000000s+1s")[1]
            self.assertEqual(plain["digest"], idle["digest"])
            self.assertEqual(faults(idle, "links_down"), 0)

    def test_rules_that_are_none(self):
        for rule in ("lose_completion=0", "lose_completion=3-2", "lose_interrupt=soon", "lose_interrupt=3us:0", "link_down=10us", "link_down=10us+0us",
                     "function_reset=3", "poison_completion_probability=2"):
            result = subprocess.run([FOURTUPLE, "run", f"--out={self.directory / 'none'}", "--set", f"faults.{rule}"], text=True,
                                    capture_output=True, timeout=TIMEOUT_S, check=False)
            self.assertEqual(result.returncode, 2, rule)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn(rule.split("=")[0], result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
