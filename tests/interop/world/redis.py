# SPDX-License-Identifier: Apache-2.0
"""redis-server and redis-benchmark."""

import re

from simulated_hosts import need, World


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
