// SPDX-License-Identifier: Apache-2.0
#include "model/system/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "model/system/latency_summary.hpp"

namespace fourtuple::model::system {

namespace {

using json = nlohmann::ordered_json;

// Where frames and segments can be lost, and which counter says so.
constexpr std::pair<const char*, const char*> drop_reasons[] = {
    {"rx_mac_error", "rx_drop_mac_error"},
    {"rx_too_short", "rx_drop_too_short"},
    {"rx_too_long", "rx_drop_too_long"},
    {"rx_filtered", "rx_drop_filtered"},
    {"rx_fifo_full", "rx_drop_fifo_full"},
    {"rx_ring_full", "rx_drop_ring_full"},
    {"rx_completion_full", "rx_drop_completion_full"},
    {"rx_disabled", "rx_drop_disabled"},
    {"tx_descriptor", "tx_drop_descriptor"},
    {"tx_dma_error", "tx_drop_dma_error"},
    {"ip_header", "IpInHdrErrors"},
    {"ip_address", "IpInAddrErrors"},
    {"ip_truncated", "IpInTruncatedPkts"},
    {"ip_checksum", "IpInCsumErrors"},
    {"ip_discarded", "IpInDiscards"},
    {"ip_no_neighbour", "NeighUnresolvedDiscards"},
    {"qdisc", "QdiscDropped"},
    {"tcp_checksum", "TcpInCsumErrors"},
    {"tcp_malformed", "TcpInErrs"},
    {"tcp_listen_overflow", "TcpExtListenOverflows"},
    {"tcp_listen_drop", "TcpExtListenDrops"},
    {"tcp_request_queue_full", "TcpExtTCPReqQFullDrop"},
};

json machine_json(const machine_report& machine) {
  json counters = json::object();
  for (const auto& [name, value] : machine.counters) counters[name] = value;
  json document = {
      {"name", machine.name},
      {"cpu", {{"busy_ns", machine.cpu_busy_ns}, {"busy_share", machine.cpu_busy_share}}},
      {"pcie",
       {{"upstream", {{"utilisation", machine.pcie_upstream_utilisation}, {"bytes", machine.pcie_upstream_bytes}}},
        {"downstream",
         {{"utilisation", machine.pcie_downstream_utilisation}, {"bytes", machine.pcie_downstream_bytes}}}}},
      {"iommu_faults", machine.iommu_faults},
      {"messages", machine.messages},
      {"counters", std::move(counters)}};
  for (const auto& [name, value] : machine.pcie_faults) document["pcie"]["faults"][name] = value;
  return document;
}

json wire_json(const run_report& report) {
  json wire = {{"frames", report.wire_frames}, {"bytes", report.wire_bytes}};
  for (const link_report& link : report.links)
    wire["links"][link.direction] = {{"frames", link.frames}, {"bytes", link.bytes}};
  for (const impairment_report& impairment : report.impairments) {
    for (const auto& [name, value] : impairment.counters) wire["impairments"][impairment.direction][name] = value;
  }
  return wire;
}

json latency_json(const latency_summary& latency) {
  json histogram = json::array();
  for (const auto& [end_ns, count] : latency.histogram) histogram.push_back({end_ns, count});
  return {{"count", latency.count},    {"min", latency.least_ns}, {"mean", latency.mean_ns},
          {"p50", latency.p50_ns},     {"p90", latency.p90_ns},   {"p99", latency.p99_ns},
          {"p99_9", latency.p99_9_ns}, {"max", latency.most_ns},  {"histogram", std::move(histogram)}};
}

json workload_json(const workload_report& workload) {
  const app::workload_results& results = workload.results;
  return {{"name", workload.name},
          {"kind", workload.kind},
          {"begun", results.begun},
          {"finished", results.finished},
          {"failed", results.failed},
          {"connections", {{"opened", results.opened}, {"accepted", results.accepted}, {"closed", results.closed}}},
          {"bytes", results.bytes},
          {"active_ns", results.active_ns},
          {"latency_ns", latency_json(summarise(results.latency_ns))}};
}

json switch_json(const run_report& report) {
  json ports = json::object();
  for (const switch_port_report& port : report.switch_ports) {
    for (const auto& [name, value] : port.counters) ports[port.name][name] = value;
  }
  return ports;
}

std::string with_unit(double value, const char* const (&units)[4], double step) {
  std::size_t unit = 0;
  while (value >= step && unit + 1 < std::size(units)) {
    value /= step;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 2, units[unit]);
}

std::string time_text(std::uint64_t time_ns) {
  constexpr const char* units[] = {"ns", "us", "ms", "s"};
  return with_unit(static_cast<double>(time_ns), units, 1000);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB"};
  return with_unit(static_cast<double>(bytes), units, 1024);
}

std::string_view payload_text(const run_report& report) {
  if (!report.payload_ok) return "";
  return *report.payload_ok ? ", every byte as sent (SHA-256)" : ", NOT every file whole and as sent";
}

double goodput_gbit_per_s(const run_report& report) {
  return report.transfer_ns == 0
             ? 0.0
             : static_cast<double>(report.bytes_delivered) * 8 / static_cast<double>(report.transfer_ns);
}

void append_nic_lines(const run_report& report, std::string& text) {
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "  table         {} hits, {} misses, {} inserted, {} deleted, {} full\n",
                 report.total("table_hit"), report.total("table_miss"), report.total("table_inserted"),
                 report.total("table_deleted"), report.total("table_full"));
  fmt::format_to(out, "  checksums     {} received good, {} bad; {} put in on transmit\n", report.total("rx_l4_good"),
                 report.total("rx_l4_bad"), report.total("tx_checksum_inserted"));
  for (const machine_report& machine : report.machines) {
    if (machine.cpu_charged)
      fmt::format_to(out, "  cpu {:<9} {:.1f} % busy\n", machine.name, machine.cpu_busy_share * 100);
  }
  for (const machine_report& machine : report.machines) {
    fmt::format_to(out, "  pcie {:<8} {:.1f} % upstream, {:.1f} % downstream\n", machine.name,
                   machine.pcie_upstream_utilisation * 100, machine.pcie_downstream_utilisation * 100);
  }
}

// "2 lost, 1 reordered": those that are not 0.
std::string counts_text(const std::vector<std::pair<const char*, std::uint64_t>>& counters, std::string_view if_none) {
  std::string all;
  for (const auto& [name, value] : counters) {
    if (value != 0) all += fmt::format("{}{} {}", all.empty() ? "" : ", ", value, name);
  }
  return all.empty() ? std::string(if_none) : all;
}

void append_impairments(const run_report& report, std::string& text) {
  for (const impairment_report& impairment : report.impairments)
    text += fmt::format("  {:<13} {}\n", impairment.direction, counts_text(impairment.counters, "nothing sent"));
}

void append_faults(const run_report& report, std::string& text) {
  for (const machine_report& machine : report.machines) {
    if (!machine.pcie_faults.empty())
      text += fmt::format("  faults {:<6} {}\n", machine.name, counts_text(machine.pcie_faults, "none came"));
  }
}

// What the lines above cannot say: more than one workload, or one that is not about connections.
void append_workloads(const run_report& report, std::string& text) {
  if (report.workloads.size() == 1 && report.workloads.front().kind == "bulk") return;
  for (const workload_report& workload : report.workloads) {
    const app::workload_results& results = workload.results;
    const latency_summary latency = summarise(results.latency_ns);
    text += fmt::format("  {:<13} {} of {} done, {} failed", workload.name, results.finished, results.begun,
                        results.failed);
    if (results.active_ns != 0) {
      text += fmt::format(", {:.0f}/s over {}",
                          static_cast<double>(results.finished) * 1e9 / static_cast<double>(results.active_ns),
                          time_text(results.active_ns));
    }
    if (workload.kind == "syn_flood") text += fmt::format(", {} answered", results.opened);
    if (latency.count != 0) {
      text += fmt::format("\n  {:<13} p50 {}, p90 {}, p99 {}, p99.9 {}, max {}", "", time_text(latency.p50_ns),
                          time_text(latency.p90_ns), time_text(latency.p99_ns), time_text(latency.p99_9_ns),
                          time_text(latency.most_ns));
    }
    text += '\n';
  }
}

void append_switch(const run_report& report, std::string& text) {
  for (const switch_port_report& port : report.switch_ports)
    text += fmt::format("  switch {:<6} {}\n", port.name, counts_text(port.counters, "nothing"));
}

void append_drops(const run_report& report, std::string& text) {
  std::string drops;
  for (const auto& [reason, counter] : drop_reasons) {
    if (const std::uint64_t count = report.total(counter); count != 0) {
      drops += fmt::format("{}{} {}", drops.empty() ? "" : ", ", count, reason);
    }
  }
  text += fmt::format("  drops         {}\n", drops.empty() ? "none" : drops);
}

void append_clocks(const run_report& report, double wall_seconds, std::string& text) {
  const std::uint64_t all = report.clocks.evaluated + report.clocks.skipped;
  if (all == 0) {
    text += fmt::format("  speed         {:.2f} s of real time; no clocks (functional model)\n", wall_seconds);
    return;
  }
  text +=
      fmt::format("  clocks        {} evaluated, {} skipped ({:.4f} % evaluated)\n", report.clocks.evaluated,
                  report.clocks.skipped, static_cast<double>(report.clocks.evaluated) * 100 / static_cast<double>(all));
  text += fmt::format("  speed         {:.2f} s of real time, {:.0f} evaluated clocks/s\n", wall_seconds,
                      wall_seconds > 0 ? static_cast<double>(report.clocks.evaluated) / wall_seconds : 0.0);
}

}  // namespace

std::uint64_t machine_report::counter(std::string_view counter_name) const {
  const auto found =
      std::ranges::find(counters, counter_name, [](const auto& pair) { return std::string_view(pair.first); });
  return found == counters.end() ? 0 : found->second;
}

std::uint64_t run_report::total(std::string_view counter_name) const {
  std::uint64_t sum = 0;
  for (const machine_report& machine : machines) sum += machine.counter(counter_name);
  return sum;
}

std::uint64_t percentile(std::vector<std::uint64_t> values, double percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

std::string to_json(const run_report& report) {
  json drops = json::object();
  for (const auto& [reason, counter] : drop_reasons) drops[reason] = report.total(counter);
  json machines = json::array();
  for (const machine_report& machine : report.machines) machines.push_back(machine_json(machine));
  json workloads = json::array();
  for (const workload_report& workload : report.workloads) workloads.push_back(workload_json(workload));
  json document = {
      {"nic", report.nic},
      {"seed", report.seed},
      {"digest", report.digest},
      {"sim_time_ps", report.sim_time_ps},
      {"clocks_evaluated", report.clocks.evaluated},
      {"clocks_skipped", report.clocks.skipped},
      {"connections", {{"opened", report.opened}, {"accepted", report.accepted}, {"closed", report.closed}}},
      {"bytes_delivered", report.bytes_delivered},
      {"payload_ok", report.payload_ok ? json(*report.payload_ok) : json(nullptr)},
      {"transfer_ns", report.transfer_ns},
      {"wire", wire_json(report)},
      {"table",
       {{"hits", report.total("table_hit")},
        {"misses", report.total("table_miss")},
        {"inserted", report.total("table_inserted")},
        {"deleted", report.total("table_deleted")},
        {"full", report.total("table_full")}}},
      {"checksum",
       {{"rx_good", report.total("rx_l4_good")},
        {"rx_bad", report.total("rx_l4_bad") + report.total("rx_ipv4_bad")},
        {"tx_inserted", report.total("tx_checksum_inserted")}}},
      {"drops", std::move(drops)},
      {"retransmits", report.total("TcpRetransSegs")},
      {"latency_ns", {{"p50", percentile(report.latency_ns, 50)}, {"p99", percentile(report.latency_ns, 99)}}},
      {"errors", report.errors},
      {"workloads", std::move(workloads)},
      {"machines", std::move(machines)},
  };
  if (report.cut_at_ps) document["until_ps"] = *report.cut_at_ps;
  if (!report.switch_ports.empty()) document["switch"] = switch_json(report);
  return document.dump(2) + '\n';
}

std::string to_text(const run_report& report, double wall_seconds) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{}\n",
                 !report.errors.empty() ? "Run failed."
                 : report.cut_at_ps     ? fmt::format("Run ended at {}, as asked.", time_text(*report.cut_at_ps / 1000))
                                        : "Run complete.");
  fmt::format_to(out, "  nic           {}, seed {}\n", report.nic, report.seed);
  fmt::format_to(out, "  simulated     {}\n", time_text(report.sim_time_ps / 1000));
  fmt::format_to(out, "  connections   {} opened, {} accepted, {} closed in order\n", report.opened, report.accepted,
                 report.closed);
  fmt::format_to(out, "  delivered     {}{}\n", bytes_text(report.bytes_delivered), payload_text(report));
  if (report.transfer_ns != 0) {
    fmt::format_to(out, "  goodput       {:.2f} Gbit/s over {}\n", goodput_gbit_per_s(report),
                   time_text(report.transfer_ns));
  }
  append_workloads(report, text);
  if (!report.latency_ns.empty() && (report.workloads.empty() || report.workloads.front().kind == "bulk")) {
    fmt::format_to(out, "  latency       p50 {}, p99 {} (connect to answer)\n",
                   time_text(percentile(report.latency_ns, 50)), time_text(percentile(report.latency_ns, 99)));
  }
  fmt::format_to(out, "  wire          {} frames, {}\n", report.wire_frames, bytes_text(report.wire_bytes));
  append_impairments(report, text);
  append_switch(report, text);
  fmt::format_to(out, "  retransmits   {}\n", report.total("TcpRetransSegs"));
  append_nic_lines(report, text);
  append_faults(report, text);
  append_drops(report, text);
  append_clocks(report, wall_seconds, text);
  for (const machine_report& machine : report.machines) {
    for (const std::string& line : machine.messages) fmt::format_to(out, "  {:<13} {}\n", machine.name, line);
    if (machine.iommu_faults != 0) {
      fmt::format_to(out, "  iommu {:<7} {} refused, first: {}\n", machine.name, machine.iommu_faults,
                     machine.first_iommu_fault);
    }
  }
  for (const std::string& error : report.errors) fmt::format_to(out, "  error         {}\n", error);
  fmt::format_to(out, "  digest        {}\n", report.digest);
  return text;
}

}  // namespace fourtuple::model::system
