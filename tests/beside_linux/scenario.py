# SPDX-License-Identifier: Apache-2.0
"""Random scenarios: what a program does with one connection, and how the peer behaves. All of it follows from the seed."""
import dataclasses
import random

KINDS = ("send", "recv", "close")
SEND_FLAGS = (0, 0, 0, 0, 0x8000, 0x80)  # None for the most part; MSG_MORE; MSG_EOR.


@dataclasses.dataclass
class Scenario:
    seed: int
    kind: str
    mss: int
    sack: bool
    timestamps: bool
    wscale: object  # None: no window scaling.
    rtt_us: int
    settings: dict
    congestion: str
    ecn: bool
    is_client: bool
    window: int
    nodelay: bool
    rcvbuf: int = 0
    duration_us: int = 3_000_000
    calls: list = dataclasses.field(default_factory=list)  # (time, name, bytes, flags)
    loss: object = ()  # Numbers of data segments that are lost, or a probability.
    reordering: float = 0
    ack_every: object = 1  # 1, 2, or "burst".
    ack_loss: float = 0
    segments: list = dataclasses.field(default_factory=list)  # (time, seq, end_seq) of the peer's
    fin: object = None  # (time, seq)


def make(seed, kind):
    r = random.Random(seed * len(KINDS) + KINDS.index(kind))
    mss, wscale = r.choice([1000, 1000, 1460, 536]), r.choice([None, 7, 7, 0, 3])
    settings = {}
    for probability, name, values in (
            (0.2, "tcp_min_tso_segs", (1, 4)), (0.2, "tcp_early_retrans", (0,)), (0.15, "tcp_recovery", (0,)),
            (0.2, "tcp_slow_start_after_idle", (1,)), (0.15, "tcp_frto", (0,)), (0.1, "tcp_dsack", (0,)), (0.1, "tcp_reordering", (5,))):
        if r.random() < probability:
            settings[name] = r.choice(values)
    # No round numbers: what decides in a tie is the time between two instructions.
    s = Scenario(seed=seed, kind=kind, mss=mss, sack=r.random() < 0.85, timestamps=r.random() < 0.5, wscale=wscale,
                 rtt_us=r.choice([23, 53, 103, 103, 197]) * 1000 + r.randint(0, 900), settings=settings, congestion=r.choice(["cubic", "cubic", "reno"]),
                 ecn=r.random() < 0.12, is_client=r.random() < 0.3, nodelay=r.random() < 0.4,
                 window=r.choice([1000, 1000, 20000, 65535] if wscale else [20000, 65535, 8000]))
    s.ack_every, s.ack_loss = r.choice([1, 1, 2, "burst"]), r.choice([0, 0, 0, 0.1, 0.3])
    s.reordering = r.choice([0, 0, 0, 0.1, 0.3])
    s.loss = r.choice([(), (), r.choice([0.02, 0.05, 0.1, 0.2, 0.4]), tuple(sorted(r.sample(range(30), r.randint(1, 5))))])
    if kind == "recv":
        _add_receiving(s, r)
    else:
        _add_sending(s, r)
    return s


def _add_sending(s, r):
    time = 0
    for _ in range(r.choice([1, 1, 2, 3, 5])):
        s.calls.append((time, "send", r.choice([100, 500, 1000, 1000 * r.randint(1, 40), 10000, 20000, 14600, 60000]), r.choice(SEND_FLAGS)))
        time += r.choice([0, 0, 5_000, 50_000, 300_000, 700_000])
    if s.kind == "close" or r.random() < 0.6:
        s.calls.append((time + r.choice([0, 0, 100_000]), r.choice(["close", "shutdown"]), 0, 0))


def _add_receiving(s, r):
    total = r.randint(1, 30)
    edges = [1 + i * s.mss + (r.randint(0, s.mss - 1) if r.random() >= 0.8 else 0) for i in range(total + 1)]
    order = list(zip(edges, edges[1:]))
    how = r.choice(["order", "order", "swap", "shuffle", "twice", "overlap"])
    if how == "swap":
        for i in range(total - 1):
            if r.random() < 0.3:
                order[i], order[i + 1] = order[i + 1], order[i]
    elif how == "shuffle":
        r.shuffle(order)
    elif how == "twice":
        order = [segment for segment in order for _ in range(r.choice([1, 1, 2]))]
    elif how == "overlap":
        order = [(max(1, a - r.choice([0, 0, 300, 1000])), b + r.choice([0, 0, 300])) for a, b in order]
    if how != "order":
        order += [segment for segment in zip(edges, edges[1:]) if r.random() < 0.5]
    gap, time = r.choice([0, 500, 5_000, 20_000, 60_000]), 50_000
    for a, b in order:
        if a < b:
            s.segments.append((time, a, b))
        time += gap if r.random() < 0.9 else 100_000
    if r.random() < 0.5:
        s.fin = (time + r.choice([0, 50_000]), edges[-1])
    call_time = 60_000
    for _ in range(r.randint(0, 6)):
        s.calls.append((call_time, "read", r.choice([100, 1000, 5000, 100_000]), 0))
        call_time += r.choice([1_000, 30_000, 200_000])
        if r.random() < 0.3:
            s.calls.append((call_time, "send", r.choice([10, 500, 3000]), 0))
            call_time += r.choice([0, 5_000])
    if r.random() < 0.4:
        s.calls.append((call_time, r.choice(["close", "shutdown"]), 0, 0))
    if r.random() < 0.15:
        s.rcvbuf = r.choice([4000, 10000, 30000])
    s.duration_us = max(time, call_time) + 1_500_000
