#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looking closer at a run: explain, replay of captures (also of hostile ones, made here), waveforms by window and trigger.

    looking_closer.py FOURTUPLE [unittest options]
"""

import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

FOURTUPLE = sys.argv.pop(1) if len(sys.argv) > 1 else "fourtuple"
TIMEOUT_S = 300


def fourtuple(*words, timeout=TIMEOUT_S):
    return subprocess.run([FOURTUPLE, *map(str, words)], text=True, capture_output=True, timeout=timeout, check=False)


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fourtuple-closer-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def ok(self, *words) -> str:
        result = fourtuple(*words)
        self.assertEqual(result.returncode, 0, result.stdout[-3000:] + result.stderr)
        return result.stdout

    def refused(self, *words, status=2) -> str:
        result = fourtuple(*words)
        self.assertEqual(result.returncode, status, (words, result.stdout[-2000:] + result.stderr))
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("fourtuple: "), result.stderr)
        return result.stderr


class Explain(Directory):
    def events(self, *words):
        path = self.directory / "events.jsonl"
        self.ok("run", "--nic=model", "--connections=3", f"--out={self.directory / 'out'}", f"--events={path}", *words)
        return path

    def test_a_life_from_handshake_to_time_wait(self):
        path = self.events("--drop=client:data:3")
        listing = self.ok("explain", self.directory)
        self.assertEqual(listing.count("closed in order"), 3)
        lossy = [line.split()[0] for line in listing.splitlines()[1:] if line.split()[-5] == "1" or line.split()[-4] == "1"]
        troubled = self.ok("explain", path, "--troubled")
        self.assertEqual(troubled.count("closed in order"), 1)
        number = troubled.splitlines()[1].split()[0]
        self.assertIn(number, lossy)
        story = self.ok("explain", path, f"--connection={number}")
        # In this order, with other things in between.
        expected = ["tcp_v4_connect", "sends SYN", "tcp_conn_request", "inet_csk_reqsk_queue_hash_add", "sends SYN,ACK",
                    "TCP_SYN_SENT to TCP_ESTABLISHED", "has the connection in its table", "of data,",
                    "is lost on the way (lost_scripted)", "enters recovery", "again (tcp_retransmit_skb",
                    "recovery is over", "FIN", "TCP_TIME_WAIT", "has taken the connection out of its table",
                    "TIME_WAIT is over"]
        place = 0
        for text in expected:
            found = story.find(text, place)
            self.assertGreaterEqual(found, 0, f"{text!r} is missing behind:\n{story[:place]}")
            place = found
        times = [line.split()[0:2] for line in story.splitlines()[2:]]
        factor = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
        values = [float(value) * factor[unit] for value, unit in times]
        self.assertEqual(values, sorted(values))

    def test_filters(self):
        path = self.events()
        story = self.ok("explain", path, "--connection=1", "--layer=nic", "--host=server")
        self.assertTrue(all("server's NIC" in line for line in story.splitlines()[2:]))
        self.assertIn("has the connection in its table", story)
        self.assertEqual(self.ok("explain", path, "--outcome=reset").count("\n"), 1)
        self.assertIn("and more", self.ok("explain", path, "--limit=1"))

    def test_bad_input(self):
        path = self.events()
        self.refused("explain")
        self.refused("explain", "/nonexistent")
        self.refused("explain", self.directory / "out")
        self.refused("explain", path, "--connection=4711-9")
        self.refused("explain", path, "--connection=10.0.0.1")  # Several.
        self.refused("explain", path, "--layer=moon")
        path.write_text('{"time_ps":1}\n[1,2]\n')
        self.assertIn("line 2", self.refused("explain", path))


# ---- Captures

def pcap(frames, link_type=1, magic=0xA1B2C3D4, snap=65535):
    """frames: (seconds, microseconds, captured bytes, length on the wire)."""
    out = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, snap, link_type)
    for seconds, microseconds, data, length in frames:
        out += struct.pack("<IIII", seconds, microseconds, len(data), length) + data
    return out


def whole(data, seconds=0, microseconds=0):
    return (seconds, microseconds, data, len(data))


def tcp_frame(payload=b"hello", flags=0x18, bad=False, port=40000):
    def checksum(data):
        data += b"\0" * (len(data) % 2)
        total = sum(struct.unpack(f">{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return ~total & 0xFFFF
    source, destination = b"\x0a\0\0\1", b"\x0a\0\0\2"
    tcp = struct.pack(">HHIIBBHHH", port, 2222, 1, 1, 5 << 4, flags, 1000, 0, 0) + payload
    pseudo = source + destination + struct.pack(">BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp) ^ (0x5555 if bad else 0)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + source + destination
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return b"\2\0\0\0\0\2" + b"\2\0\0\0\0\1" + b"\x08\0" + ip + tcp


SECTION = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)


def block(kind, body):
    """Of pcapng."""
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def interface(link_type=1, nanoseconds=False):
    options = struct.pack("<HHI", 9, 1, 9) + bytes(4) if nanoseconds else b""
    return block(1, struct.pack("<HHI", link_type, 0, 65535) + options)


def enhanced(data, number=0, time=0):
    return block(6, struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data)


class Replay(Directory):
    def write(self, content, name="capture.pcap"):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def records(self, path, *words, status=0):
        result = fourtuple("replay", path, "--format=json", *words)
        self.assertEqual(result.returncode, status, result.stdout[-2000:] + result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()], result.stderr

    def test_both_devices_agree_on_a_run(self):
        out = self.directory / "out"
        self.ok("run", "--nic=model", "--connections=4", "--loss=0.02", "--corrupt-silent=0.05", f"--out={out}")
        records, summary = self.records(out / "wire.pcapng", "--nic=both", "--learn")
        self.assertGreater(len(records), 80)
        self.assertTrue(all(record["equal"] for record in records))
        self.assertIn("agree on every frame", summary)
        tcp = [record["rtl"] for record in records if record["rtl"].get("class") == "ipv4_tcp"]
        # Each direction of a connection misses once, then it is learned.
        self.assertEqual(sum(not record["hit"] for record in tcp), 8)
        self.assertTrue(all(record["latency_clocks"] > 0 for record in tcp))

    def test_verdicts_insert_and_capture_time(self):
        frames = [whole(tcp_frame()), whole(tcp_frame(bad=True), 0, 500), whole(tcp_frame(port=1), 5, 0), whole(b"\xff" * 60, 5, 1)]
        path = self.write(pcap(frames))
        known = self.directory / "known"
        known.write_text("# local foreign\n\n10.0.0.2:2222 10.0.0.1:40000\n")
        records, _ = self.records(path, "--nic=both", f"--insert={known}", "--time=capture")
        self.assertEqual([r["rtl"]["l4_checksum"] for r in records], ["good", "bad", "good", "none"])
        self.assertEqual([r["rtl"]["hit"] for r in records], [True, True, False, False])
        self.assertEqual(records[0]["rtl"]["handle"], 1)
        self.assertEqual([r["rtl"]["class"] for r in records], ["ipv4_tcp"] * 3 + ["other"])
        self.assertEqual(records[1]["time_ps"] - records[0]["time_ps"], 500 * 10**6)
        self.assertEqual(records[2]["time_ps"] - records[1]["time_ps"], 10**12, "longer pauses are cut to a second")
        self.assertIsNotNone(re.fullmatch("0x[0-9a-f]{8}", records[0]["rtl"]["hash"]))

    def test_short_and_long_frames(self):
        path = self.write(pcap([whole(tcp_frame(b"")), whole(b"\2" * 20), whole(b"\2" * 9601), whole(b"\2" * 9600)]))
        records, _ = self.records(path, "--nic=both", "--no-padding")
        self.assertEqual([r["rtl"].get("reason") for r in records],
                         ["rx_drop_too_short", "rx_drop_too_short", "rx_drop_too_long", None])
        padded, _ = self.records(path, "--nic=both", "--limit=2")
        self.assertEqual([r["length"] for r in padded], [60, 60])
        self.assertEqual([r["rtl"]["fate"] for r in padded], ["received"] * 2)

    def test_captures_that_cannot_be_replayed(self):
        good = pcap([whole(tcp_frame())])
        for name, content, why in (
                ("empty", b"", "no capture"),
                ("text", b"this is no capture at all, just text\n", "no capture"),
                ("header cut", good[:20], "no capture"),
                ("no frames", pcap([]), "no frames"),
                ("wifi", pcap([whole(tcp_frame())], link_type=105), "not of Ethernet"),
                ("unknown link type", pcap([whole(tcp_frame())], link_type=60000), "not of Ethernet"),
                ("all cut", pcap([(0, 0, tcp_frame()[:30], 1500)]), "no frames that can be sent: 1 cut by the capture"),
                ("nothing but long ones", pcap([whole(b"\2" * 20_000)] * 2), "no frames that can be sent: 2 too long"),
                ("raw IP", pcap([whole(tcp_frame()[14:])], link_type=101), "not of Ethernet"),
                ("cooked", pcap([whole(bytes(16) + tcp_frame()[14:])], link_type=113), "not of Ethernet"),
                ("interface without a description", block(0x0A0D0D0A, SECTION) + enhanced(tcp_frame()), "no capture"),
                ("another interface", block(0x0A0D0D0A, SECTION) + interface() + enhanced(tcp_frame(), 7), "cannot be read"),
                ("two kinds of interfaces", block(0x0A0D0D0A, SECTION) + interface() + interface(101) + enhanced(tcp_frame()), "cannot be read"),
                ("length lies", pcap([]) + struct.pack("<IIII", 0, 0, 0x7FFFFFFF, 0x7FFFFFFF) + b"x" * 100, "cannot be read")):
            with self.subTest(name):
                self.assertIn(why, self.refused("replay", self.write(content, name), "--nic=model"))
        self.refused("replay", "/nonexistent")
        self.refused("replay", self.directory)
        self.refused("replay")
        for words in (("--nic=moon",), ("--format=moon",), ("--time=moon",), ("--insert=/nonexistent",), ("--wire-gbit=0",)):
            self.refused("replay", self.write(good), *words)
        broken = self.directory / "known"
        broken.write_text("10.0.0.2:2222\n")
        self.assertIn("line 1", self.refused("replay", self.write(good), f"--insert={broken}"))

    def test_captures_of_others(self):
        frame = tcp_frame()
        big_endian = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + struct.pack(">IIII", 0, 7, len(frame), len(frame)) + frame
        section = block(0x0A0D0D0A, SECTION)
        for name, content, times_ns in (
                ("nanoseconds", pcap([whole(frame, 0, 0), whole(frame, 0, 700)], magic=0xA1B23C4D), [0, 700]),
                ("big endian", big_endian, [0]),
                ("with an FCS", pcap([whole(frame + b"\1\2\3\4")], link_type=1 | 0x14000000 | 1 << 26), [0]),
                ("two interfaces", section + interface() + interface(nanoseconds=True) + enhanced(frame, 0, 1) + enhanced(frame, 1, 5000),
                 [0, 4000]),
                ("two sections", section + interface() + enhanced(frame, 0, 1) + section + interface() + enhanced(frame, 0, 3), [0, 2000]),
                ("simple packets", section + interface() + block(3, struct.pack("<I", len(frame)) + frame), [0]),
                ("unknown blocks", section + block(0x12345, b"what") + interface() + block(0x12346, b"is this") + enhanced(frame), [0])):
            with self.subTest(name):
                records, _ = self.records(self.write(content), "--nic=model", "--time=capture")
                self.assertEqual([(r["time_ps"] - records[0]["time_ps"]) // 1000 for r in records], times_ns)
                self.assertEqual({r["model"]["l4_checksum"] for r in records}, {"good"})

    def test_captures_that_break_off(self):
        frame = tcp_frame()
        content = pcap([whole(frame)] * 5)
        records, errors = self.records(self.write(content[:-10]), "--nic=model", status=1)
        self.assertEqual(len(records), 4)
        self.assertIn("behind frame 4", errors)
        records, errors = self.records(self.write(pcap([whole(frame), (0, 0, frame[:40], 1500), whole(b"\1" * 20_000),
                                                        whole(b"\1" * 5), whole(frame)])), "--nic=model")
        self.assertEqual(len(records), 2)
        self.assertIn("1 cut by the capture", errors)
        self.assertIn("1 too long", errors)
        self.assertIn("1 too short", errors)

    def test_times_that_make_no_sense(self):
        frames = [whole(tcp_frame(), 0xFFFFFFFF, 0xFFFFFFFF), whole(tcp_frame(), 0, 0), whole(tcp_frame(), 0xFFFFFFFF, 5)]
        records, _ = self.records(self.write(pcap(frames)), "--nic=model", "--time=capture")
        times = [record["time_ps"] for record in records]
        self.assertEqual(len(times), 3)
        self.assertEqual(times, sorted(times))
        self.assertLess(times[-1], 4 * 10**12)

    def test_random_bytes_are_one_thing_to_both(self):
        source = random.Random(4)
        frames = []
        for _ in range(400):
            data = bytearray(tcp_frame(source.randbytes(source.randrange(100)), port=source.randrange(65536)))
            for _ in range(source.randrange(4)):
                data[source.randrange(12, len(data))] = source.randrange(256)
            frames.append(whole(bytes(data[:source.randrange(15, len(data) + 1)]) if source.randrange(4) == 0 else bytes(data)))
        records, _ = self.records(self.write(pcap(frames)), "--nic=both", "--learn")
        self.assertEqual(len(records), 400)
        self.assertTrue(all(record["equal"] for record in records))
        self.assertGreater(len({record["rtl"].get("class") for record in records}), 3)

    def test_damaged_files_never_crash(self):
        source = random.Random(5)
        content = pcap([whole(tcp_frame(source.randbytes(40))) for _ in range(20)])
        for _ in range(30):
            damaged = bytearray(content)
            for _ in range(source.randrange(1, 6)):
                damaged[source.randrange(len(damaged))] = source.randrange(256)
            result = fourtuple("replay", self.write(bytes(damaged)), "--nic=model", "--format=none")
            self.assertIn(result.returncode, (0, 1, 2), result.stderr)
            self.assertNotIn("internal error", result.stderr)


class Sockets(Directory):
    def test_listing_at_a_time(self):
        out = self.directory / "out"
        self.ok("run", "--nic=model", "--connections=2", "--time-wait-ms=1", f"--out={out}", "--ss-at=48us", "--ss-at=100us")
        text = (out / "ss.txt").read_text()
        self.assertEqual(re.findall(r"^(\w+) at (\d+) ns$", text, re.M),
                         [("client", "48000"), ("server", "48000"), ("client", "100000"), ("server", "100000")])
        early, late = text.split("client at 100000 ns")
        self.assertEqual(len(re.findall(r"^LISTEN +0 +\d+ +\*:2222 +\*:\*$", early, re.M)), 1)
        self.assertEqual(early.count("cubic wscale:"), len(re.findall("^(?:ESTAB|FIN|CLOSE-W|LAST)", early, re.M)))
        self.assertIn("nic_handle:", early)
        self.assertEqual(len(re.findall("^TIME-WAIT +0 +0 +10.0.0.1:", late, re.M)), 2)
        self.refused("run", "--nic=model", f"--out={out}", "--ss-at=soon")


class Manual(Directory):
    """Help, the manual page and the completion script: all from the same tables of options."""

    def subcommands(self):
        listing = self.ok("--help")
        names = re.findall(r"^  ([a-z]+) +\S", listing, re.M)
        self.assertLessEqual(len(listing.splitlines()), 40)
        return [name for name in names if name not in ("man", "completion", "fourtuple")]

    def options(self, name):
        text = self.ok(name, "--help=all")
        self.assertIn("  fourtuple ", text, "an example")
        return set(re.findall(r"^  (?:-[a-z] \[ )?(--[a-z0-9-]+)", text, re.M))

    def test_manual_page_has_everything_and_no_mistakes(self):
        page = self.ok("man")
        for name in self.subcommands():
            self.assertIn(f".SH FOURTUPLE {name}\n", page)
            for option in self.options(name):
                self.assertIn(option.replace("-", "\\-"), page)
        self.assertIn(".SH EXIT STATUS", page)
        if shutil.which("groff"):
            result = subprocess.run(["groff", "-man", "-ww", "-Tutf8"], input=page, text=True, capture_output=True, check=True)
            self.assertEqual(result.stderr, "")

    def test_completion(self):
        script = self.directory / "completion"
        script.write_text(self.ok("completion", "bash"))

        def complete(*words):
            line = " ".join(f"'{word}'" for word in words)
            command = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _fourtuple; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            return set(subprocess.run(["bash", "-c", command], text=True, capture_output=True, check=True).stdout.split())

        self.assertEqual(complete("fourtuple", "re"), {"report", "replay"})
        self.assertEqual(complete("fourtuple", "replay", "--le"), {"--learn"})
        for name in self.subcommands():
            self.assertLessEqual(self.options(name) - {"--version"}, complete("fourtuple", name, "--"))
        (self.directory / "capture.pcap").touch()
        self.assertEqual(complete("fourtuple", "replay", str(self.directory / "capt")), {str(self.directory / "capture.pcap")})
        self.refused("completion", "fish")


class Trace(Directory):
    RUN = ("run", "--nic=rtl", "--connections=2", "--time-wait-ms=1", "--drop=client:data:2")

    def times(self, out):
        """First and last time in the waveform, in ps."""
        text = subprocess.run(["fst2vcd", "-f", str(out / "nic.fst")], text=True, capture_output=True, check=True).stdout
        times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
        return min(times), max(times), text

    @unittest.skipIf(shutil.which("fst2vcd") is None, "there is no fst2vcd: install the Debian package gtkwave")
    def test_window_and_trigger(self):
        out = self.directory / "out"
        events = self.directory / "events.jsonl"
        self.ok(*self.RUN, f"--out={out}", "--trace=10us:12us", f"--events={events}")
        first, last, text = self.times(out)
        self.assertGreaterEqual(first, 10_000_000)
        self.assertLessEqual(last, 12_000_000)
        digest = json.loads((out / "run.json").read_text())["digest"]
        all_events = [json.loads(line) for line in events.read_text().splitlines()]
        again = min(event["time_ps"] for event in all_events if event["event"] == "tcp_retransmit_skb")
        self.ok(*self.RUN, f"--out={out}", "--trace-on=retransmit:500")
        self.assertEqual(json.loads((out / "run.json").read_text())["digest"], digest)
        first, last, _ = self.times(out)
        clock = 4000
        self.assertGreaterEqual(first, again - 250 * clock)
        self.assertLessEqual(last, again + 500 * clock)
        self.assertLess(first, again)
        self.assertGreater(last, again)
        self.check_save_file(out, text)

    def check_save_file(self, out, vcd):
        """Every signal of the save file is in the waveform."""
        known, scope = set(), []
        for line in vcd.splitlines():
            words = line.split()
            if line.startswith("$scope"):
                scope.append(words[2])
            elif line.startswith("$upscope"):
                scope.pop()
            elif line.startswith("$var"):
                known.add(".".join([*scope, words[4] + (words[5] if words[5] != "$end" else "")]))
            elif line.startswith("$enddefinitions"):
                break
        save = (out / "nic.gtkw").read_text().splitlines()
        signals = [line.rsplit(" ", 1)[1] for line in save if line.startswith("+{")]
        self.assertGreater(len(signals), 15)
        for signal in signals:
            self.assertIn(signal, known)

    def test_bad_input(self):
        for words in (("--trace=5"), ("--trace=5us:1us"), ("--trace=a:b"), ("--trace=1us:2parsec"), ("--trace-on=moon"),
                      ("--trace-on=drop:0"), ("--trace-on=drop:many"), ("--trace", "--trace-on=drop")):
            words = (words,) if isinstance(words, str) else words
            self.refused("run", "--nic=rtl", f"--out={self.directory / 'out'}", *words)
        self.refused("run", "--nic=model", f"--out={self.directory / 'out'}", "--trace-on=drop")
        self.assertIn("does not happen", self.refused("run", "--nic=rtl", "--connections=1", "--time-wait-ms=1",
                                                      f"--out={self.directory / 'out'}", "--trace-on=drop", status=1))
        self.assertFalse((self.directory / "out").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
