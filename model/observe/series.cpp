// SPDX-License-Identifier: Apache-2.0
#include "model/observe/series.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/observe/names.hpp"

namespace fourtuple::model::observe {

// ---- Bins

std::size_t time_bins::add_channel(kind how) {
  channels_.push_back({.how = how, .values = {}});
  return channels_.size() - 1;
}

double time_bins::joined(kind how, double first, double second) noexcept {
  switch (how) {
    case kind::sum:
      return first + second;
    case kind::maximum:
      return std::max(first, second);
    case kind::level:
      break;
  }
  return second;
}

void time_bins::add(std::size_t channel, std::uint64_t time_ps, double value) {
  while (time_ps / width_ps_ >= most_bins) double_width();
  const std::size_t bin = time_ps / width_ps_;
  used_ = std::max(used_, bin + 1);
  channel_state& state = channels_[channel];
  if (state.values.size() <= bin) state.values.resize(bin + 1);
  std::optional<double>& place = state.values[bin];
  place = place ? joined(state.how, *place, value) : value;
}

void time_bins::double_width() {
  width_ps_ *= 2;
  used_ = (used_ + 1) / 2;
  for (channel_state& state : channels_) {
    for (std::size_t i = 0; i < state.values.size(); i += 2) {
      const std::optional<double> first = state.values[i];
      const std::optional<double> second = i + 1 < state.values.size() ? state.values[i + 1] : std::nullopt;
      state.values[i / 2] = first && second ? joined(state.how, *first, *second) : first ? first : second;
    }
    state.values.resize((state.values.size() + 1) / 2);
  }
}

std::vector<double> time_bins::values(std::size_t channel) const {
  const channel_state& state = channels_[channel];
  std::vector<double> result(used_, 0);
  double held = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    const std::optional<double> value = i < state.values.size() ? state.values[i] : std::nullopt;
    if (state.how != kind::level) held = 0;
    held = value.value_or(held);
    result[i] = held;
  }
  return result;
}

// ---- Histogram

void log_histogram::add(std::uint64_t value) {
  const auto clamped = static_cast<double>(std::max<std::uint64_t>(value, 1));
  ++counts_[static_cast<int>(std::floor(std::log10(clamped) * 10 + 1e-9))];
}

std::vector<log_histogram::bin> log_histogram::bins() const {
  std::vector<bin> result;
  if (counts_.empty()) return result;
  for (int i = counts_.begin()->first; i <= counts_.rbegin()->first; ++i) {
    const auto found = counts_.find(i);
    result.push_back({.from = std::pow(10, i / 10.0),
                      .to = std::pow(10, (i + 1) / 10.0),
                      .count = found == counts_.end() ? 0 : found->second});
  }
  return result;
}

// ---- Series

series::host_channels& series::channels_of(std::string_view host) {
  using kind = time_bins::kind;
  const auto found = hosts_.find(host);
  if (found != hosts_.end()) return found->second;
  return hosts_
      .emplace(std::string(host), host_channels{.payload = bins_.add_channel(kind::sum),
                                                .frames = bins_.add_channel(kind::sum),
                                                .pcie_up = bins_.add_channel(kind::sum),
                                                .pcie_down = bins_.add_channel(kind::sum),
                                                .rx_ring = bins_.add_channel(kind::maximum),
                                                .completion_ring = bins_.add_channel(kind::maximum),
                                                .transmit_ring = bins_.add_channel(kind::maximum),
                                                .table = bins_.add_channel(kind::level),
                                                .drops = bins_.add_channel(kind::sum),
                                                .retransmits = bins_.add_channel(kind::sum),
                                                .latency_ns = {}})
      .first->second;
}

void series::on_happening(const happening& what) {
  if (is_over(what.time_ps)) return;
  host_channels& channels = channels_of(what.host);
  if (what.part == layer::wire && what.name == "frame_sent") {
    bins_.add(channels.frames, what.time_ps, 1);
    bins_.add(channels.payload, what.time_ps, what.frame->payload_bytes);
  } else if (what.name == "frame_lost" || what.name == "frame_dropped") {
    bins_.add(channels.drops, what.time_ps, 1);
  } else if (what.record != nullptr && what.frame != nullptr) {
    channels.latency_ns.add(what.latency_ps / 1000);
  } else if (what.of_host != nullptr) {
    if (what.of_host->what == tcp::tracepoint::tcp_retransmit_skb) bins_.add(channels.retransmits, what.time_ps, 1);
    if (what.of_host->congestion) follow_connection(what);
  }
}

void series::follow_connection(const happening& what) {
  using tcp::tracepoint;
  const tracepoint where = what.of_host->what;
  std::string_view mark_name;
  if (where == tracepoint::tcp_retransmit_skb) mark_name = "retransmit";
  if (where == tracepoint::tcp_enter_recovery) mark_name = "recovery";
  if (where == tracepoint::tcp_enter_loss) mark_name = "timeout";
  if (mark_name.empty() && where != tracepoint::tcp_probe && where != tracepoint::tcp_end_cwnd_reduction) return;
  const auto key = std::pair(std::string(what.host), *what.tuple);
  auto found = connections_.find(key);
  if (found == connections_.end()) {
    if (connections_.size() == most_connections) return;
    found = connections_.emplace(key, connection_series{}).first;
    found->second.host = what.host;
    found->second.name = connection_name(*what.tuple);
  }
  connection_series& connection = found->second;
  const congestion_sample& sample = *what.of_host->congestion;
  connection.most_in_flight = std::max(connection.most_in_flight, sample.in_flight);
  connection.retransmits = sample.total_retrans;
  if (!mark_name.empty() && connection.marks.size() < most_marks) connection.marks.push_back({what.time_ps, mark_name});
  if (!connection.points.empty() && what.time_ps < connection.points.back().time_ps + connection.spacing_ps) {
    connection.points.back().sample = sample;
    return;
  }
  connection.points.push_back({what.time_ps, sample});
  if (connection.points.size() < most_points) return;
  const std::uint64_t span_ps = connection.points.back().time_ps - connection.points.front().time_ps;
  connection.spacing_ps = std::max<std::uint64_t>(2 * span_ps / most_points, 1);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < connection.points.size(); i += 2) connection.points[kept++] = connection.points[i];
  connection.points.resize(kept);
}

void series::on_ring_fill(std::uint64_t time_ps, std::string_view host, const ring_fill& fill) {
  if (is_over(time_ps)) return;
  const host_channels& channels = channels_of(host);
  const auto share = [](double part, double whole) { return whole == 0 ? 0.0 : part / whole; };
  bins_.add(channels.rx_ring, time_ps,
            share(static_cast<double>(fill.rx_bytes), static_cast<double>(fill.rx_size_bytes)));
  bins_.add(channels.completion_ring, time_ps, share(fill.completions, fill.completion_size));
  bins_.add(channels.transmit_ring, time_ps, share(fill.descriptors, fill.descriptor_size));
}

void series::on_table_entries(std::uint64_t time_ps, std::string_view host, std::uint64_t entries) {
  if (is_over(time_ps)) return;
  bins_.add(channels_of(host).table, time_ps, static_cast<double>(entries));
}

void series::on_pcie(std::uint64_t time_ps, std::string_view host, const pcie_use& use) {
  if (is_over(time_ps)) return;
  const host_channels& channels = channels_of(host);
  bins_.add(use.way == pcie::tlp_direction::upstream ? channels.pcie_up : channels.pcie_down, time_ps, use.wire_bytes);
}

series::result series::take() const {
  result all{.bin_width_ps = bins_.width_ps(), .bins = bins_.bins(), .hosts = {}, .connections = {}};
  for (const auto& [host, channels] : hosts_) {
    all.hosts.push_back({.host = host,
                         .sent_payload_bytes = bins_.values(channels.payload),
                         .sent_frames = bins_.values(channels.frames),
                         .pcie_upstream_bytes = bins_.values(channels.pcie_up),
                         .pcie_downstream_bytes = bins_.values(channels.pcie_down),
                         .rx_ring_share = bins_.values(channels.rx_ring),
                         .completion_ring_share = bins_.values(channels.completion_ring),
                         .transmit_ring_share = bins_.values(channels.transmit_ring),
                         .table_entries = bins_.values(channels.table),
                         .drops = bins_.values(channels.drops),
                         .retransmits = bins_.values(channels.retransmits),
                         .nic_latency_ns = channels.latency_ns.bins()});
  }
  for (const auto& [key, connection] : connections_) all.connections.push_back(connection);
  std::ranges::stable_sort(all.connections, [](const connection_series& a, const connection_series& b) {
    return std::pair(a.retransmits, a.most_in_flight) > std::pair(b.retransmits, b.most_in_flight);
  });
  return all;
}

}  // namespace fourtuple::model::observe
