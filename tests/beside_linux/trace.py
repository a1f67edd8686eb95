# SPDX-License-Identifier: Apache-2.0
"""What happened in a scenario, and where two accounts of it part. An entry is (kind, time in us, value)."""

# Depends on how finely a clock ticks, or on how fast a machine is.
NOT_COMPARED = {
    "rto", "rtt", "rttvar", "rcv_rtt", "ato", "min_rtt", "pacing_rate", "max_pacing_rate", "delivery_rate", "busy_time", "rwnd_limited",
    "sndbuf_limited", "last_data_sent", "last_ack_sent", "last_data_recv", "last_ack_recv", "app_limited", "rcv_wnd", "rehash", "echo",
}
TOLERANCE_US = 9_000  # Two ticks of a kernel with 250 of them a second, and a little.
WHEEL_PART = 0.14  # Linux's timer wheel lets timers fire an eighth too late.


def _compared(entry):
    kind, _, value = entry
    if isinstance(value, dict):
        value = sorted((name, str(v)) for name, v in value.items() if name not in NOT_COMPARED)
    return kind, str(value)


def first_difference(ours, linux):
    """(index, what differs), or None."""
    for i, (a, b) in enumerate(zip(ours, linux)):
        if _compared(a) != _compared(b):
            return i, describe_difference(a, b)
        if a[0] == "out" and i > 0:
            gap, their_gap = a[1] - ours[i - 1][1], b[1] - linux[i - 1][1]
            timer = max(a[1] - earlier[1] for earlier in ours[max(0, i - 8) : i + 1])
            if not -TOLERANCE_US <= their_gap - gap <= TOLERANCE_US + WHEEL_PART * timer:
                return i, f"out {gap / 1000:.1f} ms later here, {their_gap / 1000:.1f} ms there"
    if len(ours) != len(linux):
        return min(len(ours), len(linux)), f"{len(ours)} entries here, {len(linux)} there"
    return None


def describe_difference(a, b):
    if a[0] == b[0] and isinstance(a[2], dict) and isinstance(b[2], dict):
        names = [name for name in sorted(set(a[2]) | set(b[2])) if a[2].get(name) != b[2].get(name) and name not in NOT_COMPARED]
        return f"{a[0]}: " + ", ".join(f"{name} {a[2].get(name)} here, {b[2].get(name)} there" for name in names)
    return f"{show(a).strip()} here, {show(b).strip()} there"


def show(entry):
    kind, time, value = entry
    if kind == "out" and isinstance(value, dict):
        text = f"{value['flags']} {value['seq']}:{value['seq'] + value['bytes']}({value['bytes']}) ack {value['ack']} win {value['win']}"
        if "sack" in value:
            text += f" sack {value['sack']}"
        return f"{time / 1000:10.1f} > {text}"
    if kind == "info":
        shown = "state ca_state snd_cwnd snd_ssthresh unacked sacked lost retrans rcv_mss rcv_ssthresh rcv_space".split()
        value = " ".join(f"{name} {value[name]}" for name in shown if name in value)
    return f"{time / 1000:10.1f} {'<' if kind == 'in' else kind} {value}"
