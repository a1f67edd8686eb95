# SPDX-License-Identifier: Apache-2.0
"""A world, and programs on its hosts; what tests of it share."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

SKIPPED = 77
# A command that takes longer hangs. Generous: these machines are shared, and the RTL is slow.
TIMEOUT_S = 540


def skip(reason: str) -> None:
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            skip(f"{program} is not installed")


def wait_for(condition, what: str, seconds: float = TIMEOUT_S) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come to be"
        time.sleep(0.02)


class World:
    """fourtuple world with the hosts a (10.0.0.1) and b (10.0.0.2), unless the options say otherwise, and programs on
    them."""

    def __init__(self, setup: "Setup", directory: pathlib.Path, *options: str):
        self.fourtuple = setup.fourtuple
        self.tools = setup.tools
        self.directory = directory
        self.socket = directory / "w.sock"
        self.out = directory / "out"
        self.log = directory / "world.log"
        self.options = [f"--nic={setup.nic}", f"--socket={self.socket}", f"--out={self.out}", *options]
        self.programs: list[subprocess.Popen] = []

    def start_up(self) -> "World":
        with self.log.open("w") as log:
            self.process = subprocess.Popen([self.fourtuple, "world", *self.options], stdout=log, stderr=log)
        wait_for(lambda: "Ctrl-C" in self.log.read_text() or self.process.poll() is not None, "the world")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __enter__(self) -> "World":
        return self.start_up()

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


class Setup:
    """What a test is run with."""

    def __init__(self, fourtuple: str, nic: str, directory: pathlib.Path, tools: pathlib.Path):
        self.fourtuple = fourtuple
        self.nic = nic
        self.directory = directory
        self.tools = tools

    def world(self, *options: str, name: str = "") -> World:
        """A world in the test's directory, or in a new one there if it has a name."""
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        return World(self, directory, *options)
