// SPDX-License-Identifier: Apache-2.0
#include "model/nic/device_registers.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace fourtuple::model::nic {

void device_registers::reset() noexcept {
  for (std::size_t index = 0; index < stored_.size(); ++index) stored_[index] = regs::all_registers[index].reset_value;
  held_.reset();
}

namespace {

/// The offset lies in an array of regfiles, behind the first `present` of them.
bool lies_behind(std::uint32_t offset, std::uint32_t base, std::uint32_t stride, std::uint32_t count,
                 std::uint32_t present) noexcept {
  return offset >= base + stride * present && offset < base + stride * count;
}

}  // namespace

std::optional<std::size_t> device_registers::find(std::uint32_t offset) const noexcept {
  if (offset % 4 != 0) return std::nullopt;
  if (lies_behind(offset, regs::queues_rx_base(0), regs::queues_stride, regs::queues_count, queues_) ||
      lies_behind(offset, regs::msix_address(0), regs::msix_stride, regs::msix_count, queues_ + 1))
    return std::nullopt;
  const auto after = std::upper_bound(regs::all_registers.begin(), regs::all_registers.end(), offset,
                                      [](std::uint32_t wanted, const auto& info) { return wanted < info.offset; });
  if (after == regs::all_registers.begin()) return std::nullopt;
  const auto& info = *(after - 1);
  if (offset >= info.offset + info.width_bits / 8) return std::nullopt;
  return static_cast<std::size_t>(after - 1 - regs::all_registers.begin());
}

std::optional<std::uint32_t> device_registers::read(std::uint32_t offset) {
  const auto held = std::exchange(held_, std::nullopt);
  const auto index = find(offset);
  if (!index) return std::nullopt;
  if (held && held->offset == offset) return held->value;
  const auto& info = regs::all_registers[*index];
  std::uint64_t value = stored_[*index];
  if ((info.hardware_mask | info.write_to_clear_mask) != 0)
    value |= hardware_(info.offset) & (info.hardware_mask | info.write_to_clear_mask);
  const auto high = static_cast<std::uint32_t>(value >> 32U);
  if (offset != info.offset) return high;
  if (info.width_bits == 64 && info.hardware_mask != 0) held_ = held_word{offset + 4, high};
  return static_cast<std::uint32_t>(value);
}

bool device_registers::write(std::uint32_t offset, std::uint32_t value) noexcept {
  const auto index = find(offset);
  if (!index) return false;
  const auto& info = regs::all_registers[*index];
  const unsigned shift = offset == info.offset ? 0 : 32;
  const std::uint64_t word_mask = std::uint64_t{0xffff'ffff} << shift;
  if (((info.stored_mask | info.write_to_clear_mask) & word_mask) == 0) return false;
  const std::uint64_t written = info.stored_mask & word_mask;
  stored_[*index] = (stored_[*index] & ~written) | (std::uint64_t{value} << shift & written);
  return true;
}

std::uint64_t device_registers::stored(std::uint32_t offset) const {
  const auto index = find(offset);
  if (!index) throw std::out_of_range("device_registers::stored: no such register");
  return stored_[*index];
}

}  // namespace fourtuple::model::nic
