# SPDX-License-Identifier: Apache-2.0
"""Streams in both directions: iperf3, asyncio, socat, OpenSSH."""

import json
import os
import pathlib
import shutil
import subprocess

from files import check_hash, make_files
from simulated_hosts import need, TIMEOUT_S, wait_for, World


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


def start_sshd(world: World) -> list[str]:
    """sshd on host a with keys and a configuration of its own; what ssh on another host is called with."""
    need("sshd", "ssh", "ssh-keygen")
    if os.geteuid() == 0 and not pathlib.Path("/run/sshd").is_dir():
        pathlib.Path("/run/sshd").mkdir(mode=0o755)  # Where it puts its unprivileged child; a service manager makes it.
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(world.directory / key)], check=True)
    shutil.copy(world.directory / "user.pub", world.directory / "authorized")
    host_key = (world.directory / "host.pub").read_text().split()
    (world.directory / "known").write_text(f"a {host_key[0]} {host_key[1]}\n")
    (world.directory / "sshd_config").write_text(
        f"Port 22\nListenAddress 10.0.0.1\nHostKey {world.directory}/host\nPidFile none\n"
        f"AuthorizedKeysFile {world.directory}/authorized\nStrictModes no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nUsePAM no\nPermitRootLogin prohibit-password\nPrintMotd no\n")
    # With its whole path, for it starts itself again for each connection.
    world.start("a", shutil.which("sshd"), "-D", "-e", "-f", str(world.directory / "sshd_config"), ready="listening on")
    return ["ssh", "-F", "none", "-i", str(world.directory / "user"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={world.directory}/known", "-o", "StrictHostKeyChecking=yes", "a"]


def test_ssh(world: World) -> None:
    """OpenSSH: a file through a command at the other side and back, its exit status, and several sessions at once."""
    ssh = start_sshd(world)
    files = make_files(world.directory / "site")
    target = world.directory / "by-ssh"
    with (world.directory / "site/megabytes").open("rb") as source, target.open("wb") as copy:
        subprocess.run(world.command("b", *ssh, "cat"), stdin=source, stdout=copy, check=True, timeout=TIMEOUT_S)
    check_hash(target, files["megabytes"])
    assert world.run("b", *ssh, "exit 7", check=False, stdin=subprocess.DEVNULL).returncode == 7
    sessions = [subprocess.Popen(world.command("b", *ssh, f"echo session {i}"), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, text=True) for i in range(3)]
    for i, session in enumerate(sessions):
        assert session.communicate(timeout=TIMEOUT_S)[0] == f"session {i}\n" and session.returncode == 0, i
