# SPDX-License-Identifier: Apache-2.0
"""Reads the SystemRDL files into plain values, and refuses what the generators do not support."""

from dataclasses import dataclass, field as dataclass_field

from systemrdl import RDLCompiler
from systemrdl.node import FieldNode, RegNode, RegfileNode
from systemrdl.rdltypes import AccessType, OnWriteType

WORD_BITS = 32
PAGE_BYTES = 0x1000
REGISTER_MAP = "fourtuple_nic"
FORMATS = "fourtuple_formats"


class Unsupported(Exception):
    """The register map asks for something that the generated block does not do."""


@dataclass
class Enum:
    name: str  # without the _e of the RDL
    members: list  # of (name, value, description)
    width: int


@dataclass
class Field:
    name: str
    low: int
    width: int
    reset: int | None
    software_writes: bool
    write_one_to_clear: bool
    hardware_reads: bool
    hardware_writes: bool
    hardware_sets: bool
    enum: Enum | None
    description: str

    @property
    def high(self):
        return self.low + self.width - 1

    @property
    def mask(self):
        return ((1 << self.width) - 1) << self.low

    @property
    def stored(self):
        """The block keeps it in flip-flops: software writes it or clears it."""
        return self.software_writes

    @property
    def constant(self):
        return not self.stored and not self.hardware_writes

    def part(self, word):
        """The bits of word number `word` of the register that belong to the field: (low, high) in the register."""
        low, high = max(self.low, word * WORD_BITS), min(self.high, word * WORD_BITS + WORD_BITS - 1)
        return (low, high) if low <= high else None


@dataclass
class Register:
    name: str
    offset: int  # in the regfile
    width: int
    fields: list
    description: str
    tells_writes: bool  # a `written` pulse beside the fields

    @property
    def words(self):
        return self.width // WORD_BITS

    @property
    def writable(self):
        return any(f.software_writes for f in self.fields)

    @property
    def holds_high_half(self):
        return self.width == 64 and any(f.hardware_writes for f in self.fields)

@dataclass
class Regfile:
    """Registers at one place, or an array of such places: `count` of them, `stride` bytes apart."""

    name: str
    type_name: str
    address: int
    registers: list
    count: int | None = None  # of an array
    stride: int = 0

    @property
    def is_array(self):
        return self.count is not None

    def elements(self):
        """(name, address) of every place."""
        if not self.is_array:
            return [(self.name, self.address)]
        return [(f"{self.name}[{i}]", self.address + i * self.stride) for i in range(self.count)]


@dataclass
class Record:
    name: str
    title: str
    width: int
    fields: list


@dataclass
class Contract:
    description: str
    regfiles: list
    records: list
    enums: list = dataclass_field(default_factory=list)

    @property
    def arrays(self):
        return [regfile for regfile in self.regfiles if regfile.is_array]

    def single_registers(self):
        """(regfile, register, address) of those outside arrays, in the order of addresses."""
        for regfile in self.regfiles:
            for register in regfile.registers:
                if not regfile.is_array:
                    yield regfile, register, regfile.address + register.offset

    def all_registers(self):
        """(name of the regfile, register, address) in the order of addresses, arrays element by element."""
        for regfile in self.regfiles:
            for name, address in regfile.elements():
                for register in regfile.registers:
                    yield name, register, address + register.offset


def one_line(text):
    return " ".join(text.split()) if text else ""


class Reader:
    def __init__(self):
        self.enums = {}

    def enum(self, node):
        user_enum = node.get_property("encode")
        if user_enum is None:
            return None
        name = user_enum.type_name.removesuffix("_e")
        if name not in self.enums:
            members = [(m.name, m.value, one_line(m.rdl_desc)) for m in user_enum]
            self.enums[name] = Enum(name, members, node.width)
        self.enums[name].width = max(self.enums[name].width, node.width)
        return self.enums[name]

    def field(self, node):
        on_write = node.get_property("onwrite")
        if on_write not in (None, OnWriteType.woclr):
            raise Unsupported(f"{node.get_path()}: onwrite = {on_write}")
        if node.get_property("sw") not in (AccessType.r, AccessType.rw):
            raise Unsupported(f"{node.get_path()}: sw = {node.get_property('sw')}")
        reset = node.get_property("reset")
        hardware = node.get_property("hw")
        sets = bool(node.get_property("hwset"))
        return Field(
            name=node.inst_name,
            low=node.low,
            width=node.width,
            reset=reset,
            software_writes=node.is_sw_writable,
            write_one_to_clear=on_write == OnWriteType.woclr,
            hardware_reads=node.is_sw_writable and (hardware in (AccessType.r, AccessType.rw) or sets),
            hardware_writes=hardware in (AccessType.w, AccessType.rw) and not sets,
            hardware_sets=sets,
            enum=self.enum(node),
            description=one_line(node.get_property("desc")),
        )

    def register(self, node, offset):
        fields = [self.field(f) for f in node.fields()]
        register = Register(
            name=node.inst_name,
            offset=offset,
            width=node.get_property("regwidth"),
            fields=fields,
            description=one_line(node.get_property("desc")),
            tells_writes=any(f.get_property("swmod") for f in node.fields()),
        )
        self.check_register(node, register)
        return register

    @staticmethod
    def check_register(node, register):
        path = node.get_path()
        if register.width not in (32, 64):
            raise Unsupported(f"{path}: {register.width} bits")
        if register.offset % (register.width // 8):
            raise Unsupported(f"{path}: is not aligned to its size")
        if register.tells_writes and register.words != 1:
            raise Unsupported(f"{path}: swmod of a register that is written in halves")
        for field in register.fields:
            if field.stored and field.hardware_writes:
                raise Unsupported(f"{path}.{field.name}: written by software and by hardware")
            if field.write_one_to_clear != field.hardware_sets:
                raise Unsupported(f"{path}.{field.name}: woclr and hwset go together")
            if (field.stored or field.constant) and field.reset is None:
                raise Unsupported(f"{path}.{field.name}: needs a reset value")

    def regfile(self, node):
        address = node.raw_absolute_address
        size = node.array_stride * node.n_elements if node.is_array else node.size
        if address // PAGE_BYTES != (address + size - 1) // PAGE_BYTES:
            raise Unsupported(f"{node.get_path()}: crosses a border of {PAGE_BYTES} bytes")
        registers = [self.register(r, r.raw_address_offset) for r in node.children() if isinstance(r, RegNode)]
        regfile = Regfile(node.inst_name, node.type_name, address, registers)
        if node.is_array:
            regfile.count, regfile.stride = node.n_elements, node.array_stride
            self.check_array(node, regfile)
        elif address % 8:
            raise Unsupported(f"{node.get_path()}: is not aligned to 8 bytes")
        return regfile

    @staticmethod
    def check_array(node, regfile):
        """An array's element is known by bits of the address, and nothing else is in its page."""
        path, stride = node.get_path(), regfile.stride
        if len(node.array_dimensions) != 1:
            raise Unsupported(f"{path}: more than one dimension")
        if regfile.address % PAGE_BYTES:
            raise Unsupported(f"{path}: an array starts a page")
        if stride < 8 or stride & (stride - 1):
            raise Unsupported(f"{path}: stride {stride} is not a power of two from 8 on")
        if any(f.hardware_sets for r in regfile.registers for f in r.fields):
            raise Unsupported(f"{path}: hwset in an array")

    def record(self, node):
        fields = [self.field(f) for f in node.fields()]
        for field in fields:
            if field.low // 64 != field.high // 64:
                raise Unsupported(f"{node.get_path()}.{field.name}: crosses a border of 64 bits")
        return Record(node.inst_name, node.get_property("name"), node.get_property("regwidth"), fields)


def read(paths):
    compiler = RDLCompiler()
    for path in paths:
        compiler.compile_file(str(path))
    reader = Reader()
    formats = compiler.elaborate(FORMATS).top
    records = [reader.record(r) for r in formats.children() if isinstance(r, RegNode)]
    top = compiler.elaborate(REGISTER_MAP).top
    regfiles = [reader.regfile(r) for r in top.children() if isinstance(r, RegfileNode)]
    pages = [regfile.address // PAGE_BYTES for regfile in regfiles]
    for regfile in regfiles:
        if regfile.is_array and pages.count(regfile.address // PAGE_BYTES) > 1:
            raise Unsupported(f"{regfile.name}: an array shares its page")
    return Contract(one_line(top.get_property("desc")), regfiles, records, list(reader.enums.values()))
