# SPDX-License-Identifier: Apache-2.0
"""Programs that live by the simulated clock."""

import re
import signal

from simulated_hosts import need, Setup, wait_for


def test_virtual_time(setup: Setup) -> None:
    """Two runs of a closed loop in virtual time give the same simulated times, and the wire the same digest."""
    program = str(setup.tools / "closed_loop")
    outputs = []
    for attempt in range(2):
        with setup.world("--virtual-time", "--start-after=2", name=f"run-{attempt}") as timed:
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


def test_virtual_time_redis(setup: Setup) -> None:
    """redis-benchmark in virtual time: its latency is the simulated one, a fraction of what this machine takes."""
    need("redis-server", "redis-benchmark")
    with setup.world("--virtual-time", "--start-after=2") as timed:
        timed.start("a", "redis-server", "--bind", "10.0.0.1", "--save", "", "--protected-mode", "no", "--dir",
                    str(timed.directory), ready="eady to accept connections")
        output = timed.run("b", "redis-benchmark", "-h", "a", "-c", "1", "-n", "200", "-t", "ping_mbulk,set", "--csv").stdout
    rows = [line.replace('"', "").split(",") for line in output.splitlines() if line.startswith(('"PING', '"SET'))]
    assert len(rows) == 2, output
    for row in rows:
        average_ms = float(row[2])
        assert 0 < average_ms < 0.1, output


# Accepts nobody: the connection waits in the queue.
MUTE = """
import signal, socket
listener = socket.socket()
listener.bind(('10.0.0.1', 7))
listener.listen(1)
print('ready', flush=True)
signal.pause()
"""

LIMIT_NS = 600_000_000_000


def test_virtual_time_waits(setup: Setup) -> None:
    """Waits of ten minutes of every kind last ten minutes of simulated time, and end at once."""
    with setup.world("--virtual-time", "--start-after=2") as timed:
        timed.start("a", "python3", "-c", MUTE, ready="ready")
        lines = timed.run("b", str(setup.tools / "timed_waits"), "10.0.0.1").stdout.splitlines()
    took_ns = {what: (how, int(ns)) for what, how, ns in
               (re.match(r"(.*): (.*) after (\d+) ns", line).groups() for line in lines if " after " in line)}
    timed_out = "Connection timed out"
    assert took_ns.pop("pthread_cond_timedwait in time") == ("ok", 10_000_000_000), lines
    assert took_ns.pop("sem_timedwait in time") == ("ok", 10_000_000_000), lines
    assert took_ns.pop("setitimer, twice") == ("ok", 2 * LIMIT_NS), lines
    assert took_ns == {
        "pthread_cond_timedwait": (timed_out, LIMIT_NS),
        "pthread_cond_clockwait": (timed_out, LIMIT_NS),
        "sem_timedwait": (timed_out, LIMIT_NS),
        "timerfd, epoll": ("ok", LIMIT_NS),
        "alarm, pause": ("ok", LIMIT_NS),
        "accept": ("Resource temporarily unavailable", LIMIT_NS),
        "recv": ("Resource temporarily unavailable", LIMIT_NS),
        "send": ("Resource temporarily unavailable", LIMIT_NS),
    }, lines
    assert "timerfd: 3 times, 590 s left" in lines and "alarms: 3, 600 s left" in lines, lines
    least_s = [int(found[1]) for line in lines if (found := re.match(r"(?:timerfd|setitimer): at least (\d+) s left", line))]
    assert len(least_s) == 2 and min(least_s) >= 9, lines


def test_virtual_time_threads(setup: Setup) -> None:
    """Threads that wait with a limit at the same time, alarms set in their own handler, and children of fork."""
    with setup.world("--virtual-time") as timed:
        assert timed.run("a", str(setup.tools / "racing_timers"), "fork").stdout == "all over\n"


PYTHON_WAITS = """
import threading, time
event = threading.Event()
began = time.monotonic()
event.wait(500)
print('event', round(time.monotonic() - began, 6))
threading.Timer(100, event.set).start()
began = time.monotonic()
event.wait(500)
print('timer', round(time.monotonic() - began, 3))
"""


def test_virtual_time_python(setup: Setup) -> None:
    """Python's own locks, events and timers with a limit."""
    with setup.world("--virtual-time") as timed:
        assert timed.run("a", "python3", "-c", PYTHON_WAITS).stdout.split() == ["event", "500.0", "timer", "100.0"]


OUTLIVES = """
import socket, threading, time
print('ready', flush=True)
began = time.monotonic()
while time.monotonic() < began + 600:
    try:
        socket.socket().close()
        time.sleep(0.001)
    except OSError:
        break
began = time.monotonic()
time.sleep(0.5)
threading.Event().wait(0.5)
print('over' if 1 <= time.monotonic() - began < 100 else 'not over', flush=True)
"""


def test_virtual_time_ends(setup: Setup) -> None:
    """When the world is gone, clocks go on with the wall clock: a program that waits for a time comes to its end."""
    for ending in (signal.SIGINT, signal.SIGKILL):
        timed = setup.world("--virtual-time", "--start-after=2", name=ending.name).start_up()
        log = timed.start("a", "python3", "-c", OUTLIVES, ready="ready")
        timed.process.send_signal(ending)
        wait_for(lambda: timed.programs[0].poll() is not None, "the end of the program")
        assert log.read_text() == "ready\nover\n", log.read_text()
