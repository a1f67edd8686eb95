# SPDX-License-Identifier: Apache-2.0
"""A driver in Python: brings the NIC up over AXI4-Lite, with rings in an AXI memory and an Ethernet MAC."""

import re

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam
from cocotbext.axi.stream import define_stream
from cocotbext.eth import EthMacFrame
from cocotbext.eth.eth_mac import EthMacRx, EthMacTx

from frames import DEVICE_MAC, connection_words
from registers import RTL, formats, registers

# cocotbext-eth's own streams must have tuser; the NIC has nothing to say with a frame that it sends.
MacTxBus, *_ = define_stream("AxiStream", signals=["tvalid", "tdata", "tkeep", "tlast"], optional_signals=["tready", "tuser"])
MacRxBus, MacRxBeat, *_ = define_stream("AxiStream", signals=["tvalid", "tdata", "tkeep", "tlast", "tuser"], optional_signals=["tready"])

LINE_RATE = 100e9  # bits a second
CLOCK_NS = 4
PATIENCE = 2000  # polls

RX_BYTES_LOG2 = 15
COMPLETIONS_LOG2 = 6
TX_LOG2 = 6
MESSAGES = 0xFEE0_0000
RINGS = 0x1_0000_0000  # Behind 32 bits: queue q's memory is 1 MiB at RINGS + q MiB.
OPS = {"insert": 0, "remove": 1, "query": 2, "flush": 3}
KINDS = ["frame_completion", "transmit_completion", "command_completion"]


def look_ports_up(dut):
    """To be called before anything else looks at them. Verilator 5.006 gives other handles to somebody who goes through all ports, as
    cocotb-bus does, than to one who asks by name: those of copies, which the next evaluation overwrites."""
    header = (RTL / "nic/fourtuple_nic.sv").read_text(encoding="utf-8").partition(");")[0]
    for name in re.findall(r"^ +(?:input|output) .*?(\w+),? *(?://.*)?$", header, re.MULTILINE):
        getattr(dut, name)
    dut._discovered = True


class Queue:
    def __init__(self, number):
        self.number = number
        self.rx = RINGS + number * 0x10_0000
        self.completions = self.rx + 0x4_0000
        self.tx = self.rx + 0x5_0000
        self.buffers = self.rx + 0x8_0000
        self.next_buffer = self.buffers + 2 + number  # Any alignment is allowed.
        self.index = 0  # of the next completion
        self.tail = 0


class Device:
    def __init__(self, dut):
        self.dut = dut
        look_ports_up(dut)
        self.registers = registers()
        self.formats = formats()
        self.bar = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i, dut.rst_ni, reset_active_level=False)
        self.memory = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk_i, dut.rst_ni, reset_active_level=False, size=2**48)
        self.to_wire = EthMacTx(MacTxBus.from_prefix(dut, "m_axis"), dut.clk_i, dut.rst_ni, reset_active_level=False, speed=LINE_RATE)
        self.from_wire = EthMacRx(MacRxBus.from_prefix(dut, "s_axis"), dut.clk_i, dut.rst_ni, reset_active_level=False, speed=LINE_RATE)
        self.queues = []

    async def read(self, path):
        register = self.registers[path]
        return int.from_bytes((await self.bar.read(register.address, register.bytes)).data, "little")

    async def fields(self, path):
        return self.registers[path].unpack(await self.read(path))

    async def write(self, path, value=None, **fields):
        register = self.registers[path]
        number = register.pack(**fields) if value is None else value
        await self.bar.write(register.address, number.to_bytes(register.bytes, "little"))

    async def wait_for(self, check, what):
        for _ in range(PATIENCE):
            found = await check()
            if found:
                return found
            await ClockCycles(self.dut.clk_i, 4)
        raise TimeoutError(what)

    async def reset(self):
        self.dut.flr_i.value = 0
        self.dut.skip_i.value = 0
        self.dut.rst_ni.value = 0
        cocotb.start_soon(Clock(self.dut.clk_i, CLOCK_NS, "ns").start())
        await ClockCycles(self.dut.clk_i, 10)
        self.dut.rst_ni.value = 1
        await ClockCycles(self.dut.clk_i, 10)

    async def bring_up(self, secret):
        """Every queue enabled, with a vector of its own, frames spread evenly by their hash."""
        assert (await self.read("device.id")).to_bytes(4, "little") == b"4TUP"
        await self.wait_for(self.table_ready, "the connection table is not cleared")
        capabilities = await self.fields("device.capabilities")
        assert capabilities["vectors"] == capabilities["queues"] + 1
        await self.write("device.mac_address", int.from_bytes(bytes.fromhex(DEVICE_MAC.replace(":", "")), "little"))
        await self.write("device.hash_secret", secret)
        self.queues = [Queue(number) for number in range(capabilities["queues"])]
        for word in range(8):
            entries = (self.queue_of_hash(16 * word + i) << (4 * i) for i in range(16))
            await self.write(f"indirection[{word}].queues", sum(entries))
        for queue in self.queues:
            await self.enable(queue)

    async def table_ready(self):
        return (await self.fields("device.status"))["table_ready"]

    def queue_of_hash(self, connection_hash):
        return connection_hash % 128 % len(self.queues)

    async def enable(self, queue):
        registers_of = f"queues[{queue.number}]"
        await self.write(f"{registers_of}.rx_base", queue.rx)
        await self.write(f"{registers_of}.rx_size", bytes_log2=RX_BYTES_LOG2)
        await self.write(f"{registers_of}.completion_base", queue.completions)
        await self.write(f"{registers_of}.tx_base", queue.tx)
        await self.write(f"{registers_of}.ring_sizes", completion_log2=COMPLETIONS_LOG2, tx_log2=TX_LOG2)
        await self.write(f"{registers_of}.control", rx_enable=1)
        await self.write(f"{registers_of}.control", rx_enable=1, tx_enable=1)
        vector = f"msix[{queue.number}]"
        await self.write(f"{vector}.address", MESSAGES + 4 * queue.number)
        await self.write(f"{vector}.data", 0x4000 + queue.number)
        await self.write(f"{vector}.control", mask=0)

    def message(self, queue):
        """The queue's MSI-X message, as it is in memory; 0 before the first."""
        return self.memory.read_dword(MESSAGES + 4 * queue.number)

    async def arm(self, queue):
        self.memory.write_dword(MESSAGES + 4 * queue.number, 0)
        await self.write(f"queues[{queue.number}].completion_head", index=queue.index & 0xFFFF, arm=1)

    async def wire_sends(self, frame):
        """The frame arrives, without its check sequence: the MAC has looked at that."""
        await self.from_wire.send(EthMacFrame.from_raw_payload(frame))

    async def wire_sends_bad(self, frame):
        """The frame arrives, and with its last beat the MAC says that the check sequence was wrong; cocotbext-eth's never does."""
        for at in range(0, len(frame), 64):
            beat = frame[at:at + 64]
            last = int(at + 64 >= len(frame))
            await self.from_wire.stream.send(MacRxBeat(tdata=int.from_bytes(beat, "little"), tkeep=(1 << len(beat)) - 1, tlast=last, tuser=last))

    async def wire_gets(self):
        frame = await self.to_wire.recv()
        return frame.data

    def peek(self, queue):
        """The queue's next completion if it is there: (kind, fields)."""
        entries = 1 << COMPLETIONS_LOG2
        record = self.memory.read(queue.completions + 32 * (queue.index % entries), 32)
        expected_phase = 1 - (queue.index >> COMPLETIONS_LOG2 & 1)
        fields = self.formats["frame_completion"].unpack(record)
        if fields["phase"] != expected_phase:
            return None
        kind = KINDS[fields["kind"]]
        return kind, self.formats[kind].unpack(record)

    async def completion(self, queue, kind):
        """Waits for the next completion, which is of this kind, and gives its place back."""
        async def look():
            return self.peek(queue)

        found, fields = await self.wait_for(look, f"no completion on queue {queue.number}")
        assert found == kind, f"{found} instead of {kind}"
        queue.index += 1
        content = b""
        if kind == "frame_completion":
            place = fields["ring_offset"] % (1 << RX_BYTES_LOG2)
            content = bytes(self.memory.read(queue.rx + place, fields["length"]))
            given_back = fields["ring_offset"] + -(-fields["length"] // 64) * 64
            await self.write(f"queues[{queue.number}].rx_head", given_back & 0xFFFFFFFF)
        await self.write(f"queues[{queue.number}].completion_head", index=queue.index & 0xFFFF)
        return fields, content

    async def command(self, op, tuple4, tag, handle=0, steer_queue=None):
        """A command to the connection table; gives its answer."""
        local, foreign, ports = connection_words(*tuple4)
        await self.write("connection.local_address", local)
        await self.write("connection.foreign_address", foreign)
        await self.write("connection.ports", ports)
        await self.write("connection.handle", handle)
        steering = {} if steer_queue is None else {"steer": 1, "steer_queue": steer_queue}
        await self.write("connection.command", op=OPS[op], tag=tag, **steering)
        answer, _ = await self.completion(self.queues[0], "command_completion")
        assert answer["tag"] == tag and answer["op"] == OPS[op]
        return answer

    async def send(self, queue, pieces, **options):
        """One frame of several pieces of memory; the options are those of its last descriptor."""
        descriptor = self.formats["transmit_descriptor"]
        for number, piece in enumerate(pieces):
            self.memory.write(queue.next_buffer, piece)
            last = number + 1 == len(pieces)
            fields = {"address": queue.next_buffer, "length": len(piece), "end_of_frame": int(last), **(options if last else {})}
            self.memory.write(queue.tx + 16 * (queue.tail % (1 << TX_LOG2)), descriptor.to_bytes(**fields))
            queue.next_buffer += len(piece) + 5
            queue.tail += 1
        await self.write(f"queues[{queue.number}].tx_tail", index=queue.tail & 0xFFFF)
