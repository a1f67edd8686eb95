// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

/// The register map's arrays as who listens on the PCIe link needs them: from an offset to queue or vector.
namespace fourtuple::model::observe {

/// An offset in one element of an array of registers.
struct array_register {
  std::uint32_t index;     ///< Queue or vector.
  std::uint32_t in_first;  ///< The same register's offset in the first one: regs::queues_rx_head(0), ...
};

[[nodiscard]] constexpr std::optional<array_register> queue_register_at(std::uint32_t offset) noexcept {
  const std::uint32_t first = regs::queues_rx_base(0);
  if (offset < first || offset - first >= regs::queues_count * regs::queues_stride) return std::nullopt;
  return array_register{(offset - first) / regs::queues_stride, first + (offset - first) % regs::queues_stride};
}

[[nodiscard]] constexpr std::optional<array_register> vector_register_at(std::uint32_t offset) noexcept {
  const std::uint32_t first = regs::msix_address(0);
  if (offset < first || offset - first >= regs::msix_count * regs::msix_stride) return std::nullopt;
  return array_register{(offset - first) / regs::msix_stride, first + (offset - first) % regs::msix_stride};
}

}  // namespace fourtuple::model::observe
