// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// What docs/device.md (Segmentation) asks of the last descriptor of a frame of `length_bytes` that has tso.
[[nodiscard]] bool segmentation_allowed(const regs::transmit_descriptor& options, std::uint64_t length_bytes) noexcept;

/// A frame that is cut into TCP segments. Refers to its bytes; segmentation is allowed.
class segmentation {
 public:
  segmentation(std::span<const std::byte> frame, const regs::transmit_descriptor& options) noexcept
      : frame_(frame), options_(options) {}

  [[nodiscard]] std::size_t count() const noexcept { return (payload_bytes() + options_.mss - 1) / options_.mss; }
  /// Bytes of the frame up to which segment `index` reaches.
  [[nodiscard]] std::size_t end_of(std::size_t index) const noexcept;
  /// Segment `index` of count(), as it is before its TCP checksum is put in.
  [[nodiscard]] std::vector<std::byte> segment(std::size_t index) const;

 private:
  [[nodiscard]] std::size_t payload_bytes() const noexcept { return frame_.size() - options_.header_length; }

  std::span<const std::byte> frame_;
  const regs::transmit_descriptor& options_;
};

}  // namespace fourtuple::model::nic
