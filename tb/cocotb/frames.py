# SPDX-License-Identifier: Apache-2.0
"""Frames by Scapy, and the connection hash from the definition of Jenkins' lookup3 (May 2006)."""

import struct

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

DEVICE_MAC = "02:00:00:00:00:01"
PEER_MAC = "02:00:00:00:00:02"
LOCAL = "10.0.0.1"
FOREIGN = "192.168.7.9"


def tcp_frame(sport, dport, payload=b"", source=FOREIGN, destination=LOCAL, **tcp):
    """A frame for the device, checksums right unless `tcp` says chksum. At least 60 bytes."""
    headers = Ether(src=PEER_MAC, dst=DEVICE_MAC) / IP(src=source, dst=destination)
    return pad(bytes(headers / TCP(sport=sport, dport=dport, **tcp) / payload))


def udp_frame(sport, dport, payload):
    return pad(bytes(Ether(src=PEER_MAC, dst=DEVICE_MAC) / IP(src=FOREIGN, dst=LOCAL) / UDP(sport=sport, dport=dport) / payload))


def pad(frame):
    return frame.ljust(60, b"\0")


def rotate(word, bits):
    return (word << bits | word >> 32 - bits) & 0xFFFFFFFF


def hashlittle(data, initval):
    """lookup3.c's hashlittle() of a string of at least one byte."""
    start = (0xDEADBEEF + len(data) + initval) & 0xFFFFFFFF
    state = [start] * 3
    while True:
        block, data = data[:12].ljust(12, b"\0"), data[12:]
        state = [(old + word) & 0xFFFFFFFF for old, word in zip(state, struct.unpack("<III", block))]
        if not data:
            break
        for step, bits in enumerate((4, 6, 8, 16, 19, 4)):  # mix()
            changed, after, before = step % 3, (step + 1) % 3, (step + 2) % 3
            state[changed] = (state[changed] - state[before]) & 0xFFFFFFFF ^ rotate(state[before], bits)
            state[before] = (state[before] + state[after]) & 0xFFFFFFFF
    for step, bits in enumerate((14, 11, 25, 16, 4, 14, 24)):  # final()
        changed, before = (step + 2) % 3, (step + 1) % 3
        state[changed] = ((state[changed] ^ state[before]) - rotate(state[before], bits)) & 0xFFFFFFFF
    return state[2]


def connection_words(local, foreign, local_port, foreign_port):
    """The three words that are hashed: docs/device.md, The hash."""
    def little(bytes_in_network_order):
        return int.from_bytes(bytes_in_network_order, "little")

    def address(text):
        return little(bytes(int(part) for part in text.split(".")))

    return address(local), address(foreign), local_port << 16 | little(foreign_port.to_bytes(2, "big"))


def connection_hash(local, foreign, local_port, foreign_port, secret):
    """Linux's jhash_3words is hashlittle of the three words."""
    return hashlittle(struct.pack("<III", *connection_words(local, foreign, local_port, foreign_port)), secret)


def ones_complement_sum(data):
    """RFC 1071, folded and not inverted."""
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
