# SPDX-License-Identifier: Apache-2.0
"""Other networks than two hosts with a cable, and worlds of a program's own."""

import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys

from files import check_hash, make_files
from simulated_hosts import need, Setup, skip, TIMEOUT_S, wait_for, World


def test_own_world(setup: Setup) -> None:
    """exec without a world makes one; programs on its other host can be attached; it goes away with the program."""
    (setup.directory / "file").write_text("content")
    server = subprocess.Popen([setup.fourtuple, "exec", f"--nic={setup.nic}", f"--out={setup.directory}/own", "--",
                               "python3", "-u", "-m", "http.server", "--bind", "a", "8000"],
                              cwd=setup.directory, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    how = server.stderr.readline()
    socket_path = pathlib.Path(re.search(r"--world=(\S+)", how).group(1))
    assert "Serving HTTP" in server.stdout.readline()
    client = subprocess.run([setup.fourtuple, "exec", f"--world={socket_path}", "--host=b", "--", "python3", "-c",
                             "import urllib.request; print(urllib.request.urlopen('http://a:8000/file').read())"],
                            text=True, capture_output=True, timeout=TIMEOUT_S)
    assert client.stdout == "b'content'\n", client
    server.terminate()
    _, errors = server.communicate(timeout=TIMEOUT_S)
    assert server.returncode == 128 + signal.SIGTERM, server.returncode
    assert "Run complete" in errors and not socket_path.parent.exists(), errors
    assert (setup.directory / "own/wire.pcapng").exists()


def test_three_hosts(setup: Setup) -> None:
    """Three hosts with a switch: both clients reach the server, and the report has the switch's ports."""
    with setup.world("--hosts=a,b,c") as world:
        files = make_files(world.directory / "site")
        world.start("a", "python3", "-u", "-m", "http.server", "--bind", "a", "--directory",
                    str(world.directory / "site"), "8000", ready="Serving HTTP on 10.0.0.1")
        for host in ("b", "c"):
            target = world.directory / f"by-{host}"
            world.run(host, "curl", "-sS", "--fail", "-o", str(target), "http://a:8000/megabytes")
            check_hash(target, files["megabytes"])
        report = world.finish()
        assert list(report["switch"]) == ["a", "b", "c"] and report["connections"]["opened"] == 2, report


SCENARIO = """
[pcie]
generation = 3
lanes = 8
[link]
rate_gbit = 10
delay_ns = 5000
[[hosts]]
name = "web"
address = "192.168.7.10/24"
[[hosts]]
name = "laptop"
address = "192.168.7.20/24"
nic.kind = "model"
[[impairments]]
from = "web"
loss = 0.02
"""


def test_scenario_world(setup: Setup) -> None:
    """Hosts, addresses, links and impairments of a scenario file; a file arrives intact over a wire that loses."""
    (setup.directory / "lossy.toml").write_text(SCENARIO)
    with setup.world(str(setup.directory / "lossy.toml")) as world:
        files = make_files(world.directory / "site")
        world.start("web", "python3", "-u", "-m", "http.server", "--bind", "web", "--directory",
                    str(world.directory / "site"), "8000", ready="Serving HTTP on 192.168.7.10")
        target = world.directory / "fetched"
        world.run("laptop", "curl", "-sS", "--fail", "-o", str(target), "http://192.168.7.10:8000/megabytes")
        check_hash(target, files["megabytes"])
        report = world.finish()
        assert report["wire"]["impairments"]["from_web"]["lost_random"] > 0, report["wire"]


def test_sockets_listed(setup: Setup) -> None:
    """fourtuple ss and tables show what a running world's hosts have; --ss-at lists it at a simulated time."""
    with setup.world("--ss-at=1s", f"--events={setup.directory}/events.jsonl") as world:
        world.start("a", "python3", "-u", "-m", "http.server", "--bind", "a", "8000", ready="Serving HTTP")
        all_hosts = subprocess.run([setup.fourtuple, "ss", f"--world={world.socket}"], text=True, capture_output=True,
                                   check=True).stdout
        assert "LISTEN" in all_hosts and "10.0.0.1:8000" in all_hosts, all_hosts
        assert "a at " in all_hosts and "b at " in all_hosts, all_hosts
        one = subprocess.run([setup.fourtuple, "ss", f"--world={world.socket}", "--host=b"], text=True,
                             capture_output=True, check=True).stdout
        assert "LISTEN" not in one and "b at " in one, one
        wrong = subprocess.run([setup.fourtuple, "ss", f"--world={world.socket}", "--host=c"], text=True,
                               capture_output=True)
        assert wrong.returncode == 2 and "no host c" in wrong.stderr, wrong
        tables = subprocess.run([setup.fourtuple, "tables", f"--world={world.socket}", "--host=a"], text=True,
                                capture_output=True, check=True).stdout
        assert "8000" in tables and "a at " in tables, tables
        drawing = subprocess.run([setup.fourtuple, "tables", f"--world={world.socket}", "--host=a", "--format=dot"],
                                 text=True, capture_output=True, check=True).stdout
        assert drawing.startswith("digraph") and "8000" in drawing, drawing
        world.run("b", "curl", "-sS", "-o", "/dev/null", "http://a:8000/")
        wait_for(lambda: simulated_s(setup, world) > 1, "a second of simulated time")
        world.finish()
        assert "LISTEN" in (world.out / "ss.txt").read_text()
        assert (setup.directory / "events.jsonl").stat().st_size > 0


def simulated_s(setup: Setup, world: World) -> float:
    listed = subprocess.run([setup.fourtuple, "ss", f"--world={world.socket}"], text=True, capture_output=True).stdout
    return int(re.search(r"at (\d+) ns", listed).group(1)) / 1e9


CLONE_NEWNET = 0x40000000  # Linux: sched.h.

TAP_SERVER = """
import http.server
http.server.HTTPServer(('10.0.0.250', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def make_tap_device(name: str, address: str) -> None:
    """A TAP device of the kernel's with an address, in a network namespace that this process and its children then have
    to themselves. Takes a user who may do that."""
    need("ip")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        skip(f"network namespaces are not allowed here: {os.strerror(ctypes.get_errno())}")
    made = subprocess.run(["ip", "tuntap", "add", "dev", name, "mode", "tap"], capture_output=True, text=True)
    if made.returncode != 0:
        skip(f"TAP devices are not allowed here: {made.stderr.strip()}")
    for command in ("link set lo up", f"address add {address} dev {name}", f"link set {name} up"):
        subprocess.run(["ip", *command.split()], check=True)


def test_tap(setup: Setup) -> None:
    """A TAP device as the peer: Linux's TCP at the other side, both ways, with one host and with two and a switch."""
    files = make_files(setup.directory / "site")
    make_tap_device("tap0", "10.0.0.250/24")
    # A program in a world of its own fetches from a server of the system's.
    server = subprocess.Popen([sys.executable, "-c", TAP_SERVER], cwd=setup.directory / "site",
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        target = setup.directory / "from-the-system"
        command = [setup.fourtuple, "exec", f"--nic={setup.nic}", "--tap=tap0", "--hosts=a", "--", "curl", "-sS",
                   "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "--fail", "-o", str(target),
                   "http://10.0.0.250:8000/megabytes"]
        subprocess.run(command, check=True, timeout=TIMEOUT_S)
        check_hash(target, files["megabytes"])
    finally:
        server.kill()
        server.wait()
    # And the system fetches from a program in a world.
    with setup.world("--tap=tap0") as world:
        world.start("b", "python3", "-u", "-m", "http.server", "--bind", "b", "--directory",
                    str(setup.directory / "site"), "8000", ready="Serving HTTP on 10.0.0.2")
        target = setup.directory / "from-the-world"
        subprocess.run(["curl", "-sS", "--fail", "-o", str(target), "http://10.0.0.2:8000/megabytes"], check=True,
                       timeout=TIMEOUT_S)
        check_hash(target, files["megabytes"])
        report = world.finish()
        assert sorted(report["switch"]) == ["a", "b", "tap"], report


def test_own_host(world: World) -> None:
    """A program reaches one on its own host by the host's name, without a frame on the wire."""
    files = make_files(world.directory / "site")
    world.start("a", "python3", "-u", "-m", "http.server", "--bind", "a", "--directory", str(world.directory / "site"),
                "8000", ready="Serving HTTP on 10.0.0.1")
    target = world.directory / "by-itself"
    world.run("a", "curl", "-sS", "--fail", "-o", str(target), "http://a:8000/megabytes")
    check_hash(target, files["megabytes"])
    report = world.finish()
    assert report["connections"]["opened"] == 1 and report["wire"]["frames"] == 0, report
