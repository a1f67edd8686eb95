// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/observe/happening.hpp"

namespace fourtuple::model::observe {

/// Values over time in at most `most_bins` bins of equal width. The width doubles when time runs out of them, so what
/// it keeps does not grow with the run.
class time_bins {
 public:
  enum class kind : std::uint8_t {
    sum,      ///< Values in a bin add up.
    maximum,  ///< The largest counts.
    level,    ///< The last one counts, and holds until the next.
  };
  static constexpr std::size_t most_bins = 1024;

  /// A channel's number. Channels may be added at any time.
  [[nodiscard]] std::size_t add_channel(kind how);
  void add(std::size_t channel, std::uint64_t time_ps, double value);

  [[nodiscard]] std::uint64_t width_ps() const noexcept { return width_ps_; }
  /// Up to the last bin that anything was added to; of a level with what holds in between.
  [[nodiscard]] std::vector<double> values(std::size_t channel) const;
  [[nodiscard]] std::size_t bins() const noexcept { return used_; }

 private:
  struct channel_state {
    kind how;
    std::vector<std::optional<double>> values;
  };
  static double joined(kind how, double first, double second) noexcept;
  void double_width();

  std::uint64_t width_ps_ = 100'000;
  std::size_t used_ = 0;
  std::vector<channel_state> channels_;
};

/// How often values of each size came, in bins of 10 a decade.
class log_histogram {
 public:
  void add(std::uint64_t value);
  /// Lower bounds and counts of the bins from the first to the last that is not empty.
  struct bin {
    double from;
    double to;
    std::uint64_t count;
  };
  [[nodiscard]] std::vector<bin> bins() const;

 private:
  std::map<int, std::uint64_t> counts_;
};

/// What plots of a run are drawn from: throughput, PCIe use, ring fill and table occupancy over time by host,
/// congestion control of some connections, NIC latencies.
class series final : public story_listener {
 public:
  static constexpr std::size_t most_connections = 64;  ///< Followed: the first that have an ACK worked off.
  static constexpr std::size_t most_points = 1'024;    ///< Of a connection; beyond that every other is dropped.
  static constexpr std::size_t most_marks = 512;       ///< Of a connection.

  /// What happens later is left out: the minute of TIME_WAIT would be most of every plot.
  void stop_at(std::uint64_t time_ps) { end_ps_ = time_ps; }

  void on_happening(const happening& what) override;
  void on_ring_fill(std::uint64_t time_ps, std::string_view host, const ring_fill& fill) override;
  void on_table_entries(std::uint64_t time_ps, std::string_view host, std::uint64_t entries) override;
  void on_pcie(std::uint64_t time_ps, std::string_view host, const pcie_use& use) override;

  struct point {
    std::uint64_t time_ps;
    congestion_sample sample;
  };
  struct mark {
    std::uint64_t time_ps;
    std::string_view what;
  };
  struct connection_series {
    std::string host;
    std::string name;
    std::uint64_t spacing_ps = 0;  ///< Least distance of two points.
    std::vector<point> points;
    std::vector<mark> marks;
    std::uint32_t most_in_flight = 0;
    std::uint32_t retransmits = 0;
  };
  struct host_series {
    std::string host;
    std::vector<double> sent_payload_bytes;  ///< TCP payload put on the wire, a bin.
    std::vector<double> sent_frames;
    std::vector<double> pcie_upstream_bytes;
    std::vector<double> pcie_downstream_bytes;
    std::vector<double> rx_ring_share;  ///< 0 to 1, the most in a bin.
    std::vector<double> completion_ring_share;
    std::vector<double> transmit_ring_share;
    std::vector<double> table_entries;
    std::vector<double> drops;
    std::vector<double> retransmits;
    std::vector<log_histogram::bin> nic_latency_ns;
  };
  struct result {
    std::uint64_t bin_width_ps = 0;
    std::size_t bins = 0;
    std::vector<host_series> hosts;
    std::vector<connection_series> connections;  ///< The busiest first.
  };
  [[nodiscard]] result take() const;

 private:
  struct host_channels {
    std::size_t payload;
    std::size_t frames;
    std::size_t pcie_up;
    std::size_t pcie_down;
    std::size_t rx_ring;
    std::size_t completion_ring;
    std::size_t transmit_ring;
    std::size_t table;
    std::size_t drops;
    std::size_t retransmits;
    log_histogram latency_ns;
  };
  [[nodiscard]] bool is_over(std::uint64_t time_ps) const { return end_ps_ && time_ps > *end_ps_; }
  host_channels& channels_of(std::string_view host);
  void follow_connection(const happening& what);

  std::optional<std::uint64_t> end_ps_;
  time_bins bins_;
  std::map<std::string, host_channels, std::less<>> hosts_;
  std::map<std::pair<std::string, packet::connection_tuple>, connection_series> connections_;
};

}  // namespace fourtuple::model::observe
