#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unmodified programs on simulated hosts: fourtuple world and exec with programs of Debian and of the tests' own.

Exit status 77 (ctest: skipped) where a program is missing.

    world_interop.py FOURTUPLE NIC TEST DIRECTORY-OF-TEST-PROGRAMS
"""

import importlib
import inspect
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "world"))

from simulated_hosts import Setup  # noqa: E402

MODULES = ("networks", "processes", "redis", "sockets", "streams", "virtual_time", "web")


def find_test(name: str):
    for module in map(importlib.import_module, MODULES):
        if found := getattr(module, f"test_{name}", None):
            return found
    sys.exit(f"there is no test {name}")


def main() -> None:
    fourtuple, nic, name, tools = sys.argv[1:5]
    test = find_test(name)
    print(inspect.getdoc(test))
    with tempfile.TemporaryDirectory() as directory:
        setup = Setup(os.path.abspath(fourtuple), nic, pathlib.Path(directory), pathlib.Path(tools))
        # A test takes a world that is there, or makes its own.
        if "world" in inspect.signature(test).parameters:
            with setup.world() as world:
                test(world)
        else:
            test(setup)
    print("passed")


if __name__ == "__main__":
    main()
