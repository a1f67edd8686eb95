# SPDX-License-Identifier: Apache-2.0
"""A block without its pins, for placing and routing it alone: devices have fewer pins than blocks have ports, and a path from a pin
says nothing about the block.
"""

import json

from . import sources

TOP = "wrapped"


def read(name: str, module: str, parameters: dict[str, int]) -> list[str]:
    """Yosys commands that read the RTL with the block in a wrapper as the top."""
    file = sources.OUT / f"{name}.v"
    file.write_text(_verilog(module, parameters, _ports(name, module, parameters)))
    return [
        sources.read(),
        f"read_verilog {file}",
        f"hierarchy -check -top {TOP}",
        # nextpnr knows no assertions.
        "proc",
        "chformal -remove",
    ]


def _ports(name: str, module: str, parameters: dict[str, int]) -> dict[str, tuple[str, int]]:
    """Direction and bits of each port."""
    name = f"{name}.ports"
    changes = [f"chparam -set {key} {value} {module}" for key, value in parameters.items()]
    file = sources.OUT / f"{name}.json"
    sources.yosys(name, [sources.read(), *changes, f"hierarchy -check -top {module}",
                         "proc", f"rename -top {module}", f"write_json {file}"])
    ports = json.loads(file.read_text())["modules"][module]["ports"]
    return {port: (entry["direction"], len(entry["bits"])) for port, entry in ports.items()}


def _verilog(module: str, parameters: dict[str, int], ports: dict[str, tuple[str, int]]) -> str:
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
    return f"""module {TOP} (input clk_i, input serial_i, input load_i, output serial_o);
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
