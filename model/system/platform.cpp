// SPDX-License-Identifier: Apache-2.0
#include "model/system/platform.hpp"

#include <algorithm>

#include "model/nic/functional_nic.hpp"
#include "tb/rtl_nic.hpp"

namespace fourtuple::model::system {

namespace {
constexpr std::uint64_t ps_per_ns = 1'000;
constexpr std::uint64_t ps_per_us = 1'000'000;
}  // namespace

pcie::root_complex_config root_complex_config_of(const platform_options& options) {
  pcie::root_complex_config config;
  config.max_payload_bytes = options.pcie_max_payload_bytes;
  config.read_completion_boundary_bytes = options.pcie_read_completion_boundary_bytes;
  config.memory_latency_ps = options.pcie_memory_latency_ns * ps_per_ns;
  config.completion_timeout_ps = options.pcie_completion_timeout_us * ps_per_us;
  return config;
}

pcie::link_config link_config_of(const platform_options& options) {
  pcie::link_config config;
  config.generation = options.pcie_generation;
  config.lanes = options.pcie_lanes;
  config.root = {.posted_headers = options.pcie_posted_header_credits,
                 .posted_data = options.pcie_posted_data_credits,
                 .non_posted_headers = options.pcie_non_posted_header_credits,
                 .hold_ps = options.pcie_credit_hold_ns * ps_per_ns};
  const std::uint64_t memory_ps = root_complex_config_of(options).memory_latency_ps;
  const std::uint64_t round_trip_ps = options.pcie_read_round_trip_ns * ps_per_ns;
  config.one_way_latency_ps = round_trip_ps > memory_ps ? (round_trip_ps - memory_ps) / 2 : 0;
  return config;
}

wire::link_config wire_link_config_of(const platform_options& options) {
  return {.rate_bits_per_s = options.wire_bits_per_s, .propagation_delay_ps = options.wire_delay_ns * ps_per_ns};
}

nic::nic_config nic_config_of(const platform_options& options) {
  nic::nic_config config;
  config.queues = tb::built_rtl_parameters().queues;
  config.buckets_log2 = options.table_buckets_log2;
  config.overflow_lines_log2 = options.table_overflow_lines_log2;
  config.line_rate_bits_per_s = options.wire_bits_per_s;
  config.requester = {.max_payload_bytes = options.pcie_max_payload_bytes,
                      .max_read_request_bytes = options.pcie_max_read_request_bytes,
                      .tags = options.pcie_tags,
                      .completion_timeout_ps = options.pcie_completion_timeout_us * ps_per_us};
  return config;
}

double pcie_bytes_per_s(const platform_options& options) {
  constexpr std::uint64_t megabyte = 1'000'000;
  constexpr double ps_per_s = 1e12;
  return static_cast<double>(megabyte) * ps_per_s /
         static_cast<double>(serialisation_ps(link_config_of(options), megabyte));
}

std::uint64_t most_exact_quantum_clocks(const platform_options& options) {
  const std::uint64_t latency_ps =
      std::min(link_config_of(options).one_way_latency_ps, wire_link_config_of(options).propagation_delay_ps);
  return std::max<std::uint64_t>(1, latency_ps / nic::nic_config{}.clock_period_ps);
}

std::unique_ptr<nic::nic> make_nic(const char* name, const platform_options& options,
                                   const std::filesystem::path& trace) {
  if (options.nic == nic_kind::model) return std::make_unique<nic::functional_nic>(name, nic_config_of(options));
  tb::rtl_nic_options rtl;
  rtl.skip_idle_clocks = options.skip;
  rtl.quantum_clocks = static_cast<std::uint32_t>(options.quantum_clocks != 0 ? options.quantum_clocks
                                                                              : most_exact_quantum_clocks(options));
  rtl.trace_file = trace.string();
  rtl.trace_times = {.from_ps = options.trace_from_ps, .to_ps = options.trace_to_ps};
  return std::make_unique<tb::rtl_nic>(name, nic_config_of(options), rtl);
}

}  // namespace fourtuple::model::system
