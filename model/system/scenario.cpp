// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/system/platform.hpp"

namespace fourtuple::model::system {

namespace {
constexpr std::uint64_t ps_per_ns = 1'000;
}

std::string problem_with(const platform_options& options) {
  const std::uint64_t memory_ns = root_complex_config_of(options).memory_latency_ps / ps_per_ns;
  if (options.pcie_read_round_trip_ns < memory_ns + 2 || options.pcie_read_round_trip_ns > 1'000'000) {
    return fmt::format("a PCIe round trip of {} ns is out of range: {} to 1000000", options.pcie_read_round_trip_ns,
                       memory_ns + 2);
  }
  if (options.queues < 1 || options.queues > 16)
    return fmt::format("{} receive queues are out of range: 1 to 16", options.queues);
  if (const auto problem = pcie::config_error(link_config_of(options))) return *problem;
  constexpr std::uint32_t credit_bytes = 16;  // PCIe 2.6.1: a data credit.
  if (options.pcie_posted_data_credits != 0 &&
      options.pcie_posted_data_credits * credit_bytes < options.pcie_max_payload_bytes) {
    return fmt::format("{} posted data credits of {} bytes are less than a write of {} bytes needs",
                       options.pcie_posted_data_credits, credit_bytes, options.pcie_max_payload_bytes);
  }
  if (const auto problem = wire::config_error(wire_link_config_of(options))) return *problem;
  const std::uint64_t most = most_exact_quantum_clocks(options);
  if (options.quantum_clocks > most) {
    return fmt::format("a quantum of {} clocks would change results: at most {} with these latencies of PCIe and wire",
                       options.quantum_clocks, most);
  }
  const nic::nic_config built;
  if (options.nic == nic_kind::rtl && (options.table_buckets_log2 != built.buckets_log2 ||
                                       options.table_overflow_lines_log2 != built.overflow_lines_log2)) {
    return fmt::format(
        "the RTL is built with a connection table of 2^{} buckets and 2^{} overflow lines; other sizes "
        "need nic.kind = \"model\" (--nic=model)",
        built.buckets_log2, built.overflow_lines_log2);
  }
  return {};
}

const char* name_of(workload_kind kind) noexcept {
  switch (kind) {
    case workload_kind::bulk:
      return "bulk";
    case workload_kind::request_response:
      return "request_response";
    case workload_kind::connection_storm:
      return "connection_storm";
    case workload_kind::syn_flood:
      return "syn_flood";
    case workload_kind::http:
      return "http";
    case workload_kind::idle_crowd:
      return "idle_crowd";
  }
  return "";
}

bool scenario::switched() const noexcept {
  const auto attacks = [](const workload_settings& work) { return work.kind == workload_kind::syn_flood; };
  std::size_t ports = other_ports;
  for (const host_settings& host : hosts) ports += host.count;
  return ethernet_switch.always || ports != 2 || std::ranges::any_of(workloads, attacks);
}

std::size_t scenario::host_index(std::string_view name) const noexcept {
  const auto found = std::ranges::find(hosts, name, &host_settings::name);
  return static_cast<std::size_t>(found - hosts.begin());
}

}  // namespace fourtuple::model::system
