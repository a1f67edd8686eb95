# SPDX-License-Identifier: Apache-2.0
"""Files that go over a network, and what has to come out."""

import hashlib
import pathlib


def make_files(root: pathlib.Path, megabytes: int = 3) -> dict[str, str]:
    """Files of 0 bytes ("empty"), 1 byte ("one") and so many MB ("megabytes"); their names with their SHA-256."""
    root.mkdir()
    content = {"empty": b"", "one": b"x", "megabytes": b"".join(
        hashlib.sha256(str(i).encode()).digest() for i in range(megabytes * 1_000_000 // 32))}
    for name, data in content.items():
        (root / name).write_bytes(data)
    return {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}


def check_hash(path: pathlib.Path, expected: str) -> None:
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    assert actual == expected, f"{path.name}: {path.stat().st_size} bytes arrived, with another content"
