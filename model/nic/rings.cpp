// SPDX-License-Identifier: Apache-2.0
#include "model/nic/rings.hpp"

namespace fourtuple::model::nic {

void receive_ring::configure(std::uint64_t base, std::uint32_t bytes_log2, std::uint32_t head) noexcept {
  base_ = base;
  bytes_log2_ = bytes_log2;
  head_ = head;
}

std::uint32_t receive_ring::skipped_before(std::uint32_t rounded_bytes) const noexcept {
  const std::uint32_t to_end = size() - (tail_ & (size() - 1));
  return rounded_bytes <= to_end ? 0 : to_end;
}

bool receive_ring::fits(std::uint32_t length_bytes) const noexcept {
  const std::uint64_t rounded = round_up_to_lines(length_bytes);
  const std::uint32_t used = tail_ - head_;
  return used <= size() && skipped_before(static_cast<std::uint32_t>(rounded)) + rounded <= size() - used;
}

std::optional<std::uint32_t> receive_ring::place(std::uint32_t length_bytes) noexcept {
  if (!fits(length_bytes)) return std::nullopt;
  const std::uint32_t rounded = round_up_to_lines(length_bytes);
  const std::uint32_t start = tail_ + skipped_before(rounded);
  tail_ = start + rounded;
  return start;
}

std::uint64_t receive_ring::address_of(std::uint32_t ring_offset) const noexcept {
  return base_ + (ring_offset & (size() - 1));
}

void completion_ring::configure(std::uint64_t base, std::uint32_t entries_log2, std::uint16_t head) noexcept {
  base_ = base;
  entries_log2_ = entries_log2;
  head_ = head;
}

bool completion_ring::has_space() const noexcept {
  return static_cast<std::uint16_t>(tail_ - head_) < (std::uint32_t{1} << entries_log2_);
}

completion_ring::slot completion_ring::take() noexcept {
  const std::uint32_t entries = std::uint32_t{1} << entries_log2_;
  const slot result{.address = base_ + std::uint64_t{record_bytes} * (tail_ & (entries - 1)),
                    .phase = (tail_ & entries) == 0};
  ++tail_;
  return result;
}

}  // namespace fourtuple::model::nic
