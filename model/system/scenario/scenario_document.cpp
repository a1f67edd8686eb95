// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "model/system/scenario/scenario_printer.hpp"
#include "model/system/scenario/setting.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::string_view introduction =
    R"(# Scenarios

<!-- Generated: fourtuple run --print-scenario=markdown. The tables are those of model/system/scenario/. -->

What `fourtuple run` simulates is a scenario: a [TOML](https://toml.io) file, options, or both. Options override the file.

```
fourtuple run scenarios/incast.toml --nic=model --set workloads.bulk.connections=2
fourtuple run scenarios/incast.toml --print-scenario    # the complete one, with every key and its value
```

Without a file there are two hosts, `client` 10.0.0.1 and `server` 10.0.0.2, a cable between them, and one workload, `bulk`. A file needs only
what is different from the defaults. `[nic]`, `[pcie]`, `[faults]`, `[cpu]`, `[tcp]` and `[link]` hold for every host; below a host, as `[hosts.nic]`, they hold for that
one. More than two hosts, or a SYN flood, are joined by a switch.

`--set PATH=VALUE` sets any key: `--set nic.mtu=1400`, `--set hosts.server.nic.kind=rtl`, `--set workloads.bulk.connections=2`,
`--set impairments.client.loss=0.01` (what that host sends). It can be given more than once; lists are written `a,b`. An option for a workload holds for
the only one there is.

A mistake in a scenario is told in one line, with file and line, and nothing is run (exit status 2).

Distributions, of sizes and gaps, are `N` (always the same), `uniform:LEAST:MOST`, `exponential:MEAN`, `lognormal:MEDIAN:SIGMA` (of the
logarithm) or `pareto:LEAST:SHAPE`. Everything random follows from `run.seed`, each user of it from a stream of its own.
)";

struct chapter {
  std::string_view section;
  std::string_view heading;
  std::string_view text;
};

constexpr chapter chapters[] = {
    {"run", "[run]", "The run as a whole."},
    {"nic", "[nic]", "The device, and how its driver sets it up."},
    {"pcie", "[pcie]", "The slot of the NIC."},
    {"faults", "[faults]",
     "What goes wrong between a host and its NIC. Times, such as `40us`, and numbers count from the start of the "
     "workloads; a completion is one packet of the\n"
     "answer to a read of the device. The driver recovers from each: from a damaged or missing descriptor by "
     "restarting "
     "the queue, from a failed link\n"
     "by resetting the device when it is up again, from a lost interrupt at the next look of its watchdog "
     "(`nic.watchdog_ms`). TCP sends again what was lost."},
    {"cpu", "[cpu]",
     "What the host's processor takes for its work. It does one thing at a time, and what it sends leaves when it has "
     "come so far. With all of them 0 it\n"
     "takes no time. The share of time that it was busy is in the summary and in `run.json`."},
    {"tcp", "[tcp]", "The host's stack. Keys are named after Linux's sysctls."},
    {"link", "[link]", "The cable at the host's NIC: to the other host or to the switch."},
    {"switch", "[switch]",
     "Store and forward, learning, with an output queue at each port. There is one if more than two ports are needed, "
     "or `always` is true."},
    {"hosts", "[[hosts]]", "Once for each. With none there are client and server."},
    {"impairments", "[[impairments]]",
     "What goes wrong on a wire, once for each direction that is meant: `from = \"NAME\"`, what that host sends; `to = "
     "\"NAME\"`, what it is sent; neither: every\n"
     "direction of every cable. Later ones change what earlier ones said. As options, `--loss=0.01` holds for all "
     "directions, `--loss=client:0.01` for what\n"
     "the client sends; `--drop` can be given more than once. Probabilities are in steps of a millionth. What is done, "
     "in this order: `drop`, `loss`,\n"
     "`loss_burst`, bottleneck, `duplicate`; then for each copy `corrupt`, `corrupt_silent`, jitter, `reorder`."},
    {"workloads", "[[workloads]]",
     "What the hosts do, once for each; all run at the same time.\n\n"
     "- `bulk`: each connection carries a file and gets its SHA-256 back. Latency is from connect() to that.\n"
     "- `request_response`: requests and answers with sizes of their own. Closed loop: each of `connections` asks, "
     "waits, thinks, asks again. Open loop\n"
     "  (`gap_ns`): requests come when they come, on whichever connection is free; latency is from when a request was "
     "due.\n"
     "- `connection_storm`: a connection for each request: connect, ask, close. Latency is from connect() (open loop: "
     "from when it was due) to the answer.\n"
     "- `syn_flood`: SYNs from sources that do not exist, from a port of its own at the switch.\n"
     "- `http`: files by HTTP/1.1, a connection each.\n"
     "- `idle_crowd`: connections that are opened and stay; some say something from time to time. Ends when the others "
     "do, or with the run's duration."},
};

std::string kinds_of(const setting& about) {
  std::string text;
  for (const workload_kind kind : about.workloads) text += fmt::format("{}{}", text.empty() ? "" : ", ", name_of(kind));
  return text.empty() ? text : fmt::format(" ({})", text);
}

void append_row(std::string& text, const described_setting& one) {
  const setting& about = *one.about;
  std::string option(about.option.empty() ? "" : fmt::format("`--{}`", about.option));
  if (about.letter != 0) option += fmt::format(", `-{}`", about.letter);
  std::string range = about.allowed();
  if (about.kind == value_kind::integer) range = fmt::format("{} to {}", about.least, about.most);
  if (about.kind == value_kind::number) range = fmt::format("{} to {}", about.least_number, about.most_number);
  text += fmt::format("| `{}` | {} | {} | `{}` | {} | {}{} |\n", about.key, option, about.unit, to_toml(one.standard),
                      range, about.help, kinds_of(about));
}

}  // namespace

std::string scenario_document() {
  std::string text(introduction);
  for (const chapter& one : chapters) {
    text += fmt::format(
        "\n## {}\n\n{}\n\n| key | option | unit | default | range | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
        one.heading, one.text);
    for (const described_setting& each : all_settings()) {
      if (each.about->section == one.section) append_row(text, each);
    }
  }
  return text +
         "\n## [sweep]\n\nOnly for `fourtuple sweep`; `fourtuple run` passes it over. See [running.md](running.md).\n\n"
         "| key | meaning |\n| --- | --- |\n"
         "| `seeds` | a list of seeds, or how many: 1, 2, 3... |\n"
         "| `parameters` | a table of paths as for `--set`, in quotes, each with a list of values: `\"nic.kind\" = "
         "[\"rtl\", \"model\"]` |\n";
}

}  // namespace fourtuple::model::system
