#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The simulated NIC against a real Linux: its kernel behind a TAP device, curl, wget, ping, nginx and Python's HTTP server.

Each test makes a network namespace of its own and takes it away again, so nothing of the machine's network is touched.
Exit status 77 (ctest: skipped) where that is not allowed or a program is missing.

    interop.py FOURTUPLE NIC TEST
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from files import check_hash, make_files

SKIPPED = 77
LINUX_ADDRESS = "10.9.0.1"
NIC_ADDRESS = "10.9.0.2"
# A command that takes longer hangs. Generous: these machines are shared, and the RTL is slow.
TIMEOUT_S = 540


def skip(reason: str) -> None:
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run(*command: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(command, check=True, timeout=TIMEOUT_S, text=True, capture_output=True, **options)


class Host:
    """A network namespace with a TAP device between its kernel and a simulated NIC."""

    def __init__(self, fourtuple: str, nic: str, directory: pathlib.Path):
        self.fourtuple = fourtuple
        self.nic = nic
        self.directory = directory
        self.namespace = f"fourtuple-{os.getpid()}"
        self.tap = "tap0"

    def __enter__(self) -> "Host":
        try:
            run("ip", "netns", "add", self.namespace)
        except subprocess.CalledProcessError as error:
            skip(f"network namespaces are not allowed here: {error.stderr.strip()}")
        try:
            # Made beforehand and persistent, so that the address is there before the first frame.
            self.command("ip", "tuntap", "add", "dev", self.tap, "mode", "tap")
        except subprocess.CalledProcessError as error:
            self.__exit__()
            skip(f"TAP devices are not allowed here: {error.stderr.strip()}")
        self.command("ip", "link", "set", "lo", "up")
        self.command("ip", "address", "add", f"{LINUX_ADDRESS}/24", "dev", self.tap)
        self.command("ip", "link", "set", self.tap, "up")
        return self

    def __exit__(self, *_unused) -> None:
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False, capture_output=True)

    def inside(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]

    def command(self, *command: str) -> subprocess.CompletedProcess:
        return run(*self.inside(*command))

    def start(self, *command: str, **options) -> subprocess.Popen:
        return subprocess.Popen(self.inside(*command), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    @contextlib.contextmanager
    def serving(self, root: pathlib.Path):
        """fourtuple serve, ready; at the end Ctrl-C, and its output is checked."""
        server = self.start(self.fourtuple, "serve", f"--tap={self.tap}", f"--address={NIC_ADDRESS}/24", f"--http={root}",
                            f"--nic={self.nic}", f"--out={self.directory}/out")
        try:
            wait_for_line(server, "serving")
            yield server
        finally:
            server.send_signal(signal.SIGINT)
            output, _ = server.communicate(timeout=TIMEOUT_S)
            print(output)
        assert server.returncode == 0, f"serve ended with {server.returncode}"
        assert "requests" in output and "digest" in output, "the summary is missing"


def wait_for_line(process: subprocess.Popen, text: str) -> str:
    for line in process.stdout:
        print(line, end="")
        if text in line:
            return line
    raise AssertionError(f"the process ended without saying {text!r}")


def curls(host: Host, files: dict[str, str], name: str, count: int) -> None:
    """`count` curls at once, each with a file of its own to write."""
    targets = [host.directory / f"{name}-{i}" for i in range(count)]
    clients = [host.start("curl", "-sS", "--fail", "--max-time", str(TIMEOUT_S), "-o", str(target),
                          f"http://{NIC_ADDRESS}/{name}") for target in targets]
    for client, target in zip(clients, targets):
        output, _ = client.communicate(timeout=TIMEOUT_S)
        assert client.returncode == 0, f"curl ended with {client.returncode}: {output}"
        check_hash(target, files[name])
        target.unlink()


def test_serve(host: Host) -> None:
    """curl and wget fetch files of 0 bytes, 1 byte and 10 MB; ping is answered; a wrong name is 404."""
    files = make_files(host.directory / "root", megabytes=10)
    with host.serving(host.directory / "root"):
        ping = host.command("ping", "-c", "3", "-i", "0.2", "-W", "10", NIC_ADDRESS).stdout
        assert "3 received" in ping, ping
        for name in files:
            curls(host, files, name, 1)
        target = host.directory / "by-wget"
        host.command("wget", "-q", "-O", str(target), f"http://{NIC_ADDRESS}/one")
        check_hash(target, files["one"])
        status = host.command("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{NIC_ADDRESS}/nothing").stdout
        assert status == "404", status
        listing = host.command("curl", "-sS", "--fail", f"http://{NIC_ADDRESS}/").stdout
        assert "megabytes" in listing, listing


def test_serve_parallel(host: Host) -> None:
    """20 curls at once."""
    files = make_files(host.directory / "root", megabytes=10)
    with host.serving(host.directory / "root"):
        for name in files:
            curls(host, files, name, 20)


def fetch(host: Host, urls: list[str], targets: list[pathlib.Path], *more: str) -> subprocess.CompletedProcess:
    outputs = [word for target in targets for word in ("-o", str(target))]
    return subprocess.run(host.inside(host.fourtuple, "fetch", f"--tap={host.tap}", f"--address={NIC_ADDRESS}/24",
                                      f"--nic={host.nic}", *urls, *outputs, *more),
                          text=True, capture_output=True, timeout=TIMEOUT_S, check=False)


def fetch_all(host: Host, files: dict[str, str], port: int) -> None:
    base = f"http://{LINUX_ADDRESS}:{port}"
    for name in files:
        target = host.directory / f"fetched-{name}"
        result = fetch(host, [f"{base}/{name}"], [target])
        assert result.returncode == 0, result.stdout + result.stderr
        check_hash(target, files[name])
    for name in files:
        targets = [host.directory / f"fetched-{name}-{i}" for i in range(20)]
        result = fetch(host, [f"{base}/{name}"] * 20, targets)
        assert result.returncode == 0, result.stdout + result.stderr
        for target in targets:
            check_hash(target, files[name])
            target.unlink()
    missing = host.directory / "missing"
    result = fetch(host, [f"{base}/nothing"], [missing])
    assert result.returncode == 1 and "404" in result.stderr, result.stdout + result.stderr
    assert not missing.exists(), "a failed fetch left its output behind"


def wait_until_listening(host: Host, port: int) -> None:
    for _ in range(10 * TIMEOUT_S):
        if re.search(rf":{port}\b", host.command("ss", "-ltnH").stdout):
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on port {port}")


def test_fetch_nginx(host: Host) -> None:
    """Files of nginx, one at a time and 20 at once."""
    if shutil.which("nginx") is None:
        skip("nginx is missing")
    files = make_files(host.directory / "root", megabytes=10)
    # Its workers give up root, and the temporary directory is for its owner only.
    host.directory.chmod(0o755)
    config = host.directory / "nginx.conf"
    config.write_text(f"""
        pid {host.directory}/nginx.pid;
        error_log stderr warn;
        daemon off;
        events {{}}
        http {{
          access_log off;
          client_body_temp_path {host.directory}/body;
          proxy_temp_path {host.directory}/proxy;
          fastcgi_temp_path {host.directory}/fastcgi;
          uwsgi_temp_path {host.directory}/uwsgi;
          scgi_temp_path {host.directory}/scgi;
          server {{ listen {LINUX_ADDRESS}:8080; root {host.directory}/root; }}
        }}""")
    server = host.start("nginx", "-c", str(config), "-p", str(host.directory))
    try:
        wait_until_listening(host, 8080)
        fetch_all(host, files, 8080)
    finally:
        server.terminate()
        print(server.communicate(timeout=TIMEOUT_S)[0])


def test_fetch_python(host: Host) -> None:
    """A file of Python's http.server; then nobody listens, and then nobody is there."""
    files = make_files(host.directory / "root", megabytes=10)
    server = host.start("python3", "-m", "http.server", "8000", "--bind", LINUX_ADDRESS, "--directory", str(host.directory / "root"))
    try:
        wait_until_listening(host, 8000)
        target = host.directory / "fetched"
        result = fetch(host, [f"http://{LINUX_ADDRESS}:8000/megabytes"], [target])
        assert result.returncode == 0, result.stdout + result.stderr
        check_hash(target, files["megabytes"])
    finally:
        server.terminate()
        server.communicate(timeout=TIMEOUT_S)
    refused = fetch(host, [f"http://{LINUX_ADDRESS}:8000/one"], [host.directory / "refused"])
    assert refused.returncode == 1 and "refused" in refused.stderr, refused.stdout + refused.stderr
    nobody = fetch(host, ["http://10.9.0.77:8000/one"], [host.directory / "nobody"])
    assert nobody.returncode == 1 and "No route to host" in nobody.stderr, nobody.stdout + nobody.stderr


TESTS = {name[5:]: function for name, function in globals().items() if name.startswith("test_")}


def main() -> int:
    if len(sys.argv) != 4 or sys.argv[3] not in TESTS:
        print(f"usage: interop.py FOURTUPLE rtl|model {'|'.join(TESTS)}", file=sys.stderr)
        return 2
    for program in ("ip", "ss", "curl", "wget", "ping"):
        if shutil.which(program) is None:
            skip(f"{program} is missing")
    if os.geteuid() != 0:
        skip("network namespaces need root")
    with tempfile.TemporaryDirectory(prefix="fourtuple-interop-") as directory:
        with Host(os.path.abspath(sys.argv[1]), sys.argv[2], pathlib.Path(directory)) as host:
            TESTS[sys.argv[3]](host)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
