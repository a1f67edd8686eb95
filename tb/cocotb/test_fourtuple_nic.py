# SPDX-License-Identifier: Apache-2.0
"""The NIC, seen by bus models, frames and a hash that share no code with tb/: docs/verification.md, Another bench."""

import random

import cocotb
from cocotb.triggers import ClockCycles
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from device import Device
from frames import (DEVICE_MAC, FOREIGN, LOCAL, PEER_MAC, connection_hash, connection_words, hashlittle,
                    ones_complement_sum, tcp_frame, udp_frame)

SECRET = 0x5EED1234
TCP_CLASS, UDP_CLASS, OTHER_CLASS = 4, 5, 0


async def device_that_is_up(dut):
    device = Device(dut)
    await device.reset()
    await device.bring_up(SECRET)
    return device


def hash_of(foreign_port, local_port=80):
    return connection_hash(LOCAL, FOREIGN, local_port, foreign_port, SECRET)


@cocotb.test()
async def registers_have_the_values_after_reset_that_the_map_says(dut):
    device = Device(dut)
    await device.reset()
    assert await device.fields("device.version") == {"minor": 2, "major": 0}
    assert (await device.fields("device.max_frame"))["bytes"] == 1518
    assert (await device.fields("device.clock"))["period_ps"] == 4000
    await device.write("device.scratch", 0x600DCAFE)
    assert await device.read("device.scratch") == 0x600DCAFE


@cocotb.test()
async def the_hash_here_is_lookup3(_):
    # Two values that lookup3.c publishes, and the byte orders of docs/device.md.
    assert hashlittle(b"Four score and seven years ago", 0) == 0x17770551
    assert hashlittle(b"Four score and seven years ago", 1) == 0xCD628161
    assert connection_words("1.2.3.4", "5.6.7.8", 0x1234, 0x5678) == (0x04030201, 0x08070605, 0x12347856)


@cocotb.test()
async def frames_arrive_with_verdicts_hash_and_queue(dut):
    device = await device_that_is_up(dut)
    rng = random.Random(1)
    used = set()
    for number in range(24):
        port = rng.randrange(1024, 65536)
        payload = rng.randbytes(rng.choice([0, 1, 6, 7, 100, 501, 1400]))
        wrong = number % 4 == 3
        frame = udp_frame(port, 80, payload) if number % 5 == 4 else tcp_frame(port, 80, payload, seq=number)
        if wrong:
            at = 40 if number % 5 == 4 else 50  # in the checksum field
            frame = frame[:at] + bytes([frame[at] ^ 0x5A]) + frame[at + 1:]
        await device.wire_sends(frame)
        queue = device.queues[device.queue_of_hash(hash_of(port))]
        used.add(queue.number)
        said, content = await device.completion(queue, "frame_completion")
        assert content == frame, f"{content.hex()} instead of {frame.hex()}"
        assert said["packet_class"] == (UDP_CLASS if number % 5 == 4 else TCP_CLASS)
        assert said["hash"] == hash_of(port)
        assert (said["ip_checked"], said["ip_good"]) == (1, 1)
        assert (said["l4_checked"], said["l4_good"]) == (1, int(not wrong))
        assert said["l3_offset"] == 14 and said["l4_offset"] == 34
        assert said["raw_sum"] == ones_complement_sum(frame[14:])
        assert not said["hit"]
    assert len(used) == len(device.queues)
    assert await device.read("counter.rx_delivered") == 24
    assert await device.read("counter.rx_l4_bad") == 6


@cocotb.test()
async def a_frame_that_the_mac_calls_bad_is_dropped_and_counted(dut):
    device = await device_that_is_up(dut)
    await device.wire_sends_bad(tcp_frame(1000, 80, bytes(200)))
    await device.wire_sends(bytes.fromhex("ffffffffffff") + bytes(54))
    said, _ = await device.completion(device.queues[0], "frame_completion")
    assert said["packet_class"] == OTHER_CLASS and said["hash"] == 0
    assert await device.read("counter.rx_drop_mac_error") == 1
    assert await device.read("counter.rx_frames") == 2


@cocotb.test()
async def connections_are_inserted_found_steered_and_deleted(dut):
    device = await device_that_is_up(dut)
    port = 4321
    connection = (LOCAL, FOREIGN, 80, port)
    by_hash = device.queue_of_hash(hash_of(port))
    steered = (by_hash + 1) % len(device.queues)

    async def arrives(in_queue):
        await device.wire_sends(tcp_frame(port, 80, b"hello"))
        said, _ = await device.completion(device.queues[in_queue], "frame_completion")
        return said

    assert (await arrives(by_hash))["hit"] == 0
    assert (await device.command("query", connection, 1))["result"] == 2
    assert (await device.command("insert", connection, 2, handle=0xC0FFEE, steer_queue=steered))["result"] == 0
    said = await arrives(steered)
    assert (said["hit"], said["handle"]) == (1, 0xC0FFEE)
    answer = await device.command("query", connection, 3)
    assert (answer["result"], answer["handle"], answer["steer_queue"]) == (0, 0xC0FFEE, steered)
    assert (await device.fields("connection.entries"))["value"] == 1
    # Neither end's port or address alone is the connection.
    await device.wire_sends(tcp_frame(port, 81, b"hello"))
    other = device.queues[device.queue_of_hash(hash_of(port, 81))]
    assert (await device.completion(other, "frame_completion"))[0]["hit"] == 0
    assert (await device.command("remove", connection, 4))["result"] == 0
    assert (await arrives(by_hash))["hit"] == 0
    assert (await device.command("remove", connection, 5))["result"] == 2


@cocotb.test()
async def many_connections_are_told_apart(dut):
    device = await device_that_is_up(dut)
    ports = list(range(2000, 2040))
    for port in ports:
        assert (await device.command("insert", (LOCAL, FOREIGN, 80, port), port, handle=port))["result"] == 0
    for port in ports[::2]:
        assert (await device.command("remove", (LOCAL, FOREIGN, 80, port), port))["result"] == 0
    for port in ports:
        await device.wire_sends(tcp_frame(port, 80))
        queue = device.queues[device.queue_of_hash(hash_of(port))]
        said, _ = await device.completion(queue, "frame_completion")
        inside = port % 2 == 1
        assert (said["hit"], said["handle"]) == ((1, port) if inside else (0, 0))


@cocotb.test()
async def an_armed_queue_interrupts_once_behind_its_completion(dut):
    device = await device_that_is_up(dut)
    port = next(p for p in range(1000, 2000) if device.queue_of_hash(hash_of(p)) == len(device.queues) - 1)
    queue = device.queues[-1]
    await device.wire_sends(tcp_frame(port, 80))
    await device.completion(queue, "frame_completion")
    assert device.message(queue) == 0, "not armed"
    await device.arm(queue)
    await ClockCycles(dut.clk_i, 100)
    assert device.message(queue) == 0, "nothing new"
    await device.wire_sends(tcp_frame(port, 80))

    async def interrupted():
        return device.message(queue)

    assert await device.wait_for(interrupted, "no interrupt") == 0x4000 + queue.number
    assert device.peek(queue) is not None, "the message has overtaken the completion"
    await device.completion(queue, "frame_completion")
    assert await device.read("counter.interrupts") == 1


@cocotb.test()
async def sends_frames_with_the_checksum_put_in(dut):
    device = await device_that_is_up(dut)
    rng = random.Random(2)
    for number in range(12):
        queue = device.queues[number % len(device.queues)]
        packet = (Ether(src=DEVICE_MAC, dst=PEER_MAC) / IP(src=LOCAL, dst=FOREIGN, id=number)
                  / TCP(sport=80, dport=5000 + number, seq=number << 20) / rng.randbytes(rng.choice([1, 2, 300, 1399, 1460])))
        right = bytes(packet)
        pseudo = right[26:34] + bytes([0, 6]) + (len(right) - 34).to_bytes(2, "big")
        given = bytearray(right)
        given[50:52] = ones_complement_sum(pseudo).to_bytes(2, "big")
        cut = rng.randrange(1, len(given))
        await device.send(queue, [bytes(given[:cut]), bytes(given[cut:])], checksum=1, checksum_start=34,
                          checksum_offset=16, completion=1)
        assert await device.wire_gets() == right.ljust(60, b"\0")
        said, _ = await device.completion(queue, "transmit_completion")
        assert said["tx_index"] == queue.tail
    assert await device.read("counter.tx_checksum_inserted") == 12


@cocotb.test()
async def cuts_a_large_packet_into_segments(dut):
    device = await device_that_is_up(dut)
    queue = device.queues[1]
    mss, payload = 1000, random.Random(3).randbytes(4321)
    first = IP(src=LOCAL, dst=FOREIGN, id=0xFFFE) / TCP(sport=80, dport=5000, seq=0xFFFFF800, ack=7, flags="PA")
    headers = bytearray(bytes(Ether(src=DEVICE_MAC, dst=PEER_MAC) / first))
    # The IPv4 header is right for what stands in it; the TCP checksum field has the pseudo-header's sum, no length.
    whole = bytes(Ether(src=DEVICE_MAC, dst=PEER_MAC) / first / payload)
    headers[14:34] = whole[14:34]
    headers[50:52] = ones_complement_sum(whole[26:34] + bytes([0, 6])).to_bytes(2, "big")
    await device.send(queue, [bytes(headers), payload[:2500], payload[2500:]], checksum=1, checksum_start=34,
                      checksum_offset=16, tso=1, header_length=54, mss=mss, completion=1)
    pieces = [payload[at:at + mss] for at in range(0, len(payload), mss)]
    for number, piece in enumerate(pieces):
        last = number + 1 == len(pieces)
        expected = (Ether(src=DEVICE_MAC, dst=PEER_MAC) / IP(src=LOCAL, dst=FOREIGN, id=(0xFFFE + number) & 0xFFFF)
                    / TCP(sport=80, dport=5000, seq=(0xFFFFF800 + number * mss) & 0xFFFFFFFF, ack=7,
                          flags="PA" if last else "A") / piece)
        assert await device.wire_gets() == bytes(expected), f"segment {number}"
    await device.completion(queue, "transmit_completion")
    assert await device.read("counter.tx_tso_segments") == len(pieces)


@cocotb.test()
async def both_directions_at_once_under_backpressure(dut):
    device = await device_that_is_up(dut)
    rng = random.Random(4)

    def stalls():
        while True:
            yield rng.random() < 0.5

    for channel in (device.memory.write_if.aw_channel, device.memory.write_if.w_channel, device.memory.read_if.ar_channel):
        channel.set_pause_generator(stalls())
    device.memory.read_if.r_channel.set_pause_generator(stalls())
    device.memory.write_if.b_channel.set_pause_generator(stalls())
    received, sent = [], []
    for number in range(30):
        port = 3000 + number
        frame = tcp_frame(port, 80, rng.randbytes(rng.randrange(700)))
        await device.wire_sends(frame)
        received.append((device.queue_of_hash(hash_of(port)), frame))
        outgoing = bytes(Ether(src=DEVICE_MAC, dst=PEER_MAC) / IP(src=LOCAL, dst=FOREIGN) / TCP(dport=number)
                         / rng.randbytes(rng.randrange(6, 700)))
        await device.send(device.queues[0], [outgoing])
        sent.append(outgoing)
    for number, frame in received:
        said, content = await device.completion(device.queues[number], "frame_completion")
        assert content == frame and said["l4_good"] == 1
    for outgoing in sent:
        assert await device.wire_gets() == outgoing
