# SPDX-License-Identifier: Apache-2.0
"""A shared object with packetdrill's interface (interfaces/packetdrill/packetdrill_interface.h), driven from Python: the stack's own, on its
virtual clock, or the one over the kernel's TCP (tests/packetdrill/kernel_object.cpp), in real time and a network namespace of its own.

Times are microseconds since the object was opened. One object a process: neither is ever closed."""
import ctypes
import os
import select
import socket
import struct

LOCAL, PEER = "192.168.0.1", "192.0.2.1"
FLAGS = "FSRP.UEW"
VNET_HEADER_BYTES = 10  # What stands in front of each packet of the kernel object's TUN device.
CLOSED_PORT = 9  # Nobody listens there.
LARGEST_PACKET = 70_000

_void, _int, _size, _ssize = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_ssize_t
_FUNCTIONS = [
    ("free", None, []), ("socket", _int, [_int] * 3), ("bind", _int, [_int, _void, ctypes.c_uint]), ("listen", _int, [_int, _int]),
    ("accept", _int, [_int, _void, _void]), ("connect", _int, [_int, _void, ctypes.c_uint]), ("read", _ssize, [_int, _void, _size]),
    ("readv", _ssize, [_int, _void, _int]), ("recv", _ssize, [_int, _void, _size, _int]), ("recvfrom", _ssize, [_int, _void, _size, _int, _void, _void]),
    ("recvmsg", _ssize, [_int, _void, _int]), ("write", _ssize, [_int, _void, _size]), ("writev", _ssize, [_int, _void, _int]),
    ("send", _ssize, [_int, _void, _size, _int]), ("sendto", _ssize, [_int, _void, _size, _int, _void, ctypes.c_uint]),
    ("sendmsg", _ssize, [_int, _void, _int]), ("fcntl", _int, [_int, _int, ctypes.c_long]), ("ioctl", _int, [_int, ctypes.c_ulong, _void]),
    ("close", _int, [_int]), ("shutdown", _int, [_int, _int]), ("getsockopt", _int, [_int, _int, _int, _void, _void]),
    ("setsockopt", _int, [_int, _int, _int, _void, ctypes.c_uint]), ("poll", _int, [_void, ctypes.c_ulong, _int]),
    ("netdev_send", _int, [_void, _size]), ("netdev_receive", _int, [_void, ctypes.POINTER(_size), ctypes.POINTER(ctypes.c_longlong)]),
    ("usleep", _int, [ctypes.c_uint]), ("gettimeofday", _int, [_void, _void]), ("epoll_create", _int, [_int]),
    ("epoll_ctl", _int, [_int, _int, _int, _void]), ("epoll_wait", _int, [_int, _void, _int, _int]), ("pipe", _int, [_void]),
    ("splice", _ssize, [_int, _void, _int, _void, _size, ctypes.c_uint]),
]


class _Table(ctypes.Structure):
    _fields_ = [("userdata", _void)] + [
        (name, ctypes.CFUNCTYPE(result, _void, *arguments, use_errno=True)) for name, result, arguments in _FUNCTIONS]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment_bytes(flags, seq, ack, window, options=b"", payload_bytes=0, ports=(40000, 8080)):
    """An IPv4 packet from the peer to the host."""
    options += b"\1" * (-len(options) % 4)
    bits = sum(1 << FLAGS.index(flag) for flag in flags)
    payload = bytes((seq + i) & 0xFF for i in range(payload_bytes))
    header = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (20 + len(options)) // 4 << 4, bits, window, 0, 0)
    tcp_bytes = len(header) + len(options) + payload_bytes
    pseudo = socket.inet_aton(PEER) + socket.inet_aton(LOCAL) + struct.pack("!BBH", 0, socket.IPPROTO_TCP, tcp_bytes)
    header = header[:16] + struct.pack("!H", checksum(pseudo + header + options + payload)) + header[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + tcp_bytes, 0, 0x4000, 64, socket.IPPROTO_TCP, 0) + socket.inet_aton(PEER) + socket.inet_aton(LOCAL)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + header + options + payload


def parse_options(data):
    options, at = {}, 0
    while at < len(data) and data[at] != 0:
        if data[at] == 1:
            at += 1
            continue
        value = data[at + 2 : at + data[at + 1]]
        if data[at] == 2:
            options["mss"] = struct.unpack("!H", value)[0]
        elif data[at] == 3:
            options["wscale"] = value[0]
        elif data[at] == 4:
            options["sackOK"] = True
        elif data[at] == 5:
            options["sack"] = [struct.unpack("!II", value[i : i + 8]) for i in range(0, len(value), 8)]
        elif data[at] == 8:
            options["timestamps"] = struct.unpack("!II", value)
        at += data[at + 1]
    return options


class Interface:
    def __init__(self, path, settings, directory):
        """`settings`: names below net/ipv4. `directory`: where they may be written for an object that reads files."""
        library = ctypes.CDLL(path, use_errno=True)
        self.is_kernel = "kernel" in os.path.basename(path)
        self._settings = "/proc/sys/net/ipv4" if self.is_kernel else f"{directory}/net/ipv4"
        os.makedirs(self._settings, exist_ok=True)
        self._table = _Table()
        flags = "mtu=1500" if self.is_kernel else f"mtu=1500,sysctls={directory}"
        if library.packetdrill_interface_init(flags.encode(), ctypes.byref(self._table)) != 0:
            raise RuntimeError(f"{path}: packetdrill_interface_init failed")
        for name, value in settings.items():
            with open(f"{self._settings}/{name}", "w") as file:
                file.write(str(value))
        if self.is_kernel:
            self._tun = ctypes.cast(self._table.userdata, ctypes.POINTER(ctypes.c_int))[0]
        self._start = self._clock()

    def call(self, name, *arguments):
        """The call's result, or a negative errno."""
        ctypes.set_errno(0)
        result = getattr(self._table, name)(self._table.userdata, *arguments)
        return result if result >= 0 else -ctypes.get_errno()

    def _clock(self):
        timeval = ctypes.create_string_buffer(16)
        self.call("gettimeofday", timeval, None)
        seconds, microseconds = struct.unpack("qq", timeval.raw)
        return seconds * 1_000_000 + microseconds

    def now(self):
        return self._clock() - self._start

    def inject(self, packet):
        # Time passes between two packets, on a virtual clock as well.
        self._clock()
        return self.call("netdev_send", ctypes.create_string_buffer(packet, len(packet)), len(packet))

    def advance(self, until):
        """Lets time pass; what left the host meanwhile."""
        return self._advance_kernel(until) if self.is_kernel else self._advance_virtual(until)

    def _advance_kernel(self, until):
        left = []
        while True:
            wait = max(0, until - self.now())
            if not select.select([self._tun], [], [], wait / 1e6)[0]:
                return left
            try:
                packet = os.read(self._tun, LARGEST_PACKET)[VNET_HEADER_BYTES:]
            except BlockingIOError:
                continue
            if packet[0] >> 4 == 4:
                left.append(self._parse(packet, self.now()))
            if wait == 0 and not select.select([self._tun], [], [], 0)[0]:
                return left

    def _advance_virtual(self, until):
        if until > self.now():
            self.call("usleep", until - self.now())
        # netdev_receive would move the clock to the next packet: an answer from a closed port comes behind what left before.
        self.inject(segment_bytes("S", 0, 0, 100, ports=(CLOSED_PORT, CLOSED_PORT)))
        left = []
        while True:
            room, count, time = ctypes.create_string_buffer(LARGEST_PACKET), _size(LARGEST_PACKET), ctypes.c_longlong(0)
            if self.call("netdev_receive", room, ctypes.byref(count), ctypes.byref(time)) != 0 or count.value == 0:
                return left
            packet = self._parse(room.raw[: count.value], time.value - self._start)
            if packet["ports"][1] == CLOSED_PORT:
                return left
            left.append(packet)

    @staticmethod
    def _parse(packet, time):
        header = packet[(packet[0] & 15) * 4 : struct.unpack("!H", packet[2:4])[0]]
        source, destination, seq, ack, offset, bits, window = struct.unpack("!HHIIBBH", header[:16])
        header_bytes = (offset >> 4) * 4
        return {"time": time, "ports": (source, destination), "seq": seq, "ack": ack, "window": window, "tos": packet[1],
                "flags": "".join(flag for i, flag in enumerate(FLAGS) if bits >> i & 1), "bytes": len(header) - header_bytes,
                "options": parse_options(header[20:header_bytes])}
