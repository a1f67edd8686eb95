// SPDX-License-Identifier: Apache-2.0
#include "model/system/run_plots.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "model/observe/series.hpp"

namespace fourtuple::model::system {
namespace {

using json = nlohmann::ordered_json;
using observe::log_histogram;
using observe::series;

// A page shows a few; all that are kept are in the file up to this many.
constexpr std::size_t most_written_connections = 16;
constexpr std::uint32_t no_ssthresh = 0x7fff'ffff;

// Six significant digits are more than a plot shows, and keep the file small.
json rounded(const std::vector<double>& values) {
  json all = json::array();
  for (const double value : values) {
    if (value == std::floor(value) && std::abs(value) < 1e15) {
      all.push_back(static_cast<std::int64_t>(value));
    } else {
      const double scale = std::pow(10, 5 - std::floor(std::log10(std::abs(value))));
      all.push_back(std::round(value * scale) / scale);
    }
  }
  return all;
}

json histogram(const std::vector<log_histogram::bin>& bins) {
  json all = json::array();
  for (const log_histogram::bin& bin : bins) all.push_back({std::round(bin.from * 100) / 100, bin.count});
  return all;
}

json host_json(const series::host_series& host) {
  return {{"name", host.host},
          {"sent_payload_bytes", rounded(host.sent_payload_bytes)},
          {"sent_frames", rounded(host.sent_frames)},
          {"pcie_upstream_bytes", rounded(host.pcie_upstream_bytes)},
          {"pcie_downstream_bytes", rounded(host.pcie_downstream_bytes)},
          {"rx_ring_share", rounded(host.rx_ring_share)},
          {"completion_ring_share", rounded(host.completion_ring_share)},
          {"transmit_ring_share", rounded(host.transmit_ring_share)},
          {"table_entries", rounded(host.table_entries)},
          {"drops", rounded(host.drops)},
          {"retransmits", rounded(host.retransmits)},
          {"nic_latency_ns", histogram(host.nic_latency_ns)}};
}

json connection_json(const series::connection_series& connection) {
  json times = json::array();
  json cwnd = json::array();
  json ssthresh = json::array();
  json srtt = json::array();
  json in_flight = json::array();
  for (const series::point& point : connection.points) {
    times.push_back(point.time_ps / 1000);
    cwnd.push_back(point.sample.cwnd);
    ssthresh.push_back(point.sample.ssthresh == no_ssthresh ? json(nullptr) : json(point.sample.ssthresh));
    srtt.push_back(point.sample.srtt_us);
    in_flight.push_back(point.sample.in_flight);
  }
  json marks = json::array();
  for (const series::mark& mark : connection.marks) marks.push_back({mark.time_ps / 1000, mark.what});
  return {{"host", connection.host},
          {"name", connection.name},
          {"retransmits", connection.retransmits},
          {"most_in_flight", connection.most_in_flight},
          {"time_ns", std::move(times)},
          {"cwnd", std::move(cwnd)},
          {"ssthresh", std::move(ssthresh)},
          {"srtt_us", std::move(srtt)},
          {"in_flight", std::move(in_flight)},
          {"marks", std::move(marks)}};
}

json latency_json(const run_report& report) {
  log_histogram all;
  for (const std::uint64_t value : report.latency_ns) all.add(value);
  return {{"count", report.latency_ns.size()},           {"p50", percentile(report.latency_ns, 50)},
          {"p90", percentile(report.latency_ns, 90)},    {"p99", percentile(report.latency_ns, 99)},
          {"p999", percentile(report.latency_ns, 99.9)}, {"most", percentile(report.latency_ns, 100)},
          {"histogram", histogram(all.bins())}};
}

}  // namespace

std::string plots_to_json(const run_report& report, const std::string& command) {
  const series::result& plots = *report.plots;
  json hosts = json::array();
  for (const series::host_series& host : plots.hosts) hosts.push_back(host_json(host));
  json connections = json::array();
  for (const series::connection_series& connection : plots.connections) {
    if (connections.size() == most_written_connections) break;
    connections.push_back(connection_json(connection));
  }
  const json document = {{"command", command},
                         {"pcie_bytes_per_s", report.pcie_bytes_per_s},
                         {"wire_bits_per_s", report.wire_bits_per_s},
                         {"bin_ns", static_cast<double>(plots.bin_width_ps) / 1000},
                         {"bins", plots.bins},
                         {"latency_ns", latency_json(report)},
                         {"hosts", std::move(hosts)},
                         {"connections", std::move(connections)}};
  return document.dump() + '\n';
}

}  // namespace fourtuple::model::system
