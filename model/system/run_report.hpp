// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/app/workloads/workload.hpp"
#include "model/nic/nic.hpp"
#include "model/observe/series.hpp"

namespace fourtuple::model::system {

/// Everything that one machine counted, and how busy its PCIe link was.
struct machine_report {
  std::string name;
  std::vector<std::pair<std::string, std::uint64_t>> counters;  ///< Device, driver and stack; in a fixed order.
  std::vector<std::string> messages;                            ///< What the driver had to say, one line each.
  std::uint64_t iommu_faults = 0;
  std::string first_iommu_fault;         ///< Empty if there was none.
  double pcie_upstream_utilisation = 0;  ///< Share of the simulated time up to the end of the work, 0 to 1.
  double pcie_downstream_utilisation = 0;
  std::uint64_t pcie_upstream_bytes = 0;
  std::uint64_t pcie_downstream_bytes = 0;
  std::vector<std::pair<const char*, std::uint64_t>> pcie_faults;  ///< What they did; empty without faults.
  bool cpu_charged = false;                                        ///< Its processor takes time for what it does.
  std::uint64_t cpu_busy_ns = 0;
  double cpu_busy_share = 0;  ///< Of the simulated time up to the end of the work, 0 to 1.

  /// 0 if there is no such counter.
  [[nodiscard]] std::uint64_t counter(std::string_view counter_name) const;
};

/// What one workload did.
struct workload_report {
  std::string name;
  std::string kind;
  app::workload_results results;
};

/// What passed in one direction of a link, where there are several.
struct link_report {
  std::string direction;  ///< "from_NAME", or "to_NAME": from the switch.
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};

/// A port of the switch, named after who is there.
struct switch_port_report {
  std::string name;
  std::vector<std::pair<const char*, std::uint64_t>> counters;
};

/// What an impaired direction of the wire did to its frames.
struct impairment_report {
  std::string direction;  ///< "from_client": what that host sends; "to_client": what the switch sends it.
  std::vector<std::pair<const char*, std::uint64_t>> counters;
};

/// What a run has to say. Everything in it follows from scenario and seed: no wall clock, no paths.
struct run_report {
  std::string nic;  ///< "rtl", "model", or "mixed".
  std::uint64_t seed = 0;
  std::string digest;  ///< SHA-256 of all wire events with their times, hexadecimal.
  std::uint64_t sim_time_ps = 0;
  nic::nic_clocks clocks;
  std::uint64_t opened = 0;
  std::uint64_t accepted = 0;
  std::uint64_t closed = 0;  ///< Connections that ended in order at both ends.
  std::uint64_t bytes_delivered = 0;
  std::optional<bool> payload_ok;  ///< Every byte arrived as it was sent; nothing if that was not compared.
  std::uint64_t wire_frames = 0;
  std::uint64_t wire_bytes = 0;
  std::vector<impairment_report> impairments;  ///< Of the directions that have any.
  std::vector<link_report> links;              ///< Both directions of each, if there is more than one.
  std::vector<switch_port_report> switch_ports;
  std::vector<workload_report> workloads;
  std::uint64_t transfer_ns = 0;          ///< From the first connect() to the last answer.
  std::vector<std::uint64_t> latency_ns;  ///< One for each connection or request.
  std::vector<machine_report> machines;
  std::optional<std::uint64_t> cut_at_ps;  ///< The run was to end here, and had not ended before.
  std::vector<std::string> errors;         ///< One line each; empty if everything went well.
  std::optional<observe::series::result> plots;
  std::string listings;  ///< Text; empty if none were asked for.
  // What plots are measured against.
  double pcie_bytes_per_s = 0;  ///< Of one direction of a host's link, with headers and framing.
  std::uint64_t wire_bits_per_s = 0;

  /// The sum of one counter over the machines.
  [[nodiscard]] std::uint64_t total(std::string_view counter_name) const;
};

/// Nearest rank (no interpolation): the smallest value that at least `percent` of them do not exceed. 0 if there is
/// none.
[[nodiscard]] std::uint64_t percentile(std::vector<std::uint64_t> values, double percent);

/// The document behind run.json, described in docs/running.md. Ends with a newline.
[[nodiscard]] std::string to_json(const run_report& report);

/// A page for people. `wall_seconds` is how long the run took outside.
[[nodiscard]] std::string to_text(const run_report& report, double wall_seconds);

}  // namespace fourtuple::model::system
