# SPDX-License-Identifier: Apache-2.0
"""Arrays of regfiles in SystemVerilog: a module for an element, and what the register block does with its elements."""

from . import sv_package
from .register_map import PAGE_BYTES
from .sv_package import HEADER, element_bits, vector

PACKAGE = "fourtuple_nic_regs_pkg"


def module_name(array):
    return f"fourtuple_nic_{array.type_name}"


def parameter(array):
    return f"{array.name}_PRESENT".upper()


def offset_bits(array):
    """Bits of an address that lie within an element."""
    return array.stride.bit_length() - 1


def write_known(array):
    return f"{array.name}_write_known"


def written(array):
    return f"{array.name}_written"


def tells_writes(array):
    return any(register.tells_writes for register in array.registers)


def ports_of(array):
    """(port, its members) of the struct ports that the element has."""
    return [(port, of) for port, of in sv_package.PORTS if element_bits(array, of)]


def parameters(contract):
    lines = []
    for array in contract.arrays:
        comma = "," if array is not contract.arrays[-1] else ""
        lines.append(f"    parameter int unsigned {parameter(array)} = {array.count}{comma}  // elements of {array.name} that are there")
    return "\n".join(lines)


def parameter_checks(contract):
    text = ""
    for array in contract.arrays:
        name = parameter(array)
        text += f"  if ({name} < 1 || {name} > {array.count}) begin : gen_check_{array.name}\n"
        text += f'    $error("fourtuple_nic_regs: {name} must be 1 to {array.count}");\n  end\n'
    return text + "\n"


def declarations(contract):
    """Signals between the block and its elements."""
    text = ""
    for array in contract.arrays:
        name, count = array.name, array.count
        text += f"  logic [{count - 1}:0] {write_known(array)};\n"
        if tells_writes(array):
            text += f"  logic [{count - 1}:0] {written(array)};\n"
        text += f"  logic [{64 * count - 1}:0] {name}_read_data;\n  logic [{3 * count - 1}:0] {name}_read_known;\n"
        for port, members_of in ports_of(array):
            text += f"  logic [{element_bits(array, members_of) * count - 1}:0] {name}_{port};\n"
    return text + "\n"


def connections(array):
    low = offset_bits(array)
    lines = [
        ".clk_i",
        ".rst_ni",
        ".write_i(write_decode && write_here)",
        f".write_offset_i(write_address_q[{low - 1}:2])",
        ".write_data_i(write_data_q)",
        f".write_known_o({write_known(array)}[i])",
        ".read_decode_i(read_state_q == READ_DECODE)",
        ".read_here_i(read_here)",
    ]
    if low > 3:
        lines.append(f".read_offset_i(read_address_q[{low - 1}:3])")
    lines += [
        f".read_data_o({array.name}_read_data[64*i+:64])",
        f".read_known_o({array.name}_read_known[3*i+:3])",
    ]
    if tells_writes(array):
        lines.append(f".written_o({written(array)}[i])")
    for port, members_of in ports_of(array):
        bits = element_bits(array, members_of)
        direction = "o" if port == "reg2hw" else "i"
        lines.append(f".{port}_{direction}({array.name}_{port}[{bits}*i+:{bits}])")
    return ",\n".join(f"          {line}" for line in lines)


def absent(array):
    text = f"      assign {write_known(array)}[i] = 1'b0;\n"
    text += f"      assign {array.name}_read_data[64*i+:64] = '0;\n"
    text += f"      assign {array.name}_read_known[3*i+:3] = '0;\n"
    if tells_writes(array):
        text += f"      assign {written(array)}[i] = 1'b0;\n"
    for port, members_of in ports_of(array):
        bits = element_bits(array, members_of)
        part = f"{array.name}_{port}[{bits}*i+:{bits}]"
        if port == "reg2hw":
            text += f"      assign {part} = '0;\n"
        else:
            text += f"      logic unused_{port};  // of an element that is not there\n"
            text += f"      assign unused_{port} = ^{part};\n"
    return text


def gather(array):
    """The second stage of the read multiplexer: all elements but the one that is read give 0."""
    name, page = array.name, f"page{array.address // PAGE_BYTES:x}"
    data = " |\n          ".join(f"{name}_read_data[{64 * i + 63}:{64 * i}]" for i in range(array.count))
    known = " |\n          ".join(f"{name}_read_known[{3 * i + 2}:{3 * i}]" for i in range(array.count))
    text = f"  logic [63:0] {page}_data_q;\n  logic [2:0] {page}_known_q;\n"
    text += "  always_ff @(posedge clk_i) begin\n    if (read_state_q == READ_GATHER) begin\n"
    text += f"      {page}_data_q <=\n          {data};\n      {page}_known_q <=\n          {known};\n"
    return text + "    end\n  end\n\n"


def instances(array):
    low = offset_bits(array)
    number = f"{16 - low}'h{array.address >> low:x} + {16 - low}'(i)"
    text = ""
    for port, _ in ports_of(array):
        if port == "reg2hw":
            text += f"  assign reg2hw_o.{array.name} = {array.name}_reg2hw;\n"
        else:
            text += f"  assign {array.name}_hw2reg = hw2reg_i.{array.name};\n"
    text += f"  for (genvar i = 0; i < {array.count}; i++) begin : gen_{array.name}\n"
    text += f"    if (i < {parameter(array)}) begin : gen_present\n      logic write_here, read_here;\n"
    text += f"      assign write_here = write_address_q[15:{low}] == {number} && write_address_q[1:0] == 2'b00;\n"
    text += f"      assign read_here  = read_address_q[15:{low}] == {number};\n"
    text += f"      {module_name(array)} i_element (\n{connections(array)}\n      );\n"
    text += f"    end else begin : gen_absent\n{absent(array)}    end\n  end\n"
    return text + gather(array)


CONTRACT = """/// An element of the array {name} in fourtuple_nic_regs, which says what accesses do.
///
/// latency  1 clock from write_i to write_known_o and `written`, which come when the value is stored; 1 clock from
///          read_decode_i to what is read, which is 0 where read_here_i was
/// reset    all fields have their reset value
"""


def element_ports(array):
    low = offset_bits(array)
    lines = [
        "input  wire logic clk_i,",
        "input  wire logic rst_ni,",
        "input  wire logic write_i,  // of a word in here",
        f"input  wire logic [{low - 1}:2] write_offset_i,",
        "input  wire logic [31:0] write_data_i,  // also in the clock after write_i",
        "output logic write_known_o,  // there is something to write",
        "input  wire logic read_decode_i,  // of any element",
        "input  wire logic read_here_i,",
    ]
    if low > 3:
        lines.append(f"input  wire logic [{low - 1}:3] read_offset_i,")
    lines += ["output logic [63:0] read_data_o,", "output logic [2:0] read_known_o,"]
    if tells_writes(array):
        lines.append("output logic written_o,  // some `written`")
    for port, _ in ports_of(array):
        direction = "output" if port == "reg2hw" else "input  wire"
        suffix = "o" if port == "reg2hw" else "i"
        lines.append(f"{direction} {PACKAGE}::{array.type_name}_{port}_t {port}_{suffix},")
    text = "\n".join(f"    {line}" for line in lines)
    return text.removesuffix(",")


def element_storage(array):
    from .sv_block import Word, bits, declare_shown

    words = [Word(array, r, n) for r in array.registers for n in range(r.words)]
    words = [word for word in words if word.writable]
    stored = [(r, f) for r in array.registers for f in r.fields if f.stored]
    pulses = [r for r in array.registers if r.tells_writes]
    low = offset_bits(array)

    text = "  // What software has written.\n"
    for register, field in stored:
        text += f"  {vector(field.width)} {register.name}_{field.name}_q;\n"
    for register in pulses:
        text += f"  logic {register.name}_written_q;\n"
    shown = [
        (f"{r.name}_{f.name}", f"{r.name}.{f.name}", f.width)
        for r in array.registers
        for f in r.fields
        if f.hardware_writes and not f.stored
    ]
    text += "\n" + declare_shown(shown)
    text += "  // Which word is written: one of them at most, for one clock.\n"
    for word in words:
        text += f"  logic write_{word.name.removeprefix(array.name + '_')}_q;\n"
    text += "  logic write_q;\n  always_ff @(posedge clk_i) begin\n    write_q <= write_i;\n"
    text += "    if (write_i || write_q) begin\n"
    for word in words:
        name = word.name.removeprefix(array.name + "_")
        offset = (word.address - array.address) >> 2
        text += f"      write_{name}_q <= write_i && write_offset_i == {low - 2}'h{offset:x};\n"
    text += "    end\n  end\n  assign write_known_o = write_q && |{\n"
    text += ",\n".join(f"      write_{word.name.removeprefix(array.name + '_')}_q" for word in words)
    text += "\n  };\n\n  always_ff @(posedge clk_i) begin\n    if (!rst_ni) begin\n"
    for register, field in stored:
        text += f"      {register.name}_{field.name}_q <= {field.width}'h{field.reset:x};\n"
    text += "    end else if (write_q) begin\n"
    for word in words:
        name = word.name.removeprefix(array.name + "_")
        text += f"      if (write_{name}_q) begin\n"
        for field, first, last in word.parts:
            target = f"{word.register.name}_{field.name}_q{bits(last - field.low, first - field.low, field.width)}"
            base = word.number * 32
            source = f"[{last - base}:{first - base}]" if last != first else f"[{first - base}]"
            text += f"        {target} <= write_data_i{source};\n"
        text += "      end\n"
    text += "    end\n  end\n\n"
    for register in pulses:
        text += "  always_ff @(posedge clk_i) begin\n"
        text += f"    if (!rst_ni) {register.name}_written_q <= 1'b0;\n"
        text += f"    else {register.name}_written_q <= write_q && write_{register.name}_q;\n  end\n"
    if pulses:
        text += "  assign written_o = " + " || ".join(f"{r.name}_written_q" for r in pulses) + ";\n\n"
    for register in array.registers:
        if register.tells_writes:
            text += f"  assign reg2hw_o.{register.name}.written = {register.name}_written_q;\n"
        for field in register.fields:
            if field.hardware_reads:
                text += f"  assign reg2hw_o.{register.name}.{field.name} = {register.name}_{field.name}_q;\n"
    return text + "\n"


def element_read(array):
    from .sv_block import add_double_word, read_cases

    contents = {}
    for register in array.registers:
        add_double_word(contents, array, register, array.address + register.offset)
    for double_word in contents.values():
        double_word[3] = [
            (place, value.replace(f"{array.name}_", "", 1)) for place, value in double_word[3]
        ]
    low = offset_bits(array)
    text = "  always_ff @(posedge clk_i) begin\n    if (read_decode_i) begin\n"
    text += "      read_data_o  <= '0;\n      read_known_o <= '0;\n    end\n"
    text += "    if (read_decode_i && read_here_i) begin\n"
    if low == 3:
        body = read_cases(contents, "read_data_o", "read_known_o", "1", array.stride)
        lines = body.splitlines()[1:-1]  # there is only one
        text += "\n".join(line.removeprefix("    ") for line in lines) + "\n"
    else:
        text += "      unique case (read_offset_i)\n"
        text += read_cases(contents, "read_data_o", "read_known_o", str(low - 3), array.stride)
        text += "        default: ;\n      endcase\n"
    return text + "    end\n  end\n"


def generate(array):
    """The module of an element."""
    text = HEADER + "\n" + CONTRACT.format(name=array.name)
    text += f"module {module_name(array)} (\n{element_ports(array)}\n);\n"
    return text + element_storage(array) + element_read(array) + "endmodule\n\n`default_nettype wire\n"
