# SPDX-License-Identifier: Apache-2.0
"""One end of a transfer over the kernel's TCP, in the manner of the workload "bulk": the client sends so many bytes and gets their
SHA-256 back. It prints how many nanoseconds passed from connect() to that.

  peer.py server ADDRESS PORT | peer.py client ADDRESS PORT BYTES"""

import hashlib
import random
import socket
import sys
import time


def with_cubic(opened):
    """By the socket and not by a setting of the namespace: whether that may be changed is up to the machine."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    return opened


def serve(address):
    listener = with_cubic(socket.create_server(address))
    print("ready", flush=True)
    connection, _ = listener.accept()
    digest = hashlib.sha256()
    while piece := connection.recv(1 << 16):
        digest.update(piece)
    connection.sendall(digest.digest())
    connection.close()


def send(address, count):
    payload = random.Random(1).randbytes(count)
    started = time.monotonic_ns()
    connection = with_cubic(socket.socket())
    connection.connect(address)
    connection.sendall(payload)
    connection.shutdown(socket.SHUT_WR)
    answer = b""
    while piece := connection.recv(64):
        answer += piece
    took = time.monotonic_ns() - started
    if answer != hashlib.sha256(payload).digest():
        sys.exit("the SHA-256 that came back is another")
    print(took, flush=True)


def main():
    address = (sys.argv[2], int(sys.argv[3]))
    if sys.argv[1] == "server":
        serve(address)
    else:
        send(address, int(sys.argv[4]))


main()
