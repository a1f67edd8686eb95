#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unmodified programs on simulated hosts: fourtuple world and exec with curl, wget, nginx, redis, iperf3, Python, wrk,
socat and programs of the tests' own.

Exit status 77 (ctest: skipped) where a program is missing.

    world_interop.py FOURTUPLE NIC TEST DIRECTORY-OF-TEST-PROGRAMS
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
# A command that takes longer hangs. Generous: these machines are shared, and the RTL is slow.
TIMEOUT_S = 120


def skip(reason: str) -> None:
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            skip(f"{program} is not installed")


def wait_for(condition, what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come to be"
        time.sleep(0.02)


class World:
    """fourtuple world with the hosts a (10.0.0.1) and b (10.0.0.2), and programs on them."""

    def __init__(self, fourtuple: str, nic: str, directory: pathlib.Path, *options: str):
        self.fourtuple = fourtuple
        self.directory = directory
        self.socket = directory / "w.sock"
        self.out = directory / "out"
        self.log = directory / "world.log"
        self.options = [f"--nic={nic}", f"--socket={self.socket}", f"--out={self.out}", *options]
        self.programs: list[subprocess.Popen] = []

    def __enter__(self) -> "World":
        with self.log.open("w") as log:
            self.process = subprocess.Popen([self.fourtuple, "world", *self.options], stdout=log, stderr=log)
        wait_for(lambda: "Ctrl-C" in self.log.read_text() or self.process.poll() is not None, "the world")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __exit__(self, kind, *_unused) -> None:
        for program in self.programs:
            if program.poll() is None:
                program.terminate()
                try:
                    program.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    program.kill()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=TIMEOUT_S)
        print(self.log.read_text())
        if kind is not None:
            return
        assert self.process.returncode == 0, f"the world ended with {self.process.returncode}"
        assert not self.socket.exists(), "the world's socket is still there"

    def command(self, host: str, *words: str) -> list[str]:
        return [self.fourtuple, "exec", f"--world={self.socket}", f"--host={host}", "--", *map(str, words)]

    def start(self, host: str, *words: str, name: str = "server", ready: str = "") -> pathlib.Path:
        """A program that runs on; its output, once that contains `ready`."""
        log = self.directory / f"{name}.log"
        with log.open("w") as output:
            program = subprocess.Popen(self.command(host, *words), stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        self.programs.append(program)
        wait_for(lambda: ready in log.read_text() or program.poll() is not None, f"{ready!r} of {words[0]}")
        assert program.poll() is None, log.read_text()
        return log

    def run(self, host: str, *words: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        result = subprocess.run(self.command(host, *words), timeout=TIMEOUT_S, text=True, capture_output=True, **options)
        print(f"{words[0]}: {result.stdout[-2000:]}{result.stderr[-2000:]}")
        assert not check or result.returncode == 0, f"{words[0]} ended with {result.returncode}"
        return result

    def finish(self) -> dict:
        """Ends the world; its report."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=TIMEOUT_S)
        return json.loads((self.out / "run.json").read_text())


def make_files(root: pathlib.Path) -> dict[str, str]:
    """Files of 0 bytes, 1 byte and 3 MB; their names with their SHA-256."""
    root.mkdir()
    content = {"empty": b"", "one": b"x", "megabytes": b"".join(
        hashlib.sha256(str(i).encode()).digest() for i in range(3_000_000 // 32))}
    for name, data in content.items():
        (root / name).write_bytes(data)
    return {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}


def check_hash(path: pathlib.Path, expected: str) -> None:
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    assert actual == expected, f"{path.name}: {path.stat().st_size} bytes arrived, with another content"


def start_nginx(world: World) -> dict[str, str]:
    """nginx with a master and two workers on host a; the files it serves."""
    need("nginx")
    files = make_files(world.directory / "site")
    # As root its workers would become another user, and a world serves only its own.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(f"{kind}_temp_path {world.directory}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (world.directory / "nginx.conf").write_text(
        f"daemon off; master_process on; worker_processes 2; {user} pid {world.directory}/nginx.pid;\n"
        f"error_log {world.directory}/error.log;\nevents {{ worker_connections 256; }}\n"
        f"http {{ access_log off; sendfile on; {temporary}\n"
        f"server {{ listen 80; root {world.directory}/site; keepalive_requests 1000000; }} }}\n")
    world.start("a", "nginx", "-c", str(world.directory / "nginx.conf"))
    wait_for(lambda: (world.directory / "nginx.pid").exists(), "nginx")
    time.sleep(0.3)
    return files


def test_curl_nginx(world: World) -> None:
    """Files of 0 bytes, 1 byte and 3 MB arrive as they are; a wrong name is 404; a port nobody has is refused."""
    need("curl")
    files = start_nginx(world)
    for name, expected in files.items():
        target = world.directory / f"by-curl-{name}"
        world.run("b", "curl", "-sS", "--fail", "-o", str(target), f"http://a/{name}")
        check_hash(target, expected)
    status = world.run("b", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://a/nothing").stdout
    assert status == "404", status
    refused = world.run("b", "curl", "-sS", "http://a:81/", check=False)
    assert refused.returncode == 7, refused.returncode
    report = world.finish()
    assert report["errors"] == [] and report["bytes_delivered"] > 3_000_000, report
    written = sorted(entry.name for entry in world.out.iterdir())
    assert written == ["report.html", "run.json", "series.json", "wire.pcapng"], written


def test_wget_nginx(world: World) -> None:
    """The same by wget, several over one connection."""
    need("wget")
    files = start_nginx(world)
    world.run("b", "wget", "-q", "-P", str(world.directory / "got"), *(f"http://a/{name}" for name in files))
    for name, expected in files.items():
        check_hash(world.directory / "got" / name, expected)


def test_wrk_nginx(world: World) -> None:
    """wrk's requests are answered without one error."""
    need("wrk")
    start_nginx(world)
    output = world.run("b", "wrk", "-t2", "-c10", "-d3", "--timeout", "30", "http://a/one").stdout
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    assert requests > 100, output
    assert "Socket errors" not in output and "Non-2xx" not in output, output


def start_redis(world: World) -> None:
    need("redis-server", "redis-benchmark")
    world.start("a", "redis-server", "--bind", "10.0.0.1", "--save", "", "--protected-mode", "no", "--dir",
                str(world.directory), ready="eady to accept connections")


def redis_figures(output: str) -> list[float]:
    """Requests per second, a figure for each kind of request."""
    return [float(figure) for figure in re.findall(r"([0-9.]+) requests per second", output)]


def test_redis(world: World) -> None:
    """redis-benchmark with 20 connections, every kind of request."""
    start_redis(world)
    figures = redis_figures(world.run("b", "redis-benchmark", "-h", "a", "-c", "20", "-n", "2000", "-q").stdout)
    assert len(figures) >= 18 and min(figures) > 10, figures


def test_redis_pipelined(world: World) -> None:
    """The same with 16 requests on their way at a time."""
    start_redis(world)
    output = world.run("b", "redis-benchmark", "-h", "a", "-c", "20", "-n", "2000", "-q", "-P", "16").stdout
    assert len(redis_figures(output)) >= 18, output


def iperf3(world: World, *options: str) -> None:
    need("iperf3")
    log = world.start("a", "iperf3", "-4", "-s", "-1", "--forceflush", ready="listening")
    output = world.run("b", "iperf3", "-4", "-c", "a", "-J", *options).stdout
    result = json.loads(output)
    assert "error" not in result, result["error"]
    received = result["end"]["sum_received"]["bytes"]
    assert received > 100_000, output
    # The TCP_INFO of the stack: a congestion window, where a socketpair has none. Only who sends reports it.
    sender = result["end"]["streams"][0]["sender"]
    assert "-R" in options or sender["max_snd_cwnd"] > 0, sender
    assert "error" not in log.read_text(), log.read_text()


def test_iperf3(world: World) -> None:
    """From client to server."""
    iperf3(world, "-t", "3")


def test_iperf3_reverse(world: World) -> None:
    """From server to client."""
    iperf3(world, "-t", "3", "-R")


def test_iperf3_parallel(world: World) -> None:
    """Four streams at once."""
    iperf3(world, "-t", "3", "-P", "4")


def test_iperf3_bytes(world: World) -> None:
    """A given number of bytes: the run ends when they are over, not with the time."""
    iperf3(world, "-n", "2M")


def test_python_http(world: World) -> None:
    """http.server and urllib, with host names and getpeername."""
    files = make_files(world.directory / "site")
    log = world.start("a", "python3", "-u", "-m", "http.server", "--bind", "a", "--directory",
                      str(world.directory / "site"), "8000", ready="Serving HTTP on 10.0.0.1")
    script = ("import hashlib, urllib.request\n"
              "for name in ('empty', 'one', 'megabytes'):\n"
              "    print(name, hashlib.sha256(urllib.request.urlopen('http://a:8000/' + name, timeout=60).read()).hexdigest())\n")
    output = world.run("b", "python3", "-c", script).stdout
    for name, expected in files.items():
        assert f"{name} {expected}" in output, output
    assert "10.0.0.2 - -" in log.read_text(), "the server saw another address"


ASYNC_SERVER = """
import asyncio
async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(echo, '10.0.0.1', 7)
    print('ready', server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

ASYNC_CLIENT = """
import asyncio, hashlib
async def one(number):
    reader, writer = await asyncio.open_connection('a', 7)
    data = bytes([number]) * 200_000
    async def send():
        writer.write(data)
        await writer.drain()
        writer.write_eof()
    sending = asyncio.create_task(send())
    back = await reader.read(-1)
    await sending
    writer.close()
    assert back == data, (number, len(back))
async def main():
    await asyncio.gather(*(one(number) for number in range(10)))
    print('all intact')
asyncio.run(main())
"""


def test_python_asyncio(world: World) -> None:
    """An asyncio echo server with ten clients at once, half closes included."""
    log = world.start("a", "python3", "-c", ASYNC_SERVER, ready="ready")
    assert "('10.0.0.1', 7)" in log.read_text(), log.read_text()
    assert "all intact" in world.run("b", "python3", "-c", ASYNC_CLIENT).stdout


def test_socat(world: World) -> None:
    """socat as a stream pair: a file in, and its end, to a file at the other side."""
    need("socat")
    files = make_files(world.directory / "site")
    target = world.directory / "by-socat"
    world.start("a", "socat", "-d", "-d", "-u", "TCP4-LISTEN:9", f"CREATE:{target}", ready="listening on")
    with (world.directory / "site/megabytes").open("rb") as source:
        world.run("b", "socat", "-u", "-", "TCP4:a:9", stdin=source)
    wait_for(lambda: world.programs[0].poll() is not None, "the end of the receiving socat")
    assert world.programs[0].returncode == 0
    check_hash(target, files["megabytes"])


def test_threads(world: World) -> None:
    """A server and a client with eight threads each."""
    world.start("a", str(world.tools / "threaded_echo"), "serve", "7", ready="ready")
    assert "all intact" in world.run("b", str(world.tools / "threaded_echo"), "a", "7").stdout


def test_fork(world: World) -> None:
    """A server that forks after accept, closes its copy, and whose children exec with the connection as stdin."""
    need("socat")
    log = world.start("a", str(world.tools / "forking_echo"), "7", "3", ready="ready")
    for i in range(3):
        output = world.run("b", "socat", "-t", "30", "-", "TCP4:a:7", input=f"line {i}\n").stdout
        assert output == f"line {i}\n", output
    wait_for(lambda: world.programs[0].poll() is not None, "the end of the server")
    assert world.programs[0].returncode == 0 and log.read_text().count("from 10.0.0.2") == 3, log.read_text()


ERRORS = """
import errno, fcntl, os, select, signal, socket, struct, sys, time
def code(call):
    try:
        return call()
    except OSError as error:
        return errno.errorcode[error.errno]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('10.0.0.1', 5000))
listener.listen(4)
assert listener.getsockname() == ('10.0.0.1', 5000)
assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
assert code(lambda: socket.socket().bind(('10.0.0.1', 5000))) == 'EADDRINUSE'
assert code(lambda: socket.socket().bind(('10.0.0.77', 0))) == 'EADDRNOTAVAIL'
assert code(lambda: socket.socket().getpeername()) == 'ENOTCONN'
assert code(lambda: socket.socket().shutdown(socket.SHUT_WR)) == 'ENOTCONN'
assert code(lambda: socket.socket().accept()) == 'EINVAL'
assert code(lambda: socket.socket().setsockopt(socket.IPPROTO_TCP, 9999, 1)) == 'ENOPROTOOPT'
listener.setblocking(False)
assert code(listener.accept) == 'EAGAIN'
listener.setblocking(True)
print('ready', flush=True)
first, peer = listener.accept()
assert peer[0] == '10.0.0.2' and first.getpeername() == peer and first.getsockname() == ('10.0.0.1', 5000)
assert (first.family, first.type, first.proto) == (socket.AF_INET, socket.SOCK_STREAM, 0)
assert first.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == socket.AF_INET
assert first.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
first.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
assert first.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
info = first.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
assert info[0] == 1, 'ESTABLISHED'
assert first.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL) == b'peek'
assert struct.unpack('i', fcntl.ioctl(first, 0x541b, b'0000'))[0] == 4  # FIONREAD
assert first.recv(100) == b'peek'
first.send(b'go')
# The peer resets: what was sent before comes first, then the error once, then the end.
assert first.recv(100) == b'before'
wanted = select.POLLIN | select.POLLRDHUP
poller = select.poll()
poller.register(first, wanted)
while not any(seen & select.POLLHUP for _, seen in poller.poll()):
    time.sleep(0.01)
assert code(lambda: first.recv(100)) == 'ECONNRESET'
assert code(lambda: first.recv(100)) == b''
assert code(lambda: first.send(b'x')) == 'EPIPE'
first.close()
# A peer that closes with unread data resets as well; this time the writer finds out.
second, _ = listener.accept()
second.send(b'unread')
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
for _ in range(1000):
    result = code(lambda: second.send(b'more'))
    if result != 4:
        break
    time.sleep(0.01)
assert result == 'ECONNRESET', result
# Addresses that are not the world's are the system's.
outside = socket.socket()
outside.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
outside.bind(('127.0.0.1', 0))
outside.listen(1)
near = socket.socket()
near.connect(outside.getsockname())
far, _ = outside.accept()
near.send(b'through the kernel')
assert far.recv(100) == b'through the kernel'
assert outside.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
print('server done', flush=True)
"""

ERRORS_CLIENT = """
import errno, select, socket, struct, time
refused = socket.socket()
refused.setblocking(False)
assert refused.connect_ex(('a', 5001)) == errno.EINPROGRESS
poller = select.poll()
poller.register(refused, select.POLLOUT)
assert poller.poll(20000)[0][1] & select.POLLERR
assert refused.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
assert refused.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
blocking = socket.socket()
assert blocking.connect_ex(('a', 5001)) == errno.ECONNREFUSED
# The same socket again, where somebody listens now.
assert blocking.connect_ex(('a', 5000)) == 0
assert blocking.connect_ex(('a', 5000)) == errno.EISCONN
blocking.send(b'peek')
assert blocking.recv(2) == b'go'
blocking.send(b'before')
time.sleep(0.3)
blocking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
blocking.close()
second = socket.create_connection(('a', 5000))
while not select.select([second], [], [], 1)[0]:
    pass
second.close()
print('client done')
"""


def test_errors(world: World) -> None:
    """Errors, options and addresses, as the manual pages have them; resets from both sides; what is not the world's."""
    log = world.start("a", "python3", "-c", ERRORS, ready="ready")
    assert "client done" in world.run("b", "python3", "-c", ERRORS_CLIENT).stdout
    wait_for(lambda: world.programs[0].poll() is not None, "the end of the server")
    assert "server done" in log.read_text(), log.read_text()


SLOW = """
import socket, sys, time
listener = socket.socket()
listener.bind(('', 6000))
listener.listen(1)
print('ready', flush=True)
peer, _ = listener.accept()
time.sleep(2)
total = 0
while data := peer.recv(65536):
    total += len(data)
print('total', total, flush=True)
"""

FAST = """
import socket, time
out = socket.create_connection(('a', 6000))
out.setblocking(False)
sent = 0
quiet = 0
while quiet < 40:
    try:
        sent += out.send(bytes(65536))
        quiet = 0
    except BlockingIOError:
        quiet += 1
        time.sleep(0.01)
    if sent > 40_000_000:
        break
print('stopped', sent)
out.setblocking(True)
out.sendall(bytes(1000))
out.shutdown(socket.SHUT_WR)
assert out.recv(1) == b''
print('sent', sent + 1000)
"""


def test_backpressure(world: World) -> None:
    """A reader that sleeps stops its writer, by the window and with bounded buffers; then everything arrives."""
    log = world.start("a", "python3", "-c", SLOW, ready="ready")
    output = world.run("b", "python3", "-c", FAST).stdout
    stopped = int(re.search(r"stopped (\d+)", output).group(1))
    assert stopped < 40_000_000, "nothing stopped the writer"
    sent = re.search(r"sent (\d+)", output).group(1)
    wait_for(lambda: f"total {sent}\n" in log.read_text(), "the whole of it at the reader")


HOLD = """
import socket, sys
if sys.argv[1] == 'serve':
    listener = socket.socket()
    listener.bind(('', 6001))
    listener.listen(1)
    print('ready', flush=True)
    peer, _ = listener.accept()
else:
    peer = socket.create_connection(('a', 6001))
peer.send(b'hello')
peer.recv(5, socket.MSG_WAITALL)
print('connected', flush=True)
try:
    print('end', peer.recv(1), flush=True)
except OSError as error:
    print('end', type(error).__name__, flush=True)
try:
    socket.socket()
    print('more sockets', flush=True)
except OSError as error:
    print('no sockets', error.errno, flush=True)
"""


def test_killed_program(world: World) -> None:
    """A program that is killed ends its connections: the peer reads to the end, and the world goes on."""
    log = world.start("a", "python3", "-c", HOLD, "serve", ready="ready")
    world.start("b", "python3", "-c", HOLD, "client", name="client", ready="connected")
    wait_for(lambda: "connected" in log.read_text(), "the connection")
    world.programs[1].kill()
    wait_for(lambda: "end b''" in log.read_text(), "the end of the stream")
    wait_for(lambda: "more sockets" in log.read_text(), "a socket afterwards")


def test_killed_world(world: World) -> None:
    """A world that is killed: connections are reset, and there are no more sockets."""
    import errno
    log = world.start("a", "python3", "-c", HOLD, "serve", ready="ready")
    world.start("b", "python3", "-c", HOLD, "client", name="client", ready="connected")
    wait_for(lambda: "connected" in log.read_text(), "the connection")
    world.process.kill()
    world.process.wait()
    for name in ("server", "client"):
        text = lambda: (world.directory / f"{name}.log").read_text()
        wait_for(lambda: "sockets" in text(), f"the end of the {name}")
        assert "end ConnectionResetError" in text(), text()
        assert f"no sockets {errno.ENETDOWN}" in text(), text()
    # The name that a killed world leaves behind is taken over by the next one.
    with World(world.fourtuple, "model", world.directory):
        pass
    world.process = subprocess.Popen(["true"])
    world.process.wait()


def test_interrupted_world(world: World) -> None:
    """Ctrl-C ends the world with its report; programs see the end, and nothing is left."""
    log = world.start("a", "python3", "-c", HOLD, "serve", ready="ready")
    world.start("b", "python3", "-c", HOLD, "client", name="client", ready="connected")
    report = world.finish()
    assert report["connections"]["opened"] == 1, report
    wait_for(lambda: "end ConnectionResetError" in log.read_text(), "the reset")
    assert sorted(entry.name for entry in world.directory.iterdir()) == [
        "client.log", "out", "server.log", "world.log"]


def test_only_world(world: World) -> None:
    """With --only-world nothing passes to the system; without it the system's addresses do."""
    script = ("import errno, socket\n"
              "for kind in (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), lambda: socket.socket(socket.AF_INET6),\n"
              "             lambda: socket.create_connection(('127.0.0.1', 1))):\n"
              "    try:\n        kind(); print('passed')\n"
              "    except OSError as error:\n        print(errno.errorcode[error.errno])\n")
    command = world.command("a", "python3", "-c", script)
    assert world.run("a", "python3", "-c", script).stdout.split() == ["passed", "passed", "ECONNREFUSED"]
    command.insert(2, "--only-world")
    output = subprocess.run(command, text=True, capture_output=True, timeout=TIMEOUT_S).stdout
    assert output.split() == ["EAFNOSUPPORT", "EAFNOSUPPORT", "ECONNREFUSED"], output


def test_refused_programs(world: World) -> None:
    """A static program, a setuid one, one that is not there, a host that is not there: one line each, nothing run."""
    static = str(world.tools / "static_program")
    result = world.run("a", static, check=False)
    assert result.returncode == 2 and "statically linked" in result.stderr and result.stderr.count("\n") == 1, result
    if os.geteuid() == 0:
        setuid = world.directory / "setuid"
        shutil.copy("/bin/true", setuid)
        os.chown(setuid, 65534, 65534)
        setuid.chmod(0o4755)
        result = world.run("a", str(setuid), check=False)
        assert result.returncode == 2 and "setuid" in result.stderr and result.stderr.count("\n") == 1, result
    result = world.run("a", "no-such-program", check=False)
    assert result.returncode == 2 and "no-such-program" in result.stderr, result
    result = world.run("c", "true", check=False)
    assert result.returncode == 2 and "no host c" in result.stderr, result
    assert world.run("a", "sh", "-c", "exit 7", check=False).returncode == 7


def test_virtual_time(world: World) -> None:
    """Two runs of a closed loop in virtual time give the same simulated times, and the wire the same digest."""
    program = str(world.tools / "closed_loop")
    world.finish()
    outputs = []
    for attempt in range(2):
        directory = world.directory / f"run-{attempt}"
        directory.mkdir()
        with World(world.fourtuple, world.nic, directory, "--virtual-time", "--start-after=2") as timed:
            timed.start("a", program, "serve", "7", ready="ready")
            output = timed.run("b", program, "a", "7").stdout
            wait_for(lambda: timed.programs[0].poll() is not None, "the end of the server")
            report = timed.finish()
        outputs.append((output, report["digest"], report["sim_time_ps"]))
    assert outputs[0] == outputs[1], "\n".join(map(str, outputs))
    lines = outputs[0][0].split("\n")
    latencies_ns = [int(line) for line in lines[:100]]
    # What the NICs, links and the wire take, and not what this machine takes.
    assert 1_000 < max(latencies_ns) < 100_000, latencies_ns
    assert lines[100] == "poll 0 250000000", lines[100]
    total_ns = int(lines[101].split()[1])
    assert 550_000_000 < total_ns < 560_000_000, total_ns


def test_virtual_time_redis(world: World) -> None:
    """redis-benchmark in virtual time: its latency is the simulated one, a fraction of what this machine takes."""
    need("redis-server", "redis-benchmark")
    world.finish()
    directory = world.directory / "timed"
    directory.mkdir()
    with World(world.fourtuple, world.nic, directory, "--virtual-time", "--start-after=2") as timed:
        log = timed.start("a", "redis-server", "--bind", "10.0.0.1", "--save", "", "--protected-mode", "no", "--dir",
                          str(directory), ready="eady to accept connections")
        output = timed.run("b", "redis-benchmark", "-h", "a", "-c", "1", "-n", "200", "-t", "ping_mbulk,set", "--csv").stdout
    rows = [line.replace('"', "").split(",") for line in output.splitlines() if line.startswith(('"PING', '"SET'))]
    assert len(rows) == 2, output
    for row in rows:
        average_ms = float(row[2])
        assert 0 < average_ms < 0.1, output
    del log


def test_own_world(world: World) -> None:
    """exec without a world makes one; programs on its other host can be attached; it goes away with the program."""
    world.finish()
    server = subprocess.Popen([world.fourtuple, "exec", f"--nic={world.nic}", f"--out={world.directory}/own", "--",
                               "python3", "-u", "-m", "http.server", "--bind", "a", "8000"],
                              cwd=world.directory, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    how = server.stderr.readline()
    socket_path = pathlib.Path(re.search(r"--world=(\S+)", how).group(1))
    assert "Serving HTTP" in server.stdout.readline()
    client = subprocess.run([world.fourtuple, "exec", f"--world={socket_path}", "--host=b", "--", "python3", "-c",
                             "import urllib.request; print(urllib.request.urlopen('http://a:8000/world.log').status)"],
                            text=True, capture_output=True, timeout=TIMEOUT_S)
    assert client.stdout == "200\n", client
    server.terminate()
    _, errors = server.communicate(timeout=TIMEOUT_S)
    assert server.returncode == 128 + signal.SIGTERM, server.returncode
    assert "Run complete" in errors and not socket_path.parent.exists(), errors
    assert (world.directory / "own/wire.pcapng").exists()


def main() -> None:
    fourtuple, nic, name, tools = sys.argv[1:5]
    fourtuple = os.path.abspath(fourtuple)
    test = globals()[f"test_{name}"]
    with tempfile.TemporaryDirectory() as directory:
        world = World(fourtuple, nic, pathlib.Path(directory))
        world.nic = nic
        world.tools = pathlib.Path(tools)
        with world:
            test(world)
    print("passed")


if __name__ == "__main__":
    main()
