# SPDX-License-Identifier: Apache-2.0
"""Plays a scenario against one object, and writes down what it did."""
import ctypes
import fcntl
import heapq
import os
import random
import socket
import struct

import interface

BURST_US = 4_000  # What leaves within this arrives at the peer together.
SOL_TCP, TCP_NODELAY, TCP_INFO, TCP_CONGESTION = 6, 1, 11, 13
INFO_BYTES = 240
RTT_PARTS = (0.37, 0.21, 0.61)


def mss_option(value):
    return b"\2\4" + struct.pack("!H", value)


def timestamps_option(value, echo):
    return b"\1\1\x08\x0a" + struct.pack("!II", value & 0xFFFFFFFF, echo)


def sack_option(blocks):
    return b"\1\1\5" + bytes([2 + 8 * len(blocks)]) + b"".join(struct.pack("!II", a & 0xFFFFFFFF, b & 0xFFFFFFFF) for a, b in blocks)


class Receiver:
    """The peer's receiving side: what it has, and what an acknowledgement of it says."""

    def __init__(self, most_blocks):
        self.next, self._runs, self._recent, self._most = 1, [], [], most_blocks

    def take(self, start, end):
        """SACK blocks, the first of them a DSACK for what was there."""
        known = end <= self.next or any(a <= start and end <= b for a, b in self._runs)
        merged = []
        for a, b in sorted(self._runs + [(start, end)]):
            if b <= self.next:
                continue
            if a <= self.next:
                self.next = b
            elif merged and a <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], b))
            else:
                merged.append((a, b))
        self._runs = [run for run in merged if run[0] > self.next]
        newest = [run for run in self._runs if run[0] <= start < run[1]]
        self._recent = newest + [run for run in self._recent if run in self._runs and run not in newest]
        self._recent += [run for run in self._runs if run not in self._recent]
        return (([(start, end)] if known else []) + self._recent)[: self._most]


class Connection:
    def __init__(self, to, scenario):
        self._to, self._s, self.trace = to, scenario, []
        self._random = random.Random(scenario.seed * 7919 + 1)
        self._events, self._order = [], 0
        self._receiver = Receiver(3 if scenario.timestamps else 4)
        self._fd, self._isn, self._ports = None, None, (40000, 8080)
        self._echo, self._peer_seq, self._sent, self._unacked, self._burst = 0, 1, 0, 0, -10 * BURST_US

    # The connection is made.

    def play(self):
        self._open_client() if self._s.is_client else self._open_server()
        if self._fd is not None:
            self._schedule()
            self._run()
        return self.trace

    def _new_socket(self):
        fd = self._to.call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
        self._set(fd, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        name = self._s.congestion.encode()
        self._to.call("setsockopt", fd, SOL_TCP, TCP_CONGESTION, ctypes.create_string_buffer(name, len(name)), len(name))
        if self._s.nodelay:
            self._set(fd, SOL_TCP, TCP_NODELAY, 1)
        if self._s.rcvbuf:
            self._set(fd, socket.SOL_SOCKET, socket.SO_RCVBUF, self._s.rcvbuf)
        self._set_nonblocking(fd)
        return fd

    def _set(self, fd, level, name, value):
        self._to.call("setsockopt", fd, level, name, ctypes.byref(ctypes.c_int(value)), 4)

    def _set_nonblocking(self, fd):
        self._to.call("fcntl", fd, fcntl.F_SETFL, os.O_RDWR | os.O_NONBLOCK)

    @staticmethod
    def _address(host, port):
        return ctypes.create_string_buffer(struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8), 16)

    def _syn_options(self, echo):
        s = self._s
        return (mss_option(s.mss) + (b"\1\1\4\2" if s.sack else b"") + (timestamps_option(1000, echo) if s.timestamps else b"") +
                (b"" if s.wscale is None else b"\1\3\3" + bytes([s.wscale])))

    def _first_answer(self):
        answers = self._to.advance(self._to.now() + 1_000)
        if not answers:
            self.trace.append(("out", 0, "nothing"))
            return None
        self._isn, self._echo = answers[0]["seq"], answers[0]["options"].get("timestamps", (0, 0))[0]
        self._note(answers[0])
        for packet in self._to.advance(self._to.now() + self._s.rtt_us):
            self._note(packet)
        return answers[0]

    def _open_server(self):
        listener = self._new_socket()
        self._to.call("bind", listener, self._address("0.0.0.0", 8080), 16)
        self._to.call("listen", listener, 5)
        self._to.inject(interface.segment_bytes("SEW" if self._s.ecn else "S", 0, 0, 32792, self._syn_options(0)))
        if self._first_answer() is None:
            return
        self._base = self._to.now()
        self._inject(".", 1, 1)
        address, length = ctypes.create_string_buffer(16), ctypes.c_uint(16)
        fd = self._to.call("accept", listener, address, ctypes.byref(length))
        self.trace.append(("call", self._to.now(), f"accept {'ok' if fd >= 0 else fd}"))
        if fd >= 0:
            self._fd = fd
            self._set_nonblocking(fd)

    def _open_client(self):
        fd = self._new_socket()
        self.trace.append(("call", self._to.now(), f"connect {self._to.call('connect', fd, self._address(interface.PEER, 8080), 16)}"))
        syn = self._first_answer()
        if syn is None:
            return
        self._fd, self._ports, self._base = fd, (8080, syn["ports"][0]), self._to.now()
        self._to.inject(interface.segment_bytes("S.", 0, self._isn + 1, min(65535, self._s.window * 8), self._syn_options(self._echo), ports=self._ports))

    # Time.

    def _push(self, time, *what):
        self._order += 1
        heapq.heappush(self._events, (time, self._order, what))

    def _schedule(self):
        for time, *call in self._s.calls:
            self._push(self._base + time + 3_000, "call", *call)
        for time, start, end in self._s.segments:
            self._push(self._base + time, "segment", start, end)
        if self._s.fin:
            self._push(self._base + self._s.fin[0], "fin", self._s.fin[1])
        for i in range(1, 8):
            self._push(self._base + i * self._s.duration_us // 8 + 1_500, "info")

    def _run(self):
        end = self._base + self._s.duration_us
        while True:
            until = min(self._events[0][0] if self._events else end, end)
            packets = self._to.advance(min(until, self._to.now() + self._s.rtt_us))
            if packets:
                packets += self._to.advance(self._to.now() + 1_500)
                for packet in packets:
                    self._left(packet)
                continue
            now = self._to.now()
            if now >= end:
                break
            due = []
            while self._events and self._events[0][0] <= now:
                due.append(heapq.heappop(self._events)[2])
            self._do(due, now)
        if self._fd is not None:
            self._to.call("close", self._fd)

    # What the host sends.

    def _note(self, packet):
        said = {"flags": packet["flags"], "seq": (packet["seq"] - self._isn) & 0xFFFFFFFF, "bytes": packet["bytes"], "win": packet["window"],
                "ack": packet["ack"] if "." in packet["flags"] else 0, "tos": packet["tos"]}
        for name in ("mss", "wscale", "sackOK", "sack"):
            if name in packet["options"]:
                said[name] = packet["options"][name]
        if "timestamps" in packet["options"]:
            said["echo"] = packet["options"]["timestamps"][1]
        self.trace.append(("out", packet["time"], said))

    def _left(self, packet):
        """Each segment of it is lost, or arrives half a round trip later and is answered as late."""
        self._note(packet)
        if "S" in packet["flags"] or "R" in packet["flags"] or (packet["bytes"] == 0 and "F" not in packet["flags"]):
            return
        start = (packet["seq"] - self._isn) & 0xFFFFFFFF
        most = self._s.mss - (12 if self._s.timestamps else 0)
        edges = list(range(start, start + packet["bytes"], most)) + [start + packet["bytes"]]
        pieces = [[a, b, False] for a, b in zip(edges, edges[1:])] or [[start, start, False]]
        if "F" in packet["flags"]:
            pieces[-1] = [pieces[-1][0], pieces[-1][1] + 1, True]
        if packet["time"] - self._burst > BURST_US:
            self._burst = packet["time"]
        for a, b, fin in pieces:
            number, self._sent = self._sent, self._sent + 1
            lost = self._random.random() < self._s.loss if isinstance(self._s.loss, float) else number in self._s.loss
            late = self._random.random() < self._s.reordering
            delay = self._random.choice([int(self._s.rtt_us * part) for part in RTT_PARTS] + [7_300]) if late else 0
            if not lost:
                self._push(self._burst + self._s.rtt_us + delay, "data", a, b, fin, packet["options"].get("timestamps", (0, 0))[0])

    # What the peer and the program do.

    def _do(self, due, now):
        acks = []
        for name, *what in due:
            if name == "data":
                acks.append(self._take(*what))
            elif name == "call":
                self._call(now, *what)
            elif name == "info":
                self._note_info(now)
            elif name == "segment":
                self.trace.append(("in", now, f"data {what[0]}:{what[1]}"))
                self._inject("P.", what[0], self._receiver.next, payload_bytes=what[1] - what[0])
                self._peer_seq = max(self._peer_seq, what[1])
            else:
                self.trace.append(("in", now, f"fin {what[0]}"))
                self._inject("F.", what[0], self._receiver.next)
                self._peer_seq = max(self._peer_seq, what[0] + 1)
        self._acknowledge(now, acks)

    def _take(self, start, end, fin, timestamp):
        blocks = self._receiver.take(start, end)
        self._unacked += 1
        if start <= self._receiver.next:
            self._echo = max(self._echo, timestamp)
        if blocks or fin or self._s.ack_every == 1 or (self._s.ack_every == 2 and self._unacked >= 2):
            self._unacked = 0
            return self._receiver.next, blocks
        return None

    def _acknowledge(self, now, acks):
        if not acks:
            return
        said = [ack for ack in acks if ack]
        if self._s.ack_every == "burst":
            said = said[-1:] or [(self._receiver.next, [])]
        elif acks[-1] is None:
            said.append((self._receiver.next, []))
        self._unacked = 0
        for number, blocks in said:
            if self._random.random() < self._s.ack_loss:
                continue
            blocks = blocks if self._s.sack else []
            self.trace.append(("in", now, f"ack {number} {blocks}"))
            self._inject(".", self._peer_seq, number, sack_option([(self._isn + a, self._isn + b) for a, b in blocks]) if blocks else b"")
            self._note_info(now)

    def _inject(self, flags, seq, ack, options=b"", payload_bytes=0):
        if self._s.timestamps:
            value = 1000 + self._s.rtt_us // 1000 + (self._to.now() - self._base) // 1000
            options = timestamps_option(value, self._echo) + options
        self._to.inject(interface.segment_bytes(flags, seq, self._isn + ack, self._s.window, options, payload_bytes, self._ports))

    def _call(self, now, name, size, flags):
        if self._fd is None:
            return
        if name == "send":
            result = self._to.call("send", self._fd, ctypes.create_string_buffer(size), size, flags)
        elif name == "read":
            result = self._to.call("read", self._fd, ctypes.create_string_buffer(size), size)
        elif name == "shutdown":
            result = self._to.call("shutdown", self._fd, socket.SHUT_WR)
        else:
            result, self._fd = self._to.call("close", self._fd), None
        self.trace.append(("call", now, f"{name} {size} = {result}"))

    def _note_info(self, now):
        if self._fd is None:
            return
        raw, length = ctypes.create_string_buffer(INFO_BYTES), ctypes.c_uint(INFO_BYTES)
        if self._to.call("getsockopt", self._fd, SOL_TCP, TCP_INFO, raw, ctypes.byref(length)) < 0:
            return
        self.trace.append(("info", now, tcp_info(raw.raw)))


def tcp_info(raw):
    """struct tcp_info of Linux 6.2."""
    info = dict(zip("state ca_state retransmits probes backoff options wscale app_limited".split(), raw))
    numbers = ("rto ato snd_mss rcv_mss unacked sacked lost retrans fackets last_data_sent last_ack_sent last_data_recv last_ack_recv pmtu rcv_ssthresh "
               "rtt rttvar snd_ssthresh snd_cwnd advmss reordering rcv_rtt rcv_space total_retrans").split()
    info.update(zip(numbers, struct.unpack_from("24I", raw, 8)))
    info.update(zip("pacing_rate max_pacing_rate bytes_acked bytes_received".split(), struct.unpack_from("4Q", raw, 104)))
    info.update(zip("segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out".split(), struct.unpack_from("6I", raw, 136)))
    info.update(zip("delivery_rate busy_time rwnd_limited sndbuf_limited".split(), struct.unpack_from("4Q", raw, 160)))
    info.update(zip("delivered delivered_ce".split(), struct.unpack_from("2I", raw, 192)))
    info.update(zip("bytes_sent bytes_retrans".split(), struct.unpack_from("2Q", raw, 200)))
    info.update(zip("dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash".split(), struct.unpack_from("6I", raw, 216)))
    return info
