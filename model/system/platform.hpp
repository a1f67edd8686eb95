// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "model/nic/nic.hpp"
#include "model/pcie/link.hpp"
#include "model/pcie/root_complex.hpp"
#include "model/system/scenario.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model::system {

/// The parts' configurations that follow from the options of a run.
[[nodiscard]] pcie::link_config link_config_of(const platform_options& options);
[[nodiscard]] pcie::root_complex_config root_complex_config_of(const platform_options& options);
[[nodiscard]] wire::link_config wire_link_config_of(const platform_options& options);
[[nodiscard]] nic::nic_config nic_config_of(const platform_options& options);

/// What one direction of a host's PCIe link carries, headers and framing included.
[[nodiscard]] double pcie_bytes_per_s(const platform_options& options);

/// How many clocks the RTL may run ahead of the kernel: no more than what crosses its borders needs.
[[nodiscard]] std::uint64_t most_exact_quantum_clocks(const platform_options& options);

/// The device that the options ask for. `trace`: FST file, empty for none; only the RTL has one.
[[nodiscard]] std::unique_ptr<nic::nic> make_nic(const char* name, const platform_options& options,
                                                 const std::filesystem::path& trace);

}  // namespace fourtuple::model::system
