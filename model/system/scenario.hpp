// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "host/packet/addresses.hpp"
#include "host/tcp/tcp_config.hpp"
#include "model/system/scenario/fault_settings.hpp"
#include "model/system/scenario/impairment_settings.hpp"

namespace fourtuple::model::system {

/// Which implementation of the device a host gets.
enum class nic_kind : std::uint8_t { rtl, model };

/// What a host's processor takes for what it does, in nanoseconds. All 0: no time at all, as if it were infinitely
/// fast.
struct host_costs {
  std::uint32_t packet_ns = 0;     ///< For each packet that goes through the stack, in either direction.
  std::uint32_t call_ns = 0;       ///< For each socket call.
  std::uint32_t interrupt_ns = 0;  ///< For each interrupt that is taken.
  std::uint32_t mmio_ns = 0;       ///< For each access to a register of the device.

  [[nodiscard]] constexpr bool any() const noexcept {
    return packet_ns != 0 || call_ns != 0 || interrupt_ns != 0 || mmio_ns != 0;
  }
};

/// What one host with its link and NIC is made of. Times in the names' units.
struct platform_options {
  nic_kind nic = nic_kind::rtl;
  std::uint64_t seed = 1;
  bool skip = true;                  ///< Leave idle clocks of the RTL out.
  std::uint32_t quantum_clocks = 0;  ///< Clocks that the RTL may run ahead; 0: as many as are exact.

  std::uint32_t table_buckets_log2 = 14;  ///< Of the connection table; the RTL has what it was built with.
  std::uint32_t table_overflow_lines_log2 = 13;
  std::uint32_t mtu = 1500;
  std::uint32_t rx_ring_bytes_log2 = 20;
  std::uint32_t completion_entries_log2 = 12;
  std::uint32_t tx_entries_log2 = 10;
  std::uint32_t interrupt_completions = 1;  ///< Interrupt moderation; see driver::nic_options.
  std::uint32_t interrupt_clocks = 0;

  unsigned pcie_generation = 4;
  unsigned pcie_lanes = 16;
  std::uint64_t pcie_read_round_trip_ns = 900;
  std::uint32_t pcie_memory_latency_ns = 200;  ///< The part of it that the host's memory takes.
  std::uint32_t pcie_max_payload_bytes = 512;
  std::uint32_t pcie_max_read_request_bytes = 512;
  std::uint32_t pcie_read_completion_boundary_bytes = 64;
  std::uint32_t pcie_tags = 256;
  std::uint32_t pcie_posted_header_credits = 0;  ///< Of the root port; 0: infinite. See pcie::receive_credits.
  std::uint32_t pcie_posted_data_credits = 0;
  std::uint32_t pcie_non_posted_header_credits = 0;
  std::uint32_t pcie_credit_hold_ns = 0;
  std::uint32_t pcie_completion_timeout_us = 10'000;  ///< Of the processor's reads.

  std::uint64_t wire_bits_per_s = 100'000'000'000;
  std::uint64_t wire_delay_ns = 500;  ///< Propagation, one way.

  std::uint32_t time_wait_ms = 60'000;
  tcp::tcp_config tcp = {};  ///< Its tcp_timewait_length_ms is not used: time_wait_ms is.
  std::uint32_t ehash_entries = 1024;
  host_costs costs;
  fault_settings faults;              ///< Of the PCIe link and the device, from machine::begin_work() on.
  std::uint32_t watchdog_ms = 2'000;  ///< Period of the driver's watchdog; 0: none.
  std::uint32_t queues = 4;           ///< Receive queues that a host's driver uses, 1 to 16.
  std::uint32_t tx_queues = 1;        ///< Transmit queues, 1 to 16; no more than receive queues are used.
  bool gro = true;                    ///< Whether segments that come in one poll are merged (ip::ipv4::set_gro).
  std::filesystem::path trace;        ///< FST file of the first host's NIC; empty: none.
  std::uint64_t trace_from_ps = 0;
  std::uint64_t trace_to_ps = ~std::uint64_t{0};
};

/// One host, or several of the same kind.
struct host_settings {
  std::string name;
  std::string address;  ///< With prefix length; empty: 10.0.0.N/24 for the N-th host.
  std::string mac;      ///< Empty: 02:00:00:00:00:NN.
  std::string gateway;  ///< Empty: none, or the attacker of a SYN flood.
  std::uint32_t count = 1;
  platform_options platform;
  impairment_settings sends;     ///< What the wire does to its frames.
  impairment_settings receives;  ///< And to those for it; only behind a switch.
};

/// Joins more than two ports. Store and forward, an output queue at each port, learning.
struct switch_settings {
  bool always = false;  ///< Also between two hosts.
  std::uint32_t forwarding_ns = 500;
  std::uint64_t queue_bytes = 500'000;
  std::uint64_t ecn_mark_bytes = 0;
  std::uint32_t addresses = 4096;
  std::uint32_t ageing_s = 300;
};

enum class workload_kind : std::uint8_t { bulk, request_response, connection_storm, syn_flood, http, idle_crowd };

/// What hosts do. Which of it is used depends on the kind; distributions are texts (app::parse_distribution).
struct workload_settings {
  std::string name;
  workload_kind kind = workload_kind::bulk;
  std::vector<std::string> from;  ///< Hosts; empty: all but `to`.
  std::string to;                 ///< Empty: the last host.
  std::uint32_t port = 0;         ///< 0: 2222 and on.
  std::uint64_t start_us = 0;
  std::uint64_t connections = 8;
  std::string file;  ///< Empty: the text that ships with the program.
  std::uint64_t payload_bytes = 0;
  std::uint64_t requests = 1000;
  std::uint64_t requests_per_connection = 0;
  std::string gap_ns = "0";
  std::string think_ns = "0";
  std::string request_bytes = "64";
  std::string response_bytes = "1024";
  std::string alive_gap_ns = "0";
  std::string root = ".";
  std::vector<std::string> paths;
  std::string sources = "198.18.0.0/15";
  std::string address;
};

struct run_settings {
  std::uint64_t seed = 1;
  std::uint64_t duration_us = 0;  ///< From the start of the workloads; 0: until they are done.
  std::uint64_t limit_s = 3'600;  ///< Simulated time after which the run has failed.
  bool skip = true;
  std::uint32_t quantum_clocks = 0;
};

/// One run, complete: what scenario_builder makes of a file and options.
struct scenario {
  run_settings run;
  platform_options platform;  ///< What hosts have unless they say otherwise.
  std::vector<host_settings> hosts;
  switch_settings ethernet_switch;
  std::vector<workload_settings> workloads;
  std::uint32_t other_ports = 0;  ///< Of the network, for what is no host of the scenario.

  /// More than two ports, or a switch asked for.
  [[nodiscard]] bool switched() const noexcept;
  /// Hosts' index by name; hosts.size() if there is none.
  [[nodiscard]] std::size_t host_index(std::string_view name) const noexcept;
};

/// One sentence on what cannot be simulated as asked; empty if all can.
[[nodiscard]] std::string problem_with(const platform_options& options);

[[nodiscard]] constexpr const char* name_of(nic_kind kind) noexcept { return kind == nic_kind::rtl ? "rtl" : "model"; }
[[nodiscard]] const char* name_of(workload_kind kind) noexcept;

}  // namespace fourtuple::model::system
