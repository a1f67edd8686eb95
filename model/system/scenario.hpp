// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "host/base/clock.hpp"
#include "host/packet/addresses.hpp"
#include "model/wire/impairment_config.hpp"

namespace fourtuple::model::system {

/// Which implementation of the device a host gets.
enum class nic_kind : std::uint8_t { rtl, model };

/// What hosts, links and NICs have in common in every run. Times in the names' units.
struct platform_options {
  nic_kind nic = nic_kind::rtl;
  std::uint64_t seed = 1;
  bool skip = true;                  ///< Leave idle clocks of the RTL out.
  std::uint32_t quantum_clocks = 0;  ///< Clocks that the RTL may run ahead; 0: as many as are exact.
  unsigned pcie_generation = 4;
  unsigned pcie_lanes = 16;
  std::uint64_t pcie_read_round_trip_ns = 900;
  std::uint64_t wire_bits_per_s = 100'000'000'000;
  std::uint64_t wire_delay_ns = 500;  ///< Propagation, one way.
  std::uint32_t time_wait_ms = 60'000;
  std::filesystem::path trace;  ///< FST file of the first host's NIC; empty: none.
  std::uint64_t trace_from_ps = 0;
  std::uint64_t trace_to_ps = ~std::uint64_t{0};
};

/// What goes wrong on the wire, for what each of the two sends.
struct wire_impairments {
  wire::impairment_config from_client;
  wire::impairment_config from_server;
};

/// One run: a client sends a file over a number of connections to a server, each behind a NIC, a wire between them.
struct transfer_scenario {
  platform_options platform;
  wire_impairments impairments;
  std::uint64_t connections = 8;
  std::filesystem::path file;
  std::uint16_t port = 2222;
  std::uint64_t limit_ns = 3'600 * base::ns_per_s;  ///< Simulated time after which the run has failed.
};

/// One sentence on what cannot be simulated as asked; empty if all can.
[[nodiscard]] std::string problem_with(const platform_options& options);
[[nodiscard]] std::string problem_with(const wire_impairments& impairments);

[[nodiscard]] constexpr const char* name_of(nic_kind kind) noexcept { return kind == nic_kind::rtl ? "rtl" : "model"; }

}  // namespace fourtuple::model::system
