# SPDX-License-Identifier: Apache-2.0
"""The SystemVerilog register block: an AXI4-Lite slave."""

from . import sv_array
from .register_map import PAGE_BYTES, WORD_BITS
from .sv_package import HEADER, vector
from .sv_block_text import CONTRACT_AND_PORTS, QUIET, READ_ANSWER, READ_CONTROL, WRITE_CONTROL

PACKAGE = "fourtuple_nic_regs_pkg"


class Word:
    """32 bits of a register at an address of their own."""

    def __init__(self, regfile, register, number):
        self.regfile, self.register, self.number = regfile, register, number
        self.address = regfile.address + register.offset + number * WORD_BITS // 8
        self.name = f"{regfile.name}_{register.name}"
        if register.words > 1:
            self.name += "_high" if number else "_low"

    @property
    def parts(self):
        """(field, low bit in the register, high bit in the register) of what of each field lies in this word."""
        return [(f, *f.part(self.number)) for f in self.register.fields if f.part(self.number)]

    @property
    def writable(self):
        return any(f.software_writes for f, _, _ in self.parts)


def all_words(contract):
    return [Word(rf, r, n) for rf, r, _ in contract.single_registers() for n in range(r.words)]


def flop(regfile, register, field):
    return f"{regfile.name}_{register.name}_{field.name}_q"


def shown(regfile, register, field):
    """What hardware says about a field."""
    return f"{regfile.name}_{register.name}_{field.name}" + ("_set" if field.hardware_sets else "")


def declare_shown(fields):
    """The fields of (name of the signal, member of hw2reg_i, width), each a signal of its own."""
    if not fields:
        return ""
    text = "  // What hardware says, taken apart: a simulator need not put it together to look at one of them.\n"
    for name, _, width in fields:
        text += f"  {vector(width)} {name};\n"
    for name, member, _ in fields:
        text += f"  assign {name} = hw2reg_i.{member};\n"
    return text + "\n"


def shown_fields(contract):
    return [
        (shown(rf, r, f), f"{rf.name}.{r.name}.{f.name}" + ("_set" if f.hardware_sets else ""), f.width)
        for rf, r, _ in contract.single_registers()
        for f in r.fields
        if f.hardware_sets or (f.hardware_writes and not f.stored)
    ]


def bits(high, low, width):
    if width == 1:
        return ""
    return f"[{high}:{low}]" if high != low else f"[{high}]"


def stored_fields(contract):
    return [(rf, r, f) for rf, r, _ in contract.single_registers() for f in r.fields if f.stored]


def write_words(contract):
    return [word for word in all_words(contract) if word.writable]


def pulses(contract):
    return [(rf, r) for rf, r, _ in contract.single_registers() if r.tells_writes]


def declare_storage(contract):
    text = "  // What software has written.\n"
    for regfile, register, field in stored_fields(contract):
        text += f"  {vector(field.width)} {flop(regfile, register, field)};\n"
    for regfile, register in pulses(contract):
        text += f"  logic {regfile.name}_{register.name}_written_q;\n"
    text += "\n  // Which word the write in progress goes to: one of them at most, for one clock.\n"
    for word in write_words(contract):
        text += f"  logic write_{word.name}_q;\n"
    return text + "\n"


def write_decode(contract):
    words = write_words(contract)
    text = "  always_ff @(posedge clk_i) begin\n"
    for word in words:
        line = f"    write_{word.name}_q <= write_decode && write_address_q == 16'h{word.address:04x};\n"
        if len(line) > 101:
            line = line.replace(" <= ", " <=\n        ")
        text += line
    text += "  end\n\n  assign write_selected = |{\n"
    known = [f"write_{word.name}_q" for word in words] + [sv_array.write_known(array) for array in contract.arrays]
    text += ",\n".join(f"      {signal}" for signal in known)
    return text + "\n  };\n\n"


def update_word(word):
    """What a write of the word does to its fields, and what hardware does to those that it sets."""
    text = ""
    for field, low, high in word.parts:
        if not field.stored or field.write_one_to_clear:
            continue
        name = flop(word.regfile, word.register, field)
        target = name + (bits(high - field.low, low - field.low, field.width))
        base = word.number * WORD_BITS
        source = f"write_data_q[{high - base}:{low - base}]" if high != low else f"write_data_q[{low - base}]"
        text += f"        {target} <= {source};\n"
    return f"      if (write_{word.name}_q) begin\n{text}      end\n" if text else ""


def update_sticky(regfile, register, field):
    name = flop(regfile, register, field)
    member = shown(regfile, register, field)
    place = f"[{field.high}:{field.low}]" if field.width > 1 else f"[{field.low}]"
    select = f"write_{regfile.name}_{register.name}_q"
    select = select if field.width == 1 else f"{{{field.width}{{{select}}}}}"
    return (
        f"      {name} <=\n          ({name}\n"
        f"           & ~({select} & write_data_q{place}))\n          | {member};\n"
    )


def storage(contract):
    text = "  always_ff @(posedge clk_i) begin\n    if (!rst_ni) begin\n"
    for regfile, register, field in stored_fields(contract):
        text += f"      {flop(regfile, register, field)} <= {field.width}'h{field.reset:x};\n"
    for regfile, register in pulses(contract):
        text += f"      {regfile.name}_{register.name}_written_q <= 1'b0;\n"
    text += "    end else begin\n"
    for word in write_words(contract):
        text += update_word(word)
    sticky = [s for s in stored_fields(contract) if s[2].write_one_to_clear]
    if sticky:
        text += "      // What happens in the clock in which software clears it stays to be seen.\n"
    for regfile, register, field in sticky:
        text += update_sticky(regfile, register, field)
    for regfile, register in pulses(contract):
        text += f"      {regfile.name}_{register.name}_written_q <= write_{regfile.name}_{register.name}_q;\n"
    return text + "    end\n  end\n\n"


def outputs(contract):
    text = ""
    for regfile, register, _ in contract.single_registers():
        name = f"reg2hw_o.{regfile.name}.{register.name}"
        if register.tells_writes:
            text += f"  assign {name}.written = {regfile.name}_{register.name}_written_q;\n"
        for field in register.fields:
            if field.hardware_reads:
                text += f"  assign {name}.{field.name} = {flop(regfile, register, field)};\n"
    return text + "\n"


def field_value(regfile, register, field):
    if field.stored:
        return flop(regfile, register, field)
    if field.hardware_writes:
        return shown(regfile, register, field)
    return f"{field.width}'h{field.reset:x}"


def assign_double_word(regfile, register, position):
    """Lines that put a register's fields into the bits of a double word, of which `position` is its lowest."""
    lines = []
    for field in register.fields:
        low, high = field.low + position, field.high + position
        place = f"[{high}:{low}]" if high != low else f"[{low}]"
        lines.append((place, field_value(regfile, register, field)))
    return lines


def add_double_word(page, regfile, register, address):
    """Puts the register into {double word's address: [known low, known high, holds, lines]}."""
    double_word = page.setdefault(address & ~7, [False, False, False, []])
    position = (address & 7) * 8
    for word in range(register.words):
        double_word[(address & 7) // 4 + word] = True
    double_word[2] = double_word[2] or register.holds_high_half
    double_word[3] += assign_double_word(regfile, register, position)


def double_words(contract):
    """page -> its double words"""
    pages = {}
    for regfile, register, address in contract.single_registers():
        add_double_word(pages.setdefault(address // PAGE_BYTES, {}), regfile, register, address)
    return pages


def page_name(page):
    return f"page{page:x}"


def read_page(page, contents):
    """The first stage of the read multiplexer, for one page."""
    name = page_name(page)
    text = f"  logic [63:0] {name}_data_q;\n"
    text += f"  logic [2:0] {name}_known_q;  // low word, high word, high word is held\n"
    text += "  always_ff @(posedge clk_i) begin\n    if (read_state_q == READ_DECODE) begin\n"
    text += f"      {name}_data_q  <= '0;\n      {name}_known_q <= '0;\n"
    text += "      unique case (read_address_q[11:3])\n"
    text += read_cases(contents, f"{name}_data_q", f"{name}_known_q", f"{PAGE_BYTES.bit_length() - 4}", PAGE_BYTES)
    return text + "        default: ;\n      endcase\n    end\n  end\n\n"


def read_cases(contents, data, known, selector_bits, size):
    """The items of a case over double words; they assign what is not 0."""
    text = ""
    for address, (low, high, holds, lines) in sorted(contents.items()):
        text += f"        {selector_bits}'h{(address % size) >> 3:x}: begin\n"
        text += f"          {known} <= 3'b{int(holds)}{int(high)}{int(low)};\n"
        for place, value in lines:
            line = f"          {data}{place} <= {value};\n"
            text += line if len(line) <= 101 else line.replace(" <= ", " <=\n              ")
        text += "        end\n"
    return text


def read_select(pages):
    text = "  // The second stage: the page.\n  logic [63:0] read_data;\n  logic [2:0] read_known;\n"
    text += "  always_comb begin\n    read_data  = '0;\n    read_known = '0;\n    unique case (read_address_q[15:12])\n"
    for page in sorted(pages):
        name = page_name(page)
        text += f"      4'h{page:x}: begin\n        read_data  = {name}_data_q;\n"
        text += f"        read_known = {name}_known_q;\n      end\n"
    return text + "      default: ;\n    endcase\n  end\n\n"


def quiet(contract):
    wakers = [shown(rf, r, f) for rf, r, f in stored_fields(contract) if f.hardware_sets]
    wakers += [f"{rf.name}_{r.name}_written_q" for rf, r in pulses(contract)]
    wakers += [sv_array.written(array) for array in contract.arrays if sv_array.tells_writes(array)]
    return QUIET.replace("@WAKERS@", ",\n".join(f"      {w}" for w in wakers))


def generate(contract):
    pages = double_words(contract)
    text = HEADER + "\n" + CONTRACT_AND_PORTS.replace("@PACKAGE@", PACKAGE)
    text = text.replace("@PARAMETERS@", sv_array.parameters(contract))
    text += sv_array.parameter_checks(contract) + declare_storage(contract) + declare_shown(shown_fields(contract))
    text += sv_array.declarations(contract)
    text += WRITE_CONTROL + write_decode(contract) + storage(contract) + outputs(contract)
    text += READ_CONTROL
    for page, contents in sorted(pages.items()):
        text += read_page(page, contents)
    for array in contract.arrays:
        text += sv_array.instances(array)
    every_page = [*pages, *(array.address // PAGE_BYTES for array in contract.arrays)]
    text += read_select(every_page) + READ_ANSWER + quiet(contract)
    return text + "endmodule\n\n`default_nettype wire\n"
