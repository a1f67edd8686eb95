# SPDX-License-Identifier: Apache-2.0
"""Threads, forks, and ends of all kinds: of programs and of worlds."""

import errno
import os
import shutil
import signal
import socket
import subprocess

from simulated_hosts import need, Setup, TIMEOUT_S, wait_for, World


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


def test_killed_world(setup: Setup) -> None:
    """A world that is killed: connections are reset, and there are no more sockets."""
    world = setup.world().start_up()
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
    wait_for(lambda: not world.socket.exists(), "the end of the socket's name")
    result = world.run("a", "true", check=False)
    assert result.returncode == 2 and "there is no world at" in result.stderr and result.stderr.count("\n") == 1, result
    # A name that was left behind all the same is taken over by the next one.
    left = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.bind(str(world.socket))
    left.close()
    result = world.run("a", "true", check=False)
    assert result.returncode == 2 and "Connection refused" in result.stderr and result.stderr.count("\n") == 1, result
    with setup.world():
        pass


def test_killed_own_world(setup: Setup) -> None:
    """exec with a world of its own is killed, with its process group: its program has no network any more, and nothing
    is left in the file system."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(setup.directory)}
    before = set(setup.directory.iterdir())
    script = ("import socket, time\nprint('ready', flush=True)\n"
              "while True:\n    socket.socket().close()\n    time.sleep(0.05)\n")
    for options in ([], ["--virtual-time"]):
        # A session of its own: nothing but the group is ended.
        owner = subprocess.Popen([setup.fourtuple, "exec", f"--nic={setup.nic}", *options, "--", "python3", "-c", script],
                                 env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        assert owner.stdout.readline() == "ready\n"
        assert len(set(setup.directory.iterdir()) - before) == 1
        owner.kill()
        # The end of its pipes comes with the end of the program.
        _, errors = owner.communicate(timeout=TIMEOUT_S)
        assert "Network is down" in errors, errors
        wait_for(lambda: set(setup.directory.iterdir()) == before, "the end of the directory")
    owner = subprocess.Popen([setup.fourtuple, "exec", f"--nic={setup.nic}", "--", "python3", "-c", script],
                             env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert owner.stdout.readline() == "ready\n"
    os.killpg(owner.pid, signal.SIGKILL)
    owner.communicate(timeout=TIMEOUT_S)
    wait_for(lambda: set(setup.directory.iterdir()) == before, "the end of the directory")


ACCEPT_ERRORS = """
import selectors, socket, time
listener = socket.socket()
listener.bind(('', 6002))
listener.listen(1)
listener.setblocking(False)
events = selectors.DefaultSelector()
events.register(listener, selectors.EVENT_READ)
print('ready', flush=True)
events.select()
begin = time.monotonic()
for _ in range(5):
    events.select()
    try:
        listener.accept()
    except OSError as error:
        print(error.errno, flush=True)
print('%.2f' % (time.monotonic() - begin), flush=True)
"""


def test_server_without_world(setup: Setup) -> None:
    """A server whose event loop goes on after the end of its world does not turn at full speed, or fill a disk with its
    messages."""
    world = setup.world().start_up()
    log = world.start("a", "python3", "-c", ACCEPT_ERRORS, ready="ready")
    world.finish()
    wait_for(lambda: world.programs[0].poll() is not None, "the end of the server")
    words = log.read_text().split()
    assert words[1:-1] == [str(errno.ENETDOWN)] * 5 and float(words[-1]) >= 0.5, words


def test_interrupted_world(world: World) -> None:
    """Ctrl-C ends the world with its report; programs see the end, and nothing is left."""
    log = world.start("a", "python3", "-c", HOLD, "serve", ready="ready")
    world.start("b", "python3", "-c", HOLD, "client", name="client", ready="connected")
    # timeout(1) and Ctrl-C typed twice send it more than once.
    for _ in range(3):
        world.process.send_signal(signal.SIGINT)
    report = world.finish()
    assert world.process.returncode == 0 and "Run complete" in world.log.read_text(), world.log.read_text()
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
    # In the world alone 127.0.0.1 is the host's own, and an address that is on no network cannot be reached.
    command[-1] = script.replace("('127.0.0.1', 1))):", "('127.0.0.1', 1)), lambda: socket.create_connection(('192.0.2.1', 1))):")
    command.insert(2, "--only-world")
    output = subprocess.run(command, text=True, capture_output=True, timeout=TIMEOUT_S).stdout
    assert output.split() == ["EAFNOSUPPORT", "EAFNOSUPPORT", "ECONNREFUSED", "ENETUNREACH"], output


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
