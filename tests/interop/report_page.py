#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report page in a real browser, headless Chromium: it draws everything, says nothing on the console, and asks for
nothing but itself. Skipped without Chromium.

    report_page.py FOURTUPLE [unittest options]
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
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TIMEOUT_S = 240
# What the browser asks for by itself, not the page.
OWN_SCHEMES = ("chrome:", "chrome-extension:", "devtools:", "data:", "about:")


def fourtuple(*words):
    result = subprocess.run([FOURTUPLE, *map(str, words)], text=True, capture_output=True, timeout=TIMEOUT_S, check=False)
    if result.returncode != 0:
        raise AssertionError(result.stdout + result.stderr)
    return result.stdout


@unittest.skipIf(CHROMIUM is None, "there is no chromium: install the Debian package chromium")
class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="fourtuple-report-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        for name, loss in (("clean", "0"), ("lossy", "0.02")):
            fourtuple("run", "--nic=model", "--connections=4", f"--file={FOURTUPLE}", f"--loss={loss}",
                      f"--out={cls.directory / name}")
        cls.comparison = cls.directory / "comparison.html"
        fourtuple("report", cls.directory / "clean", cls.directory / "lossy", "-o", cls.comparison)

    @property
    def always_asked(self):
        empty = self.directory / "empty.html"
        empty.write_text("<!doctype html><title>empty</title><link rel=icon href='data:,'>")
        return self.browse(empty)[2]

    def browse(self, page):
        """The document as it stands after the scripts ran, what the console got, and the URLs that were asked for."""
        log = self.directory / "net.json"
        environment = {**os.environ, "HOME": str(self.directory)}
        result = subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.directory / 'profile'}",
             f"--log-net-log={log}", "--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom",
             page.as_uri()],
            text=True, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment)
        self.assertEqual(result.returncode, 0, result.stderr[-2000:])
        console = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
        text = log.read_text(errors="replace")
        urls = set(re.findall(r'"url":"([^"]+)"', text))
        # What the browser sends about itself differs from time to time, its addresses do not.
        asked = {url.split("?")[0] for url in urls if not url.startswith(OWN_SCHEMES)}
        # What stands in the script is not on the page.
        return re.sub(r"<(script|style)>.*?</\1>", "", result.stdout, flags=re.S), console, asked

    def check(self, page, charts):
        document, console, asked = self.browse(page)
        self.assertEqual(console, [])
        # Nothing but itself, beside what the browser looks for with any page.
        self.assertEqual(asked - self.always_asked - {page.as_uri()}, set())
        figures = document.count("<figure")
        self.assertGreaterEqual(figures, charts)
        self.assertEqual(document.count("<figcaption"), figures)
        # Every figure draws something, or says why not.
        drawn = len(re.findall(r'<svg viewBox="0 0 640 230"', document)) + document.count('class="none"')
        self.assertGreaterEqual(drawn, figures)
        for nonsense in ("NaN", "undefined", "Infinity"):
            self.assertFalse(nonsense in document, nonsense)
        return document

    def test_what_is_looked_for_would_be_seen(self):
        page = self.directory / "bad.html"
        page.write_text("<!doctype html><script>console.error('boo')</script><img src='http://fourtuple.test/x.png'>")
        _, console, asked = self.browse(page)
        self.assertTrue(any("boo" in line for line in console), console)
        self.assertIn("http://fourtuple.test/x.png", asked)

    def test_one_run(self):
        document = self.check(self.directory / "lossy" / "report.html", 12)
        report = json.loads((self.directory / "lossy" / "run.json").read_text())
        self.assertTrue(report["digest"] in document)
        self.assertTrue("What the wire did" in document)

    def test_a_run_with_faults(self):
        out = self.directory / "faulty"
        fourtuple("run", "--nic=model", "--connections=4", f"--file={FOURTUPLE}", "--set", "hosts.client.faults.link_down=30us+5us", f"--out={out}")
        document = self.check(out / "report.html", 12)
        self.assertTrue("What the PCIe link did" in document)
        self.assertTrue("What the drivers said" in document)

    def test_comparison(self):
        document = self.check(self.comparison, 12)
        self.assertTrue("2 runs compared" in document)

    def test_what_a_switch_passes_on_is_not_counted_again(self):
        switched = self.directory / "switched"
        fourtuple("run", "--nic=model", "--connections=4", f"--file={FOURTUPLE}", "--set", "switch.always=true", f"--out={switched}")
        self.assertFalse("switch receive" in self.check(switched / "report.html", 12))
        page = self.directory / "beside.html"
        fourtuple("report", self.directory / "clean", switched, "-o", page)
        label = re.search(r'aria-label="Throughput[^"]*clean at most ([\d.]+); switched at most ([\d.]+)"', self.check(page, 12))
        self.assertLess(float(label[2]), 1.3 * float(label[1]), label[0])

    def test_names_that_try_to_be_markup(self):
        evil = self.directory / "<img src=x onerror=alert(1)>"
        shutil.copytree(self.directory / "clean", evil)
        page = self.directory / "evil.html"
        fourtuple("report", evil, "-o", page)
        document = self.check(page, 12)
        self.assertFalse("<img" in document)

    def test_page_names_no_other_host(self):
        text = (self.directory / "clean" / "report.html").read_text()
        hosts = set(re.findall(r"https?://([^/\"' ]+)", text))
        self.assertLessEqual(hosts, {"www.w3.org"})  # The name of SVG's namespace, which nobody asks for.
        self.assertIsNone(re.search(r"<(?:link|script|img|iframe)[^>]+(?:href|src)=[\"'](?!data:)", text))


if __name__ == "__main__":
    unittest.main(verbosity=2)
