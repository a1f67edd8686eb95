# SPDX-License-Identifier: Apache-2.0
"""A block's clock frequency, placed and routed alone on an iCE40 HX8K by nextpnr.

The device is small and slow, but its tools are free and their result is the same everywhere: a measure to compare designs with, not what
a NIC would be built with.
"""

import dataclasses
import json
import re
import shutil

from . import sources

SEEDS = (1, 2, 3)


@dataclasses.dataclass
class Candidate:
    """A block that fits, how it is configured for that, and what the same flow gives for another project's block of that kind."""

    module: str
    parameters: dict[str, int]
    peer: str = ""
    peer_mhz: int = 0


CANDIDATES = {
    candidate.module: candidate
    for candidate in (
        Candidate("jhash_tuple", {}, "Enso", 124),
        Candidate("rx_checksum", {}, "Corundum", 78),
        # Two beats of room: 32 of them need more block RAM side by side than the device has.
        Candidate("tx_checksum_insert", {"ROOM_LOG2": 1}, "Corundum", 78),
        Candidate("frame_parser", {}),
    )
}


@dataclasses.dataclass
class Placement:
    """Names of fields are the keys of the JSON output."""

    module: str
    parameters: dict[str, int]
    logic_cells: int = 0
    mhz: list[float] = dataclasses.field(default_factory=list)
    peer: str = ""
    peer_mhz: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


def installed() -> bool:
    """Whether placing and routing can be done here."""
    return shutil.which("nextpnr-ice40") is not None


def place(candidate: Candidate) -> Placement:
    """Synthesises, places and routes the block once with each seed."""
    module = candidate.module
    result = Placement(module, candidate.parameters, peer=candidate.peer, peer_mhz=candidate.peer_mhz)
    name = f"{module}.ice40"
    netlist = sources.OUT / f"{name}.json"
    try:
        wrapper = sources.OUT / f"{name}.v"
        wrapper.write_text(_wrapper(module, candidate.parameters, _ports(module, candidate.parameters)))
        sources.yosys(name, [
            sources.read(),
            f"read_verilog {wrapper}",
            "hierarchy -check -top wrapped",
            # nextpnr knows no assertions.
            "proc",
            "chformal -remove",
            f"synth_ice40 -top wrapped -json {netlist}",
        ])
        for seed in SEEDS:
            log = sources.run(f"{name}.{seed}", ["nextpnr-ice40", "--hx8k", "--package", "ct256", "--json", str(netlist),
                                                 "--seed", str(seed), "--pcf-allow-unconstrained", "--timing-allow-fail"])
            result.mhz.append(float(re.findall(r"Max frequency for clock .*?: ([0-9.]+) MHz", log)[-1]))
            result.logic_cells = int(re.search(r"ICESTORM_LC: *(\d+)/", log).group(1))
    except sources.ToolFailed as failure:
        result.problems.append(str(failure))
    return result


def _ports(module: str, parameters: dict[str, int]) -> dict[str, tuple[str, int]]:
    """Direction and bits of each port."""
    name = f"{module}.ports"
    changes = [f"chparam -set {key} {value} {module}" for key, value in parameters.items()]
    file = sources.OUT / f"{name}.json"
    sources.yosys(name, [sources.read(), *changes, f"hierarchy -check -top {module}",
                         "proc", f"rename -top {module}", f"write_json {file}"])
    ports = json.loads(file.read_text())["modules"][module]["ports"]
    return {port: (entry["direction"], len(entry["bits"])) for port, entry in ports.items()}


def _wrapper(module: str, parameters: dict[str, int], ports: dict[str, tuple[str, int]]) -> str:
    """Inputs come from one shift register, outputs go into registers and from there into another: no path begins or ends at a pin."""
    places = {"input": 0, "output": 0}
    connections = []
    for port, (direction, bits) in ports.items():
        if port == "clk_i":
            connections.append(".clk_i(clk_i)")
            continue
        vector = {"input": "given", "output": "taken"}[direction]
        connections.append(f".{port}({vector}[{places[direction]} +: {bits}])")
        places[direction] += bits
    changes = ", ".join(f".{key}({value})" for key, value in parameters.items())
    return f"""module wrapped (input clk_i, input serial_i, input load_i, output serial_o);
  reg  [{places["input"] - 1}:0] given;
  wire [{places["output"] - 1}:0] taken;
  reg  [{places["output"] - 1}:0] shifted;
  reg  load;
  always @(posedge clk_i) begin
    given   <= {{given, serial_i}};
    load    <= load_i;
    shifted <= load ? taken : {{shifted, 1'b0}};
  end
  assign serial_o = shifted[{places["output"] - 1}];
  {module} {f"#({changes}) " if changes else ""}block ({", ".join(connections)});
endmodule
"""
