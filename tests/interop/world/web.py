# SPDX-License-Identifier: Apache-2.0
"""HTTP: curl, wget and wrk against nginx, urllib against http.server."""

import os
import re
import time

from files import check_hash, make_files
from simulated_hosts import need, wait_for, World


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


def test_python_http(world: World) -> None:
    """http.server and urllib, with host names and getpeername."""
    files = make_files(world.directory / "site")
    log = world.start("a", "python3", "-u", "-m", "http.server", "--bind", "a", "--directory",
                      str(world.directory / "site"), "8000", ready="Serving HTTP on 10.0.0.1")
    script = ("import hashlib, urllib.request\n"
              "for name in ('empty', 'one', 'megabytes'):\n"
              "    print(name, hashlib.sha256(urllib.request.urlopen('http://a:8000/' + name, timeout=300).read()).hexdigest())\n")
    output = world.run("b", "python3", "-c", script).stdout
    for name, expected in files.items():
        assert f"{name} {expected}" in output, output
    assert "10.0.0.2 - -" in log.read_text(), "the server saw another address"
